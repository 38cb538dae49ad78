import { type OfAgent, parseHandle, selectCaller } from '../core/agent/identity.ts';
import { switchCommand } from '../core/command/queue.ts';
import { record } from '../core/event/events.ts';
import { DatabaseError } from '../shared/data-api/errors.ts';
import type { Db } from '../shared/db.ts';
import { AppError, agentNotFound } from '../shared/errors.ts';
import type { Agent, TargetMode } from '../shared/schema.ts';

interface IssueSwitch extends OfAgent {
  readonly now: Date;
  readonly body: { target_mode: TargetMode; target_pool_id?: string | undefined; reason: string; priority: number };
}

/**
 * A14: queues a switch that somebody asked for. The gates are not asked, the settings are.
 * @throws AppError agent_not_found, agent_disabled, auto_switch_disabled, invalid_request, command_in_flight
 */
export async function issueSwitch(db: Db, { clientId, ref, now, body }: IssueSwitch) {
  const { target_mode, target_pool_id, reason, priority } = body;
  const { agent, pool: named } = await agentAndPool(db, { clientId, ref }, target_pool_id);
  if (!agent.enabled) throw new AppError('agent_disabled', 'Agent is disabled', { hint: 'Enable the agent first' });
  if (!agent.autoSwitchEnabled)
    throw new AppError('auto_switch_disabled', 'Auto-switch is disabled for this agent', {
      hint: 'Turn auto-switch on, or force the switch from the console',
      auto_switch_enabled: false,
    });
  const pool = target_mode === 'spot' ? requirePool(agent, target_pool_id, named) : null;
  if (agent.currentMode === target_mode && agent.currentPoolId === (pool?.id ?? null))
    return {
      success: false,
      message: `The agent is in ${pool?.id ?? 'on-demand'} already`,
      current_mode: agent.currentMode,
      current_pool_id: agent.currentPoolId,
    };
  const command = switchCommand(
    agent,
    { targetMode: target_mode, targetPoolId: pool?.id ?? null, priority, createdBy: 'manual', reason },
    now,
  );
  try {
    await db.insertInto('commands').values(command).execute();
  } catch (error) {
    await explainDuplicate(db, error, command.id, clientId);
  }
  await record(db, now, {
    clientId,
    agentId: agent.id,
    type: 'switch_issued',
    severity: 'info',
    message: `Agent ${agent.logicalAgentId} is to move to ${pool?.id ?? 'on-demand'}: ${reason}`,
    metadata: { commandId: command.id },
    notify: true,
    dedupeKey: `switch_issued:${command.id}`,
  });
  return {
    success: true,
    command_id: command.id,
    agent_id: agent.id,
    target_mode,
    target_pool_id: pool?.id ?? null,
    reason,
    message: 'The switch is queued; the agent fetches it with its next poll',
    auto_switch_enabled: true as const,
  };
}

/** The key on open switches refused it: another one is open, or this very one was written by a repeated call. */
async function explainDuplicate(db: Db, error: unknown, id: string, clientId: string) {
  if (!(error instanceof DatabaseError && error.kind === 'duplicate_key')) throw error;
  const own = await db
    .selectFrom('commands')
    .select('id')
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  if (!own)
    throw new AppError('command_in_flight', 'A switch of this agent is under way already: wait until it is done');
}

async function agentAndPool(db: Db, { clientId, ref }: OfAgent, poolId: string | undefined) {
  const row = await selectCaller(db, clientId, parseHandle(ref))
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
  const refuse = (message: string) =>
    new AppError('invalid_request', 'Validation failed', { details: { target_pool_id: [message] } });
  if (poolId === undefined) throw refuse('required for spot: a pool of the agent, such as m5.large.us-east-1a');
  if (!pool) throw refuse(`no pool ${poolId} is known`);
  if (pool.instanceType !== agent.instanceType || pool.region !== agent.region)
    throw refuse(`${poolId} is not of the agent's type and region (${agent.instanceType}, ${agent.region})`);
  return pool;
}
