import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { onDemand, type ServicePolicy, type Sight } from '../../functions/core/backtest/simulator/service-policy.ts';
import { budgetOf, costsOf, spentBudget } from '../../functions/core/decision/policy-a/budget.ts';
import { week } from '../../functions/core/decision/policy-a/config.ts';
import { type FeatureName, featureNames, featuresOf } from '../../functions/core/decision/policy-a/features.ts';
import type { Downtime, Slo, Timing } from '../../functions/core/decision/policy-a/input.ts';
import { PoolHistoryTracker } from '../../functions/core/decision/policy-a/pool-history.ts';

/** The engine that policy A replaced ("risk index + budget"), for comparison. It observes all pools. */

type Weights = Partial<Record<FeatureName | 'intercept', number>>;

/** The chance that a pool that is up is lost within an hour, and within six: the published logistic models. */
const withinHour: Weights = {
  intercept: 0.2702,
  rate7d: 0.3078,
  rate24h: 0.305,
  upHours: -0.5065,
  drops1h: 0.0731,
  siblingsUp: -0.3548,
  siblingDrops1h: 0.2625,
};
const withinSixHours: Weights = {
  intercept: 2.2335,
  rate7d: 0.4028,
  rate24h: 0.4426,
  upHours: -0.2784,
  drops1h: 0.2806,
  siblingsUp: -0.2413,
  siblingDrops1h: 0.18,
};

const leastHazard = 1e-4;

/** Losses that are expected within the hours that a model is for. */
function expectedLosses(features: readonly number[], weights: Weights): number {
  const terms = features.map((value, index) => value * (weights[featureNames[index]!] ?? 0));
  const logit = terms.reduce((sum, term) => sum + term, weights.intercept!);
  return Math.log1p(Math.exp(logit)); // -ln(1 - chance)
}

/** The hours that a pool is expected to stay up, with one hazard in the next hour and another one after it. */
function lifeOf(features: readonly number[]): number {
  const first = expectedLosses(features, withinHour);
  const later = Math.max(leastHazard, (expectedLosses(features, withinSixHours) - first) / 5);
  const survives = Math.exp(-first);
  return (1 - survives) / first + survives / later;
}

/** The price of a second of downtime, in on-demand seconds: `from` with an untouched budget, `to` when it is spent. */
interface DowntimePrice {
  readonly from: number;
  readonly to: number;
}

/**
 * From on-demand, and at an interruption, it goes to the pool with the largest value of a stay less the price of its
 * downtime and launch; from Spot it never moves. Downtime costs more the more of the last week's budget is spent.
 */
export function referenceEngine(
  { pools, onDemandPrice, stepSeconds }: PoolGroup,
  availability: number,
  timing: Timing,
  price: DowntimePrice,
): ServicePolicy {
  const trackers = pools.map(() => new PoolHistoryTracker(stepSeconds));
  const slo: Slo = { availability, over: 'rolling' };
  const budget = budgetOf(slo);
  const { interruption, entry } = costsOf(timing);
  let lives: readonly number[] = [];
  let isUp: readonly boolean[] = [];
  let downtime: readonly Downtime[] = [];
  const spend = (at: number, seconds: number) => {
    downtime = [...downtime.filter((event) => event.at > at - week), { at, seconds }];
  };
  const spent = (now: number) => spentBudget(downtime, slo, now, now);

  /** Pools that are worth a downtime of some seconds, best first. */
  const worth = ({ now, price: priceOf }: Sight, seconds: number): number[] => {
    const lambda = price.from * (price.to / price.from) ** (spent(now) / budget);
    const gain = (pool: number) => {
      const launch = ((priceOf(pool) + onDemandPrice) * timing.launch) / 3600;
      return (onDemandPrice - priceOf(pool)) * lives[pool]! - (lambda * onDemandPrice * seconds) / 3600 - launch;
    };
    const gains = pools.map((_, pool) => ({ pool, gain: gain(pool) }));
    return gains
      .filter(({ pool, gain }) => isUp[pool] && gain > 0)
      .sort((a, b) => b.gain - a.gain)
      .map(({ pool }) => pool);
  };

  return {
    begin(sight) {
      isUp = pools.map((_, pool) => sight.isUp(pool));
      const views = pools.map(({ id }, pool) => {
        const availability = isUp[pool] ? 'up' : 'down';
        trackers[pool]!.observe(availability);
        return { id, price: 0, availability, history: trackers[pool]!.history() } as const;
      });
      lives = featuresOf(views).map(lifeOf);
    },
    decide: (sight) => (sight.current === onDemand && spent(sight.now) + entry <= budget ? worth(sight, entry) : []),
    failover: (sight) =>
      spent(sight.now) + interruption <= budget
        ? worth(sight, interruption).filter((pool) => pool !== sight.current)
        : [],
    interrupted: (_, at) => spend(at, interruption),
    switched: (at) => spend(at, timing.plannedCutover),
  };
}
