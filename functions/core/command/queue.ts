import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Db, transact } from '../../shared/db.ts';
import { AppError, agentNotFound } from '../../shared/errors.ts';
import type { Agent, TargetMode } from '../../shared/schema.ts';
import { isV3, type OfAgent, parseHandle } from '../agent/identity.ts';
import { record } from '../event/events.ts';

/** What an agent may take over its configured wait to carry a command out, its machine's boot included (contract A4). */
export const leaseSeconds = 900;

/** A command that nobody has fetched for a day is about a state that is gone (contract 10.3). */
const pendingMs = 24 * 3600_000;

/** Of a command in the queue; a higher one goes first, and from 50 on agents call the switch `manual` (contract 10.3). */
export const priorities = { emergency: 100, rebalance: 80, manual: 75, urgent: 50, normal: 25, scheduled: 10 } as const;

export interface NewSwitch {
  readonly targetMode: TargetMode;
  /** Never `null` for spot: such a command would launch an on-demand machine that calls itself spot. */
  readonly targetPoolId: string | null;
  readonly priority: number;
  readonly createdBy: 'manual' | 'model' | 'emergency';
  readonly reason: string;
}

/** A row of `commands` for a switch; the key `uq_commands_open_switch_of` lets one in at a time. */
export function switchCommand(
  agent: Pick<Agent, 'id' | 'clientId' | 'instanceId' | 'autoTerminateEnabled' | 'terminateWaitSeconds'>,
  command: NewSwitch,
  now: Date,
) {
  return {
    id: randomUUID(),
    clientId: agent.clientId,
    agentId: agent.id,
    commandType: 'switch' as const,
    targetMode: command.targetMode,
    targetPoolId: command.targetMode === 'spot' ? command.targetPoolId : null,
    instanceId: agent.instanceId,
    priority: command.priority,
    terminateWaitSeconds: agent.autoTerminateEnabled ? agent.terminateWaitSeconds || 300 : 0,
    status: 'pending' as const,
    reason: command.reason.slice(0, 500),
    createdBy: command.createdBy,
    triggerType: command.createdBy,
    expiresAt: new Date(now.getTime() + pendingMs),
    createdAt: now,
  };
}

/**
 * Hands the next command to the primary (contract A4). It is leased in the update that picks it and is never handed out
 * a second time: the agent that took it launches a machine before it says anything, so a repeat would launch another.
 * What is lost on the way to the agent is closed as failed when its lease ends, and decided anew.
 * One statement when there is nothing to do.
 * @param token of this request: where an update's answer was lost, it tells whose update it was
 */
export async function nextCommand(db: Db, { clientId, ref, now, token }: OfAgent & { now: Date; token: string }) {
  const handle = parseHandle(ref);
  const row = await db
    .selectFrom('agents as a')
    .leftJoin('commands as c', (join) =>
      join.on(
        'c.id',
        '=',
        sql<string>`(
          SELECT x.id FROM commands AS x
          WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.status = 'pending' AND x.expires_at > ${now}
            AND (x.command_type = 'switch' OR a.agent_version IS NULL OR a.agent_version NOT LIKE '3.%')
          ORDER BY x.priority DESC, x.created_at ASC, x.id ASC LIMIT 1)`,
      ),
    )
    .select(['a.status as agentStatus', 'a.enabled', 'a.instanceId as primaryId', 'a.agentVersion', 'a.epoch'])
    .select(['c.id', 'c.commandType', 'c.targetMode', 'c.targetPoolId', 'c.instanceId', 'c.priority', 'c.createdAt'])
    .select('c.terminateWaitSeconds')
    .where('a.id', '=', handle.agentId)
    .where('a.clientId', '=', clientId)
    .executeTakeFirst();
  if (!row) throw agentNotFound(ref);
  const caller = handle.instanceId ?? row.primaryId;
  if (row.id === null || !row.enabled || row.agentStatus === 'deleted' || caller === null || caller !== row.primaryId)
    return [];
  const taken = await lease(db, {
    id: row.id,
    agentId: handle.agentId,
    clientId: clientId,
    caller,
    epoch: row.epoch,
    token,
    now,
  });
  if (!taken) return [];
  return [
    {
      id: row.id,
      command_type: row.commandType!,
      target_mode: row.targetMode!,
      target_pool_id: row.targetPoolId,
      // v4 agents that wait would terminate their own machine before they report; told 0 they report at once, and are
      // told later what to terminate (contract 9.8). v3.2 agents go by their own environment.
      terminate_wait_seconds: isV3(row.agentVersion) ? row.terminateWaitSeconds! : 0,
      priority: row.priority!,
      instance_id: row.instanceId,
      created_at: row.createdAt!.toISOString(),
    },
  ];
}

