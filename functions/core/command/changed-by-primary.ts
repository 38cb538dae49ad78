import { sql } from 'kysely';

/** The parts of a change of primary that concern commands. */
interface Change {
  readonly next: { readonly instanceId: string } | undefined;
  readonly command?: { readonly id: string; readonly closes: boolean } | undefined;
  readonly promotion?: { readonly failover?: object | undefined } | undefined;
}

/**
 * A failover cancels the pending switch: it was decided for an instance that is going away, and no move is wanted right
 * after an emergency (protocol 9.7).
 */
const withdraws = ({ promotion }: Change) => promotion?.failover !== undefined;

/** Which of the agent's commands, `c`, a change of primary updates: the one that it fulfils, or cancels. */
export const changedCommandOf = (change: Change) =>
  withdraws(change)
    ? sql`c.command_type = 'switch' AND c.status = 'pending'`
    : sql`c.id = ${change.command?.id ?? null}`;

/** The columns of `c` that a change of primary sets (see core/agent/primary.ts). */
export function changedCommand(change: Change, now: Date) {
  const closes = change.command?.closes ?? false;
  const isWithdrawn = withdraws(change);
  return sql`
    c.new_instance_id = IF(${isWithdrawn}, c.new_instance_id, ${change.next?.instanceId ?? null}),
    c.status = IF(${closes}, 'completed', IF(${isWithdrawn}, 'cancelled', c.status)),
    c.success = IF(${closes}, TRUE, c.success),
    c.message = IF(${isWithdrawn}, 'superseded by a failover', c.message),
    c.completed_at = IF(${closes || isWithdrawn}, COALESCE(c.completed_at, ${now}), c.completed_at)`;
}
