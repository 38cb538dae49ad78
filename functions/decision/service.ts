import type * as z from 'zod';
import { type OfAgent, parseHandle, selectCaller } from '../agent/caller.ts';
import { switchCommand } from '../agent/commands.ts';
import type { DecideRequest } from '../agent/routes.ts';
import { record } from '../notification/events.ts';
import { DatabaseError } from '../shared/data-api/errors.ts';
import type { Db } from '../shared/db.ts';
import { AppError, agentNotFound } from '../shared/errors.ts';
import { isPrice, priceFrom } from '../shared/fields.ts';
import type { Agent, TargetMode } from '../shared/schema.ts';
import { logDecisions } from './log.ts';
import { type Decision, type DecisionInput, decide, isFresh, policyVersion, safeDefault } from './policy.ts';
import { type AgentInput, readInputs } from './state.ts';

/** A decision in the words of the wire (contract 13.2). */
export function toWire(decision: Decision, agent: { instanceId: string | null; mode: string }) {
  const target = decision.mode;
  const type =
    decision.action === 'stay' ? (agent.mode === 'spot' ? 'stay_spot' : 'stay_ondemand') : `switch_to_${target}`;
  return {
    instance_id: agent.instanceId,
    recommended_action: decision.action,
    decision_type: type as 'stay_spot' | 'stay_ondemand' | 'switch_to_spot' | 'switch_to_ondemand',
    recommended_mode: target,
    recommended_pool_id: decision.poolId,
    risk_score: decision.risk,
    expected_savings_per_hour: decision.savingsPerHour,
    expected_savings: decision.savingsPerHour,
    allowed: decision.allowed,
    reason: decision.reason,
    confidence: decision.confidence,
    model_version: policyVersion,
  };
}

/** @throws AppError agent_not_found */
export async function stateOf(db: Db, clientId: string, ref: string, now: Date): Promise<AgentInput> {
  const { agentId } = parseHandle(ref);
  const [state] = await readInputs(db, { clientId, agentId }, now);
  if (!state || state.agent.status === 'deleted') throw agentNotFound(ref);
  return state;
}

interface DecideCall extends OfAgent {
  readonly now: Date;
  readonly body: z.output<typeof DecideRequest>;
}

/** A12: decides for the state that the caller describes, and logs it. It never queues anything. */
export async function decideFor(db: Db, { clientId, ref, now, body }: DecideCall) {
  const state = await stateOf(db, clientId, ref, now);
  const { agent } = state;
  const input = described(state.input, body, agent, now);
  if (!agent.enabled) return toWire({ ...safeDefault(input, ''), reason: 'Agent disabled' }, input.agent);
  const decision = decide(input, now);
  await logDecisions(db, now, [{ ...state, input, decision, source: 'agent' }]);
  return toWire(decision, input.agent);
}

/** What the caller says goes before what the database knows; a price it gives is as old as the call. */
function described(
  known: DecisionInput,
  { instance, pricing }: DecideCall['body'],
  agent: Agent,
  now: Date,
): DecisionInput {
  const mode = instance.current_mode ?? known.agent.mode;
  const pools = new Map(known.prices.pools.map((pool) => [pool.id, pool]));
  for (const { pool_id, instance_type, az, price } of [
    ...(pricing?.spot_pools ?? []),
    ...(pricing?.cheapest_pool ? [{ ...pricing.cheapest_pool, instance_type: undefined, az: undefined }] : []),
  ]) {
    const id = pool_id ?? (az && `${instance_type ?? instance.instance_type ?? agent.instanceType}.${az}`);
    if (id && isPrice(price))
      pools.set(id, { id, price, at: now, interruptions30d: pools.get(id)?.interruptions30d ?? 0 });
  }
  return {
    ...known,
    agent: {
      ...known.agent,
      instanceId: instance.instance_id ?? known.agent.instanceId,
      mode,
      poolId: mode === 'spot' ? (instance.current_pool_id ?? known.agent.poolId) : null,
    },
    prices: {
      onDemand: priceFrom(pricing?.on_demand_price) ?? known.prices.onDemand,
      currentSpot: priceFrom(pricing?.current_spot_price) ?? known.prices.currentSpot,
      pools: [...pools.values()],
    },
  };
}

/** A13: what the engine would do now, and the pools it could go to. */
export async function recommendSwitch(db: Db, { clientId, ref, now }: OfAgent & { now: Date }) {
  const { agent, input, pools } = await stateOf(db, clientId, ref, now);
  const decision = decide(input, now);
  const current = pools.find((pool) => pool.id === agent.currentPoolId);
  const alternatives = pools
    .filter((pool) => pool.id !== agent.currentPoolId && isFresh(pool.at, now))
    .sort((a, b) => a.price - b.price)
    .slice(0, 5);
  return {
    ...toWire(decision, input.agent),
    agent_id: agent.id,
    auto_switch_enabled: agent.autoSwitchEnabled,
    will_auto_execute: agent.autoSwitchEnabled && decision.allowed && decision.action !== 'stay',
    current_pool: current ? { id: current.id, name: current.name, az: current.az } : null,
    alternative_pools: alternatives.map(({ id, name, az, price }) => ({ id, name, az, spot_price: price })),
  };
}

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
