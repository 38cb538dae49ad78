import { isFresh } from '../pool/freshness.ts';
import { type DecisionInput, type Move, type PoolState, type ServiceFacts, unknownPrice } from './decision-input.ts';
import { budgetOf, costsOf, spentBudget } from './policy-a/budget.ts';
import { policyAConfig } from './policy-a/config.ts';
import type { RatedPool } from './policy-a/input.ts';
import { enoughObserved } from './policy-a/pacing.ts';
import { type Commitment, chooseMove, isDearerThanOnDemand, lambdaOf, type ServiceInput } from './policy-a/policy.ts';
import { ratePools, relativeWorth } from './policy-a/score.ts';
import { defaultTiming } from './timing.ts';

/** Policy A, as it is scored (docs/policies.md), for agents with an availability target. */
export const servicePolicyVersion = 'policy-a-4';

const poolsShown = 5;

/** What policy A weighed; stored with the decision and returned to callers. */
export interface Terms {
  /** `observed`: paced by shadow services; `blind`: too little of the pools is observed, so by the prior. */
  readonly pacing: 'observed' | 'blind';
  /** Share of the place's pools that were observed in the last day. */
  readonly observed_share: number;
  /** On-demand seconds that a second of downtime is worth. */
  readonly downtime_price: number;
  readonly budget_seconds: number;
  readonly spent_seconds: number;
  /** Downtime of a move from on-demand to Spot, including the interruption that ends the stay. */
  readonly entry_seconds: number;
  /** What a pool must be worth to be entered, in on-demand hours. */
  readonly threshold_hours: number;
  /** The best pools, with their losses per hour and what a stay is worth in on-demand hours. */
  readonly pools: readonly {
    readonly id: string;
    readonly price: number;
    readonly availability: string;
    readonly hazard: number;
    readonly score_hours: number | null;
  }[];
}

export interface ServiceRecommendation extends Move {
  readonly confidence: number;
  readonly reason: string;
  readonly terms: Terms;
}

/** What policy A would do with an agent now. Stale prices count only for the pool that the agent is in. */
export function recommendService(
  { agent, prices }: DecisionInput,
  service: ServiceFacts,
  now: Date,
): ServiceRecommendation {
  const onSpot = agent.mode === 'spot';
  const onDemandPrice = prices.onDemand!;
  const current = onSpot ? agent.poolId : null;
  const usable = prices.pools.filter((pool) => pool.hazard !== null && (pool.id === current || isFresh(pool.at, now)));
  const rate = (priceOf: (pool: PoolState) => number, onDemand: number) =>
    ratePools(
      usable.map((pool) => ({ id: pool.id, price: priceOf(pool), availability: pool.availability })),
      usable.map(({ hazard }) => hazard!),
      onDemand,
      service.timing,
    );
  const pools = rate(({ id, price }) => (id === current ? (prices.currentSpot ?? price) : price), onDemandPrice);
  const seconds = Math.floor(now.getTime() / 1000);
  const { slo, weekStart, downtime, pacing, observedShare, timing } = service;
  const shadows = observedShare >= enoughObserved ? pacing : null;
  const worth = prices.publicOnDemand
    ? relativeWorth(
        rate(({ price }) => price, onDemandPrice),
        rate(({ price, publicPrice = price }) => publicPrice, prices.publicOnDemand),
      )
    : 1;
  const relativeDowntime = costsOf(timing).entry / costsOf(defaultTiming).entry;
  const commitment: Commitment = { slo, weekStart, downtime, shadows, relativeWorth: worth, relativeDowntime };
  const input: ServiceInput = { now: seconds, current, onDemandPrice, pools, timing, commitment };
  const terms = termsOf(input, commitment, observedShare);
  const stay = {
    action: 'stay',
    mode: onSpot ? 'spot' : 'ondemand',
    poolId: agent.poolId,
    savingsPerHour: 0,
    risk: chanceWithinHour(pools.find(({ id }) => id === current)?.hazard ?? 0),
    // Lower where the pools are not observed.
    confidence: shadows ? 0.5 + observedShare / 2 : 0.5,
    terms,
  } as const;
  const own = pools.find(({ id }) => id === current);
  if (onSpot && !own) return { ...stay, reason: unknownPrice(current) };
  if (own && isDearerThanOnDemand(input, policyAConfig))
    return {
      ...stay,
      action: 'switch_ondemand',
      mode: 'ondemand',
      poolId: null,
      risk: 0,
      savingsPerHour: own.price - onDemandPrice,
      reason: `${own.id} costs more than on-demand`,
    };
  const [target] = chooseMove(input, policyAConfig);
  const chosen = pools.find(({ id }) => id === target);
  if (!chosen) return { ...stay, reason: whyStay(input, terms) };
  const paid = own?.price ?? onDemandPrice;
  return {
    ...stay,
    action: 'switch_spot',
    mode: 'spot',
    poolId: chosen.id,
    risk: chanceWithinHour(chosen.hazard),
    savingsPerHour: paid - chosen.price,
    reason: own
      ? `${chosen.id} saves more than the move from ${own.id} costs`
      : `${chosen.id} is worth ${chosen.score.toFixed(2)} on-demand hours; a move needs ${terms.threshold_hours.toFixed(2)}`,
  };
}

function termsOf(input: ServiceInput, commitment: Commitment, observedShare: number): Terms {
  const { slo, downtime, weekStart, shadows } = commitment;
  const { entry } = costsOf(input.timing);
  const lambda = lambdaOf(input, commitment, policyAConfig);
  return {
    pacing: shadows ? 'observed' : 'blind',
    observed_share: observedShare,
    downtime_price: lambda,
    budget_seconds: budgetOf(slo),
    spent_seconds: spentBudget(downtime, slo, weekStart, input.now),
    entry_seconds: entry,
    threshold_hours: (lambda * entry) / 3600,
    pools: [...input.pools]
      .sort((a, b) => b.score - a.score)
      .slice(0, poolsShown)
      .map(termOf),
  };
}

const termOf = ({ id, price, availability, hazard, score }: RatedPool) => ({
  id,
  price,
  availability,
  hazard,
  score_hours: Number.isFinite(score) ? score : null,
});

/** Why the agent stays, in the numbers that were compared. */
function whyStay({ current, onDemandPrice }: ServiceInput, terms: Terms): string {
  const { budget_seconds, spent_seconds, entry_seconds, threshold_hours, pools } = terms;
  if (spent_seconds + entry_seconds > budget_seconds)
    return `${spent_seconds.toFixed(0)} s of the downtime budget of ${budget_seconds.toFixed(0)} s are spent, and a move may take ${entry_seconds} s`;
  if (current !== null) return 'No other pool saves more than the move costs';
  const best = pools.find(({ price, availability }) => price < onDemandPrice && availability !== 'down');
  if (!best) return 'No pool that may have capacity is cheaper than on-demand';
  return `${best.id} is worth ${(best.score_hours ?? 0).toFixed(2)} on-demand hours; a move needs ${threshold_hours.toFixed(2)}`;
}

export const chanceWithinHour = (hazard: number) => 1 - Math.exp(-hazard);
