/**
 * The room of capacity pools and what they cost. A pool is an instance type in a zone, `m5.large.us-east-1a`; its Spot
 * prices are kept by five-minute bucket, the on-demand price by type and region; price.ts says which are believed.
 * Owns the tables: spot_pools, tenant_pool_prices, market_collections, market_places, ondemand_prices, ondemand_price_snapshots, pricing_snapshots_clean, pricing_alerts.
 */
import type { Db } from '../../shared/db.ts';
import { byPoolId, poolIdOf } from './pool-id.ts';
import { regionOfZone } from './region.ts';

interface Place {
  readonly instanceType: string;
  /** In any region; what is no zone is in no pool, and left out. */
  readonly az: string;
}

/**
 * Adds pools that are not there yet, in one statement; those that are stay as they are. Their prices come later, or never.
 * A pool is in its zone's region, whatever region its reporter claims: agents of all tenants are moved by it.
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
