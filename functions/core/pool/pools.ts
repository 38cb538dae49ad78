/**
 * The room of Spot pools and their prices. A pool is an instance type in a zone, `m5.large.us-east-1a`. Spot prices are
 * stored by five-minute bucket, on-demand prices by type and region; price.ts and usable-price.ts say which count.
 * Owns the tables: spot_pools, tenant_pool_prices, market_collections, market_places, ondemand_prices, ondemand_price_snapshots, pricing_snapshots_clean, pricing_alerts.
 */
import type { Db } from '../../shared/db.ts';
import { byPoolId, poolIdOf } from './pool-id.ts';
import { regionOfZone } from './region.ts';

interface Place {
  readonly instanceType: string;
  /** A zone of any region; a place without a valid zone is skipped. */
  readonly az: string;
}

/**
 * Adds missing pools, without prices, and leaves existing ones as they are: one statement. A pool's region is that of
 * its zone, whatever its reporter claims, because it affects where agents of all tenants go.
 */
export async function addPools(db: Db, places: readonly Place[], now: Date): Promise<void> {
  const rows = places.flatMap(({ instanceType, az }) => {
    const region = regionOfZone(az);
    if (region === undefined) return [];
    const poolName = `${instanceType} (${az})`;
    return [{ id: poolIdOf(instanceType, az), instanceType, region, az, poolName, createdAt: now }];
  });
  if (rows.length === 0) return;
  await db
    .insertInto('spotPools')
    .values(rows.toSorted(byPoolId))
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotPools.id') }))
    .execute();
}
