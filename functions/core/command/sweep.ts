import type { Db, Tx } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { Command } from '../../shared/schema.ts';
import { changeFreeAgents } from '../agent/lock.ts';
import { record } from '../event/events.ts';
import { closeCommand } from './close.ts';
import { recordInferredSwitch } from './infer-switch.ts';

/** Commands a run closes one by one; the next run, a minute later, takes the rest. */
const batch = 100;

/**
 * Closes commands whose time has run out (protocol 7.3, 9.1): one that nobody fetched expires; one that was handed out and
 * never reported is complete if its successor has registered and lives, and has failed if none came. An agent that
 * terminates its own instance never reports, so this is how most of its switches end.
 * @param now the schedule's time, not the clock's
 */
export async function closeDueCommands(db: Db, now: Date): Promise<number> {
  const due = await db
    .selectFrom('commands')
    .select(['id', 'agentId', 'clientId', 'status'])
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'dispatched'), eb('leaseUntil', '<=', now)]),
        eb.and([eb('status', '=', 'pending'), eb('expiresAt', '<=', now)]),
      ]),
    )
    .limit(batch)
    .execute();
  return forEachIsolated('closing a command', due, (command) =>
    changeFreeAgents(db, { ids: [command.agentId], none: false }, async (tx) => {
      await (command.status === 'pending' ? expire(tx, command, now) : closeDue(tx, command, now));
      return true;
    }),
  );
}

type DueCommand = Pick<Command, 'id' | 'agentId' | 'clientId'>;

const expire = (tx: Tx, { id, clientId }: DueCommand, now: Date) =>
  tx
    .updateTable('commands')
    .set({ status: 'expired', message: 'no agent fetched it in time', completedAt: now })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .where('status', '=', 'pending')
    .execute();

async function closeDue(tx: Tx, { id, agentId, clientId }: DueCommand, now: Date): Promise<void> {
  const command = await tx
    .selectFrom('agents as a')
    .innerJoin('commands as c', 'c.agentId', 'a.id')
    .selectAll('c')
    .select(['a.logicalAgentId', 'a.instanceId as primaryId'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .where('c.id', '=', id)
    .where('c.status', '=', 'dispatched')
    .executeTakeFirst();
  if (!command) return; // closed since it was listed
  const { commandType, logicalAgentId, targetPoolId, targetMode, newInstanceId, primaryId } = command;
  const success = newInstanceId !== null && newInstanceId === primaryId;
  const message = success ? 'inferred: its successor registered and runs' : 'expired: no successor registered in time';
  await closeCommand(tx, { commandId: id, agentId, clientId, success, message, isReported: false }, now);
  if (success && commandType === 'switch') return recordInferredSwitch(tx, command, now);
  await record(
    tx,
    {
      clientId,
      agentId,
      type: 'command_expired',
      severity: 'error',
      message: `Agent ${logicalAgentId} was told to ${commandType.replace('_', ' ')} to ${targetPoolId ?? targetMode} and nothing came of it`,
      metadata: { commandId: id },
      notify: true,
    },
    now,
  );
}
