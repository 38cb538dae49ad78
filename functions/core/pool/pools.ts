/**
 * Capacity pools and what they cost. A pool is an instance type in a zone, `m5.large.us-east-1a`; its Spot prices are kept by
 * five-minute bucket, the on-demand price by type and region. price.ts says which reported prices are believed.
 * Owns the tables: spot_pools, ondemand_prices, ondemand_price_snapshots, pricing_snapshots_clean.
 */
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { poolIdOf } from './pool-id.ts';

interface Place {
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
}

interface PricedPlace extends Place {
  /** USD per instance-hour, and when it was seen. */
  readonly price?: number;
  readonly seenAt?: Date;
}

/** Adds pools that are not there yet, in one statement; those that are stay as they are. A price may come later, or never. */
export async function addPools(db: Db, places: readonly PricedPlace[], now: Date): Promise<void> {
  await db
    .insertInto('spotPools')
    .values(
      places.map(({ instanceType, region, az, price, seenAt }) => ({
        id: poolIdOf(instanceType, az),
        instanceType,
        region,
        az,
        poolName: `${instanceType} (${az})`,
        latestPrice: toDecimal(price),
        latestAt: seenAt ?? null,
        createdAt: now,
      })),
    )
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotPools.id') }))
    .execute();
}
