import type { DecisionInput } from '../core/decision/decision-input.ts';
import type { Decision } from '../core/decision/policy.ts';
import { isFresh } from '../core/pool/freshness.ts';

/** Why a decision is as it is: the terms of policy A, the first closed gate, what it takes, and what staying costs. */
export function explain(decision: Decision, { agent, prices, service }: DecisionInput, now: Date) {
  const { policy, terms, failedGate, reason } = decision;
  const paid = agent.mode === 'spot' ? prices.currentSpot : prices.onDemand;
  const offered = prices.pools
    .filter(({ at, availability }) => isFresh(at, now) && availability !== 'down')
    .map(({ price }) => price);
  return {
    policy,
    model: service?.model ?? null,
    // Where fewer of its pools are seen than policy A needs, the model failed, or the agent has no target.
    degraded: terms?.pacing !== 'observed' || service?.degraded !== false,
    terms: terms && { ...terms, pools: [...terms.pools] },
    first_closed_gate: failedGate,
    what_it_takes: reason,
    staying_costs_per_hour: paid === null || offered.length === 0 ? 0 : Math.max(0, paid - Math.min(...offered)),
  };
}
