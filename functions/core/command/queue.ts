import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { Agent, Command, TargetMode } from '../../shared/schema.ts';
import { hourMs } from '../../shared/time.ts';
import { closeUnreported } from './close-unreported.ts';

/**
 * The room of commands: what agents are told to do, from the queue to the result, and a record of the resulting
 * switches.
 * Owns the tables: commands, switches.
 */

/** A command that nobody has fetched for a day no longer fits the agent's state (protocol 7.3). */
const pendingMs = 24 * hourMs;

/** How long an agent waits before it terminates a replaced instance, if auto-terminate is on and its settings say 0. */
const defaultWaitSeconds = 300;

/** Priorities of queued commands: higher ones go first. Agents label a switch of 50 or more `manual` (protocol 7.3). */
export const priorities = { emergency: 100, rebalance: 80, manual: 75, urgent: 50, normal: 25, scheduled: 10 } as const;

export interface NewSwitch {
  readonly agent: Pick<Agent, 'id' | 'clientId' | 'instanceId' | 'autoTerminateEnabled' | 'terminateWaitSeconds'>;
  readonly targetMode: TargetMode;
  /** Never `null` for Spot: such a command would launch an on-demand instance that calls itself Spot. */
  readonly targetPoolId: string | null;
  readonly priority: number;
  readonly createdBy: 'manual' | 'model' | 'emergency';
  readonly reason: string;
}

/** A row of `commands` for a switch; the key `uq_commands_open_switch_of` allows an agent one open switch at a time. */
export type QueuedSwitch = ReturnType<typeof switchCommand>;
export const switchCommand = ({ agent, ...command }: NewSwitch, now: Date) => ({
  id: randomUUID(),
  clientId: agent.clientId,
  agentId: agent.id,
  commandType: 'switch' as const,
  targetMode: command.targetMode,
  targetPoolId: command.targetMode === 'spot' ? command.targetPoolId : null,
  instanceId: agent.instanceId,
  priority: command.priority,
  terminateWaitSeconds: agent.autoTerminateEnabled ? agent.terminateWaitSeconds || defaultWaitSeconds : 0,
  status: 'pending' as const,
  reason: command.reason.slice(0, 500),
  createdBy: command.createdBy,
  triggerType: command.createdBy,
  expiresAt: new Date(now.getTime() + pendingMs),
  createdAt: now,
});

/** Queues switches, except those of agents that already have an open one. */
export async function queueUnlessOpen(db: Db, commands: readonly QueuedSwitch[]): Promise<void> {
  if (commands.length === 0) return;
  await db
    .insertInto('commands')
    .values([...commands])
    .onDuplicateKeyUpdate({ id: sql`commands.id` })
    .execute();
}

/** @throws AppError command_in_flight when the agent has an open switch already */
export async function queueSwitch(db: Db, command: QueuedSwitch): Promise<void> {
  try {
    await db.insertInto('commands').values(command).execute();
  } catch (error) {
    if (!(error instanceof DatabaseError && error.kind === 'duplicate_key')) throw error;
    // The duplicate is this very command if an earlier attempt committed but its response was lost.
    const own = await db
      .selectFrom('commands')
      .select('id')
      .where('id', '=', command.id)
      .where('clientId', '=', command.clientId)
      .executeTakeFirst();
    if (!own)
      throw new AppError('command_in_flight', 'A switch of this agent is already under way: wait until it is done');
  }
}

/** SQL: whether `agents AS a` has a command to fetch or is carrying one out. */
export const isCommanded = sql<boolean>`EXISTS (SELECT 1 FROM commands AS x
  WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.status IN ('pending', 'dispatched'))`;

const supersededBy: Readonly<Record<NewSwitch['createdBy'], string>> = {
  emergency: 'superseded by an interruption',
  manual: 'superseded by a forced switch',
  model: 'superseded by a later decision',
};

/**
 * Queues a switch in place of the open one, if there is any: both happen, or neither. A pending one is cancelled. A
 * dispatched one is closed by what is known of its successor. The caller holds the agent's lock.
 */
export async function replaceSwitch(
  tx: Tx,
  command: QueuedSwitch,
  open: Pick<Command, 'id' | 'status'> | undefined,
  now: Date,
): Promise<void> {
  if (open?.status === 'pending')
    await tx
      .updateTable('commands')
      .set({ status: 'cancelled', message: supersededBy[command.createdBy], completedAt: now })
      .where('id', '=', open.id)
      .where('clientId', '=', command.clientId)
      .where('status', '=', 'pending')
      .execute();
  else if (open) await closeUnreported(tx, { ...command, id: open.id }, now);
  await tx.insertInto('commands').values(command).execute();
}
