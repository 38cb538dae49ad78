import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { decideOrStay } from '../core/decision/decide-or-stay.ts';
import type { DecisionInput } from '../core/decision/decision-input.ts';
import { decisionModel } from '../core/decision/decision-model.ts';
import { type AgentInput, readInput } from '../core/decision/inputs.ts';
import { jobFacts } from '../core/decision/job-facts.ts';
import { logAnswer } from '../core/decision/log.ts';
import { type Decision, safeDefault } from '../core/decision/policy.ts';
import { isFresh } from '../core/pool/freshness.ts';
import { isPrice, priceFrom } from '../core/pool/price.ts';
import type { Db } from '../shared/db.ts';
import { explain } from './explain.ts';
import type { DecideRequest } from './routes.ts';

/** Converts a decision to its response shape (protocol A12). */
function toWire(decision: Decision, input: DecisionInput, now: Date) {
  const { agent } = input;
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
    model_version: decision.policy,
    explanation: explain(decision, input, now),
  };
}

interface DecideCall extends OfAgent {
  readonly body: z.output<typeof DecideRequest>;
}

/**
 * Decides for the state that the caller describes, and logs it (protocol A12). It never queues anything.
 * @throws AppError agent_not_found
 */
export async function decideFor(db: Db, { clientId, ref, body }: DecideCall, now: Date) {
  const state = await readInput(
    db,
    { clientId, ref, agentId: parseHandle(ref).agentId, model: decisionModel(), readJob: jobFacts },
    now,
  );
  const { agent } = state;
  const input = described(state, body, now);
  if (!agent.enabled) return toWire({ ...safeDefault(input, ''), reason: 'Agent disabled' }, input, now);
  const decision = decideOrStay({ agent, input }, now);
  await logAnswer(db, { ...state, input, decision, source: 'agent' }, now);
  return toWire(decision, input, now);
}

/** What is assumed about a pool that only the caller knows. */
const unseen = { interruptions30d: 0, availability: 'unknown', hazard: null } as const;

/** Overrides what the database knows with what the caller reports: public prices, which have the time of the request. */
function described(
  { agent, input: known, prices: paidPrices }: AgentInput,
  { instance, pricing }: DecideCall['body'],
  now: Date,
): DecisionInput {
  const mode = instance.current_mode ?? known.agent.mode;
  const pools = new Map(known.prices.pools.map((pool) => [pool.id, pool]));
  for (const { pool_id, instance_type, az, price } of [
    ...(pricing?.spot_pools ?? []),
    ...(pricing?.cheapest_pool ? [{ ...pricing.cheapest_pool, instance_type: undefined, az: undefined }] : []),
  ]) {
    const id = pool_id ?? (az && `${instance_type ?? instance.instance_type ?? agent.instanceType}.${az}`);
    if (id && isPrice(price)) pools.set(id, { ...(pools.get(id) ?? unseen), id, ...paidPrices.pool(price), at: now });
  }
  const [onDemand, currentSpot] = [priceFrom(pricing?.on_demand_price), priceFrom(pricing?.current_spot_price)];
  return {
    ...known,
    agent: {
      ...known.agent,
      instanceId: instance.instance_id ?? known.agent.instanceId,
      mode,
      poolId: mode === 'spot' ? (instance.current_pool_id ?? known.agent.poolId) : null,
    },
    prices: {
      ...known.prices,
      ...(onDemand && paidPrices.onDemand(onDemand)),
      ...(currentSpot && { currentSpot: paidPrices.paid('spot', currentSpot) }),
      pools: [...pools.values()],
    },
  };
}

/**
 * What the engine would decide now, and the pools that the agent could move to (protocol A13).
 * @throws AppError agent_not_found
 */
export async function recommendSwitch(db: Db, { clientId, ref }: OfAgent, now: Date) {
  const state = await readInput(
    db,
    { clientId, ref, agentId: parseHandle(ref).agentId, model: decisionModel(), readJob: jobFacts },
    now,
  );
  const { agent, input, pools } = state;
  const decision = decideOrStay(state, now);
  const current = pools.find((pool) => pool.id === agent.currentPoolId);
  const alternatives = pools
    .filter((pool) => pool.id !== agent.currentPoolId && isFresh(pool.at, now))
    .sort((a, b) => a.price - b.price)
    .slice(0, 5);
  return {
    ...toWire(decision, input, now),
    agent_id: agent.id,
    auto_switch_enabled: agent.autoSwitchEnabled,
    will_auto_execute: agent.autoSwitchEnabled && decision.allowed && decision.action !== 'stay',
    current_pool: current ? { id: current.id, name: current.name, az: current.az } : null,
    alternative_pools: alternatives.map(({ id, name, az, price }) => ({ id, name, az, spot_price: price })),
  };
}
