import { affordableRate, budgetOf, costsOf, spentBudget } from './budget.ts';
import type { PolicyAConfig } from './config.ts';
import type { Downtime, RatedPool, Slo, Timing } from './input.ts';
import { blindLambda, pacedLambda } from './pacing.ts';
import { worthMoreThan } from './score.ts';
import type { Pacing } from './shadows.ts';

/** A service that must always run, as policy A sees it. Pools are those of its type and region, rated at `now`. */
export interface ServiceInput {
  readonly now: number;
  /** The pool that it is in, or `null` for on-demand. */
  readonly current: string | null;
  readonly onDemandPrice: number;
  readonly pools: readonly RatedPool[];
  readonly timing: Timing;
  /** What was promised, and how it stands; `null` when only the price counts. */
  readonly commitment: Commitment | null;
}

export interface Commitment {
  readonly slo: Slo;
  /** When the SLO's week began. */
  readonly weekStart: number;
  /** At least the downtime of the last seven days. */
  readonly downtime: readonly Downtime[];
  /**
   * As they were before the current observation. `null` where too little of the pools is observed (`enoughObserved`).
   */
  readonly shadows: Pacing | null;
  /** For a tenant who does not pay public prices (`relativeWorth` of score.ts). */
  readonly relativeWorth?: number;
  /** How much more downtime a stay costs this service than the shadows, by its own times; 1 if left out. */
  readonly relativeDowntime?: number;
}

/** Pools to try in this order. Empty means to stay or, at a failover, to go on-demand. */
export type Targets = readonly string[];

/**
 * Whether on-demand would cost a service less than its pool, by the margin of all moves for a lower price. It leaves at
 * once, whatever its budget.
 */
export const isDearerThanOnDemand = ({ pools, current, onDemandPrice }: ServiceInput, { priceMargin }: PolicyAConfig) =>
  pools.some(({ id, price }) => id === current && (price - onDemandPrice) / price >= priceMargin);

/** Where a running service should move, if `isDearerThanOnDemand` does not send it on-demand. */
export function chooseMove(input: ServiceInput, config: PolicyAConfig): Targets {
  const { current, commitment } = input;
  if (!commitment)
    return current === null ? byPrice(cheaperThanOnDemand(input, config)) : ids(bestPriceMove(input, null, config));
  const { interruption, entry } = costsOf(input.timing);
  // Downtime of this very period does not raise the price of downtime yet, but it counts as spent.
  const lambda = lambdaOf(input, commitment, config);
  if (spentOf(commitment, input.now) + entry > budgetOf(commitment.slo)) return [];
  if (current === null) return ids(worthMoreThan(cheaperThanOnDemand(input, config), (lambda * entry) / 3600));
  return ids(bestPriceMove(input, { lambda, interruption }, config));
}

/** Where a service goes when its instance is being taken away; on-demand comes after all of these. */
export function chooseFailover(input: ServiceInput, config: PolicyAConfig): Targets {
  const { commitment } = input;
  // One more attempt costs only seconds of a notice that is long enough, and a pool may have come up since it was seen.
  if (!commitment) return byPrice(others(input).filter(({ price }) => price < input.onDemandPrice));
  const { interruption } = costsOf(input.timing);
  const lambda = lambdaOf(input, commitment, config);
  const spent = spentOf({ ...commitment, downtime: before(commitment.downtime, input.now) }, input.now);
  if (spent + 2 * interruption > budgetOf(commitment.slo)) return [];
  const pools = cheaperThanOnDemand(input, config).filter(({ id }) => id !== input.current);
  return ids(worthMoreThan(pools, (config.pacing.failoverShare * lambda * interruption) / 3600));
}

/**
 * The best move between Spot pools for a lower price, if one is worth its launch and, with an SLO, its cutover and the
 * risk it adds.
 */
function bestPriceMove(
  input: ServiceInput,
  priced: { readonly lambda: number; readonly interruption: number } | null,
  config: PolicyAConfig,
): RatedPool[] {
  const { onDemandPrice, timing } = input;
  const current = currentPool(input);
  const gain = (pool: RatedPool) => {
    // The move pays until the pool it left would be lost. Without a price of downtime, the new pool's loss counts too.
    const hours = 1 / (current.hazard + (priced ? 0 : pool.hazard) + 1 / config.priceLife);
    const saved = ((current.price - pool.price) / onDemandPrice) * hours;
    const overlap = (((current.price + pool.price) / onDemandPrice) * timing.launch) / 3600;
    const addedRisk = Math.max(0, pool.hazard - current.hazard) * hours;
    const downtime = priced ? (priced.lambda * (timing.plannedCutover + priced.interruption * addedRisk)) / 3600 : 0;
    return saved - overlap - downtime;
  };
  const gains = cheaperMoves(input, config).map((pool) => ({ pool, gain: gain(pool) }));
  const [best] = gains.filter(({ gain }) => gain > 0).sort((a, b) => b.gain - a.gain);
  return best ? [best.pool] : [];
}

function cheaperMoves(input: ServiceInput, { priceMargin }: PolicyAConfig): RatedPool[] {
  const { price } = currentPool(input);
  return others(input).filter((pool) => pool.availability !== 'down' && (price - pool.price) / price >= priceMargin);
}

function currentPool({ pools, current }: ServiceInput): RatedPool {
  const pool = pools.find(({ id }) => id === current);
  if (!pool) throw new RangeError(`the service is in ${current}, which is none of its pools`);
  return pool;
}

export function lambdaOf({ now }: ServiceInput, commitment: Commitment, { pacing }: PolicyAConfig): number {
  const { slo, weekStart, downtime, shadows, relativeWorth = 1, relativeDowntime = 1 } = commitment;
  const affordable = affordableRate(before(downtime, now), slo, weekStart, now, pacing);
  if (!shadows) return relativeWorth * blindLambda(affordable, pacing);
  // As many stays as shadows have that may be down for so much less, at a price by which each is worth the same.
  return (relativeWorth / relativeDowntime) * pacedLambda(affordable / relativeDowntime, shadows, now, pacing);
}

const spentOf = ({ downtime, slo, weekStart }: Commitment, now: number) => spentBudget(downtime, slo, weekStart, now);
const before = (downtime: readonly Downtime[], now: number) => downtime.filter(({ at }) => at < now);
const cheaperThanOnDemand = ({ pools, onDemandPrice }: ServiceInput, { priceMargin }: PolicyAConfig) =>
  pools.filter(
    ({ price, availability }) => (onDemandPrice - price) / onDemandPrice >= priceMargin && availability !== 'down',
  );
const others = ({ pools, current }: ServiceInput) => pools.filter(({ id }) => id !== current);
const cheapestFirst = (a: RatedPool, b: RatedPool) => a.price - b.price;
const byPrice = (pools: readonly RatedPool[]) => ids([...pools].sort(cheapestFirst));
const ids = (pools: readonly RatedPool[]) => pools.map(({ id }) => id);
