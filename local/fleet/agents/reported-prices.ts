import { type Market, poolId, poolOf, priceAt } from '../../market/market.ts';
import type { Instance, Mode } from '../ec2/instance.ts';

/** The pool of a Spot instance; null for an on-demand one. */
export const poolIdOf = (market: Market, { mode, az }: { mode: Mode; az: string }): string | null =>
  mode === 'spot' ? poolId(market, az) : null;

export function spotPrice(market: Market, az: string, now: Date): number | null {
  const pool = poolOf(market, az);
  return pool ? priceAt(pool, now) : null;
}

/** The pools of a price report: those for which DescribeSpotPriceHistory gives a price at this moment. */
export function spotPools(market: Market, now: Date) {
  return market.pools.flatMap(({ az }) => {
    const price = spotPrice(market, az, now);
    return price === null ? [] : { pool_id: poolId(market, az), instance_type: market.instanceType, az, price };
  });
}

/** One side of a switch report. Version 4 may claim a mode and a pool that the instance does not have. */
export function switchSide(
  market: Market,
  instance: Instance,
  mode: Mode = instance.mode,
  pool = poolIdOf(market, { ...instance, mode }),
) {
  const { id, type, az, amiId } = instance;
  return { instance_id: id, instance_type: type, region: market.region, az, ami_id: amiId, mode, pool_id: pool };
}

/** The prices of a switch report. */
export function switchPrices(market: Market, from: Instance, to: Instance, now: Date) {
  return {
    on_demand: market.onDemandPrice,
    ...(from.mode === 'spot' && { old_spot: spotPrice(market, from.az, now) }),
    ...(to.mode === 'spot' && { new_spot: spotPrice(market, to.az, now) }),
  };
}
