import type { KnownPrices } from './known-prices.ts';
import type { PoolPrice } from './price.ts';
import { isAvailabilityZone, regionOfZone } from './region.ts';

/** With this many pools of a type in a region, only availability zones are added: no region has so many Local Zones. */
export const maxPoolsOfPlace = 60;

/** What is known about an instance that reports prices. */
export interface Reporter {
  readonly instanceType: string | null | undefined;
  readonly region: string | undefined;
}

/**
 * The reported pools that an instance can see: its own type in zones of its own region. New pools are limited because
 * all tenants' decisions read them. Every availability zone is admitted, at most 26 in a region; other zones only while
 * the type has fewer than 60 pools there. Other pools are dropped, and the rest of the report is kept.
 */
export function admittedPools(
  pools: readonly PoolPrice[],
  { instanceType, region }: Reporter,
  known: Pick<KnownPrices, 'pools' | 'poolsOfPlace'>,
): PoolPrice[] {
  let room = maxPoolsOfPlace - known.poolsOfPlace;
  return pools.filter(({ id, instanceType: type, az }) => {
    if (region === undefined || type !== instanceType || regionOfZone(az) !== region) return false;
    if (known.pools.has(id)) return true;
    room -= 1;
    return room >= 0 || isAvailabilityZone(az);
  });
}
