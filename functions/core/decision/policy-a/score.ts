import type { PricedView, RatedPool, Timing } from './input.ts';

/**
 * What a stay in each pool is worth, in on-demand hours: what it saves until the pool is expected to be lost, less the
 * launch, during which both instances are paid.
 * @param hazards expected losses per hour, from a model or from `hazards`, in the order of the pools
 */
export function ratePools(
  pools: readonly PricedView[],
  hazards: readonly number[],
  onDemandPrice: number,
  { launch }: Pick<Timing, 'launch'>,
): RatedPool[] {
  return pools.map((pool, index) => {
    const hazard = hazards[index]!;
    const saved = (onDemandPrice - pool.price) / onDemandPrice / hazard;
    const overlap = (((pool.price + onDemandPrice) / onDemandPrice) * launch) / 3600;
    return { ...pool, hazard, score: pool.availability === 'down' ? -Infinity : saved - overlap };
  });
}

/**
 * What pools are worth to a tenant relative to what they are at public prices, at most 1. Downtime is paced at public
 * prices; it is worth as much less to a tenant as its pools are, so that it buys as many stays (docs/adr/0095).
 */
export function relativeWorth(rated: readonly RatedPool[], atPublicPrices: readonly RatedPool[]): number {
  const worth = (pools: readonly RatedPool[]) => pools.reduce((sum, { score }) => sum + Math.max(0, score), 0);
  const publicWorth = worth(atPublicPrices);
  return publicWorth > 0 ? Math.min(1, worth(rated) / publicWorth) : 1;
}

/** The pools that are worth more than a threshold, best first; ties keep the order given. */
export const worthMoreThan = (pools: readonly RatedPool[], threshold: number): RatedPool[] =>
  pools.filter(({ score }) => score > threshold).sort((a, b) => b.score - a.score);