interface Lease {
  readonly id: string;
  readonly agentId: string;
  readonly clientId: string;
  readonly caller: string;
  readonly epoch: number;
  readonly token: string;
  readonly now: Date;
}

/** @returns whether this request took the command: of several at once, one does */
async function lease(db: Db, { id, agentId, clientId, caller, epoch, token, now }: Lease): Promise<boolean> {
  const result = await sql`
    UPDATE agents AS a INNER JOIN commands AS c ON c.id = ${id} AND c.agent_id = a.id AND c.client_id = a.client_id
    SET c.status = 'dispatched', c.dispatched_at = ${now}, c.dispatched_to = ${caller}, c.dispatch_token = ${token},
        c.lease_until = DATE_ADD(${now}, INTERVAL c.terminate_wait_seconds + ${leaseSeconds} SECOND),
        a.status = IF(c.command_type = 'switch', 'switching', a.status), a.version = a.version + 1
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND a.enabled AND a.status <> 'deleted'
      AND a.instance_id = ${caller} AND a.epoch = ${epoch} AND c.status = 'pending'`.execute(db);
  if ((result.numAffectedRows ?? 0n) > 0n) return true;
  // Another request was faster, or ours was repeated after it had gone through.
  const row = await db
    .selectFrom('commands')
    .select('dispatchToken')
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  return row?.dispatchToken === token;
}

interface Result extends OfAgent {
  readonly commandId: string;
  readonly success: boolean;
  readonly message: string | undefined;
  readonly now: Date;
}

/**
 * Closes a command with the agent's own word (contract A5, X2). The first result stands, and so does what was inferred
 * before it came. Any machine of the agent may speak: the one that carried the command out is a zombie by then.
 * @throws AppError command_not_found for one that is not this agent's, or was never handed out
 */
export async function closeCommand(db: Db, { clientId, ref, commandId, success, message, now }: Result): Promise<void> {
  const { agentId } = parseHandle(ref);
  await transact(db, async (tx) => {
    const command = await tx
      .selectFrom('agents as a')
      .innerJoin('commands as c', 'c.agentId', 'a.id')
      .select(['c.status', 'c.commandType', 'c.targetPoolId', 'c.targetMode', 'a.logicalAgentId'])
      .where('a.id', '=', agentId)
      .where('a.clientId', '=', clientId)
      .where('c.id', '=', commandId)
      .where('c.clientId', '=', clientId)
      .forUpdate()
      .executeTakeFirst();
    if (!command || ['pending', 'cancelled', 'expired'].includes(command.status))
      throw new AppError('command_not_found', `Agent ${agentId} was handed no command ${commandId.slice(0, 64)}`);
    if (command.status !== 'dispatched') return;
    await sql`
      UPDATE agents AS a INNER JOIN commands AS c ON c.agent_id = a.id AND c.client_id = a.client_id
      SET c.status = ${success ? 'completed' : 'failed'}, c.success = ${success}, c.message = ${message ?? null},
          c.executed_at = ${now}, c.completed_at = ${now}, a.version = a.version + 1,
          a.status = IF(a.status = 'switching' AND c.command_type = 'switch', 'online', a.status)
      WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND c.id = ${commandId}`.execute(tx);
    if (!success)
      await record(tx, now, {
        clientId,
        agentId,
        type: 'command_failed',
        severity: 'warning',
        message: `Agent ${command.logicalAgentId} could not ${command.commandType.replace('_', ' ')} to ${command.targetPoolId ?? command.targetMode}: ${message ?? 'no reason given'}`,
        metadata: { commandId },
        notify: true,
      });
  });
}
