import type { DecisionInput } from '../core/decision/decision-input.ts';
import { opensAt } from '../core/decision/gates.ts';
import type { Decision } from '../core/decision/policy.ts';
import { enoughObserved } from '../core/decision/policy-a/pacing.ts';
import type { JobTerms } from '../core/decision/recommend-job.ts';
import type { Terms } from '../core/decision/recommend-service.ts';
import { isFresh } from '../core/pool/freshness.ts';

/** Explains a decision: the terms of policy A or B, the first closed gate, what it takes, and what staying costs. */
export function explain(decision: Decision, input: DecisionInput, now: Date) {
  const { agent, prices, service } = input;
  const { policy, terms, failedGate, reason } = decision;
  const paid = agent.mode === 'spot' ? prices.currentSpot : prices.onDemand;
  const opens = opensAt(failedGate, input, now)?.toISOString();
  const offered = prices.pools
    .filter(({ at, availability }) => isFresh(at, now) && availability !== 'down')
    .map(({ price }) => price)
    .concat(prices.onDemand ?? []);
  return {
    policy,
    model: service?.model ?? null,
    // True if too few pools are observed, the model failed (policy A), or the agent has neither target nor deadline.
    degraded: isJob(terms)
      ? terms.observed_share < enoughObserved
      : terms?.pacing !== 'observed' || service?.degraded !== false,
    terms: terms === null || isJob(terms) ? null : { ...terms, pools: [...terms.pools] },
    job: isJob(terms) ? { ...terms, places: [...terms.places] } : null,
    price_overlays: [...(prices.overlays ?? [])],
    first_closed_gate: failedGate,
    what_it_takes: opens ? `${reason}; not before ${opens}` : reason,
    staying_costs_per_hour: paid === null || offered.length === 0 ? 0 : Math.max(0, paid - Math.min(...offered)),
  };
}

const isJob = (terms: Terms | JobTerms | null): terms is JobTerms => terms !== null && 'places' in terms;
