import { sql } from 'kysely';
import { activeStatusList } from './active-statuses.ts';

/** What of a change of primary concerns standbys and notices. */
interface Change {
  readonly next: { readonly instanceId: string } | undefined;
  readonly promotion?: Promotion | undefined;
}
interface Promotion {
  readonly replicaId: string;
  readonly failover?: { readonly timeMs: number } | undefined;
}

/** Which standby, `r`, takes over: the one that was chosen; an instance that comes by another way may be one as well. */
export const promotedStandbyOf = ({ next, promotion }: Change) =>
  promotion
    ? sql`r.id = ${promotion.replicaId}`
    : sql`r.instance_id = ${next?.instanceId ?? null} AND r.status IN ${activeStatusList}`;

/** The columns of `r` that a change of primary sets (see core/agent/primary.ts). */
export const promotedStandby = ({ next }: Change, now: Date) => sql`
    r.status = 'promoted', r.promoted_at = ${now}, r.instance_id = ${next?.instanceId ?? null},
    r.launched_at = COALESCE(r.launched_at, ${now}), r.ready_at = COALESCE(r.ready_at, ${now})`;

/** The columns of the notice, `e`, that a failover answers. */
export const answeredNotice = (promotion: Promotion | undefined) => sql`
    e.failover_completed = TRUE, e.success = TRUE, e.replica_ready = TRUE, e.replica_id = ${promotion?.replicaId ?? null},
    e.failover_time_ms = ${promotion?.failover?.timeMs ?? null}, e.response_action = 'promoted-replica'`;
