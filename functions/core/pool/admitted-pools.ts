import type { KnownPrices } from './known-prices.ts';
import type { PoolPrice } from './price.ts';
import { isAvailabilityZone, regionOfZone } from './region.ts';

/** Pools of one type and region beyond which only availability zones are added: no region has as many Local Zones. */
export const maxPoolsOfPlace = 60;

/** What is known of an instance that reports prices. */
export interface Reporter {
  readonly instanceType: string | null | undefined;
  readonly region: string | undefined;
}

/**
 * Of the pools that an instance reports, those that it can see: of its own type, in zones of its own region. What a tenant's
 * agent adds, every tenant's decisions read, so new pools are few: each availability zone of a region, of which there are 26
 * at most, and its other zones while there are fewer than 60 in all. The rest is left out and the report kept.
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
