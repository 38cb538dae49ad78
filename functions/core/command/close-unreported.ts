import type { Tx } from '../../shared/db.ts';
import type { Command } from '../../shared/schema.ts';
import { readHearing } from '../agent/hearing.ts';
import { isStandbySilent } from '../agent/liveness.ts';
import { record } from '../event/events.ts';
import { closeCommand } from './close.ts';
import { recordInferredSwitch } from './infer-switch.ts';

/**
 * Closes a dispatched command that will not be reported any more (protocol 9.1). It is completed if its successor is
 * alive, or has served and been replaced since; otherwise it failed. The caller holds the agent's lock.
 */
export async function closeUnreported(
  tx: Tx,
  { id, agentId, clientId }: Pick<Command, 'id' | 'agentId' | 'clientId'>,
  now: Date,
): Promise<void> {
  const command = await tx
    .selectFrom('agents as a')
    .innerJoin('commands as c', 'c.agentId', 'a.id')
    .leftJoin('instances as n', (join) => join.onRef('n.id', '=', 'c.newInstanceId').onRef('n.agentId', '=', 'a.id'))
    .selectAll('c')
    .select(['a.logicalAgentId', 'n.isPrimary', 'n.primarySince', 'n.lastSeenAt'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .where('c.id', '=', id)
    .where('c.status', '=', 'dispatched')
    .executeTakeFirst();
  if (!command) return; // closed since it was listed
  const { commandType, logicalAgentId, targetPoolId, targetMode } = command;
  const outcome = await outcomeOf(tx, command, now);
  const success = outcome === 'served';
  await closeCommand(
    tx,
    { commandId: id, agentId, clientId, success, message: messages[outcome], isReported: false },
    now,
  );
  if (success && commandType === 'switch') return recordInferredSwitch(tx, command, now);
  await record(
    tx,
    {
      clientId,
      agentId,
      type: 'command_expired',
      severity: 'error',
      message: `Agent ${logicalAgentId} was told to ${commandType.replace('_', ' ')} to ${targetPoolId ?? targetMode}: ${messages[outcome]}`,
      metadata: { commandId: id },
      notify: true,
    },
    now,
  );
}

const messages = {
  served: 'inferred: its successor registered and runs',
  silent: 'expired: its successor registered and fell silent',
  missing: 'expired: no successor registered in time',
} as const;

interface Successor {
  readonly newInstanceId: string | null;
  readonly isPrimary: boolean | null;
  /** When the successor became the primary. */
  readonly primarySince: Date | null;
  readonly lastSeenAt: Date | null;
}

/** A successor that was replaced later has served: its replacement is another change. */
async function outcomeOf(tx: Tx, { newInstanceId, isPrimary, primarySince, lastSeenAt }: Successor, now: Date) {
  if (newInstanceId === null || primarySince === null) return 'missing';
  if (!isPrimary || !isStandbySilent(lastSeenAt, undefined, now)) return 'served';
  return isStandbySilent(lastSeenAt, await readHearing(tx), now) ? 'silent' : 'served';
}
