import { selectCaller } from '../core/agent/caller.ts';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { type QueuedSwitch, queueSwitch, switchCommand } from '../core/command/queue.ts';
import { audit, type By } from '../core/event/audit.ts';
import { record } from '../core/event/events.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError, agentNotFound, type ErrorCode } from '../shared/errors.ts';
import type { Agent, TargetMode } from '../shared/schema.ts';

interface IssueSwitch extends OfAgent {
  readonly body: { target_mode: TargetMode; target_pool_id?: string | undefined; reason: string; priority: number };
}

/**
 * Queues a switch that somebody requested (protocol A14). It bypasses the decision gates but not the agent's settings.
 * @throws AppError agent_not_found, agent_disabled, auto_switch_disabled, invalid_request, command_in_flight
 */
export async function issueSwitch(db: Db, { clientId, ref, body }: IssueSwitch, by: By, now: Date) {
  const { target_mode: targetMode, target_pool_id, reason, priority } = body;
  const { agent, pool: named } = await agentAndPool(db, { clientId, ref }, target_pool_id);
  requireAutoSwitch(agent);
  const targetPoolId = targetMode === 'spot' ? requirePool(agent, target_pool_id, named).id : null;
  if (agent.currentMode === targetMode && agent.currentPoolId === targetPoolId)
    return {
      success: false,
      message: `The agent is already in ${targetPoolId ?? 'on-demand'}`,
      current_mode: agent.currentMode,
      current_pool_id: agent.currentPoolId,
    };
  const command = switchCommand({ agent, targetMode, targetPoolId, priority, createdBy: 'manual', reason }, now);
  await transact(db, async (tx) => {
    await queueSwitch(tx, command);
    await record(tx, eventOf(agent, command), now);
    const after = { mode: targetMode, poolId: targetPoolId, commandId: command.id };
    const before = { mode: agent.currentMode, poolId: agent.currentPoolId };
    await audit(tx, by, { clientId, action: 'switch_issued', targetId: agent.id, before, after }, now);
  });
  return {
    success: true,
    command_id: command.id,
    agent_id: agent.id,
    target_mode: targetMode,
    target_pool_id: targetPoolId,
    reason,
    message: 'The switch is queued; the agent fetches it on its next poll',
    auto_switch_enabled: true as const,
  };
}

const eventOf = ({ clientId, id, logicalAgentId }: Agent, { id: commandId, targetPoolId, reason }: QueuedSwitch) => ({
  clientId,
  agentId: id,
  type: 'switch_issued',
  severity: 'info' as const,
  message: `Agent ${logicalAgentId} was asked to move to ${targetPoolId ?? 'on-demand'}: ${reason}`,
  metadata: { commandId },
  notify: true,
  dedupeKey: `switch_issued:${commandId}`,
});

function requireAutoSwitch({ enabled, autoSwitchEnabled }: Agent): void {
  if (!enabled) throw new AppError('agent_disabled', 'Agent is disabled', { hint: 'Enable the agent first' });
  if (autoSwitchEnabled) return;
  throw new AppError('auto_switch_disabled', 'Auto-switch is disabled for this agent', {
    hint: 'Turn auto-switch on, or force the switch from the console',
    auto_switch_enabled: false,
  });
}

async function agentAndPool(db: Db, { clientId, ref }: OfAgent, poolId: string | undefined) {
  const row = await selectCaller(db, { clientId, handle: parseHandle(ref) })
    .leftJoin('spotPools as p', (join) => join.on('p.id', '=', poolId ?? ''))
    .selectAll('a')
    .select(['p.id as poolId', 'p.instanceType as poolType', 'p.region as poolRegion'])
    .executeTakeFirst();
  if (!row || row.status === 'deleted') throw agentNotFound(ref);
  const { poolId: id, poolType, poolRegion, ...agent } = row;
  return { agent, pool: id === null ? undefined : { id, instanceType: poolType, region: poolRegion } };
}

type NamedPool = Awaited<ReturnType<typeof agentAndPool>>['pool'];

function requirePool(agent: Agent, poolId: string | undefined, pool: NamedPool) {
  const refuse = (message: string, code: ErrorCode = 'pool_mismatch') =>
    new AppError(code, 'The agent cannot switch to that target', { details: { target_pool_id: [message] } });
  if (poolId === undefined) throw refuse('required for spot: a pool such as m5.large.us-east-1a', 'invalid_request');
  if (!pool) throw refuse(`${poolId} is not a known pool`);
  if (pool.instanceType !== agent.instanceType || pool.region !== agent.region)
    throw refuse(`${poolId} is not a pool of the agent's type and region (${agent.instanceType}, ${agent.region})`);
  return pool;
}
