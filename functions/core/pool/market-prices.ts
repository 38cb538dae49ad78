import { sql } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { inList } from '../../shared/in-list.ts';
import { byPoolId, poolIdOf } from './pool-id.ts';
import { addPools } from './pools.ts';
import { bucketOf, isPrice, sources } from './price.ts';
import { upsertBuckets } from './price-buckets.ts';
import { priceByPool } from './price-by-pool.ts';
import { regionOfZone } from './region.ts';

/** A row of EC2's own price history: the price of a Linux Spot instance from `at` on. */
export interface MarketPrice {
  readonly instanceType: string;
  readonly az: string;
  /** USD per instance-hour. */
  readonly price: number;
  readonly at: Date;
}

export interface Recorded {
  /** Rows with an impossible price or an invalid zone. */
  readonly leftOut: number;
  readonly pools: number;
  readonly buckets: number;
}

/** Rows per statement: far below the Data API's limit. */
const atOnce = 500;

/**
 * Stores prices from EC2 itself, which all tenants may rely on (docs/adr/0037): in the price history and, if newer, as
 * each pool's trusted price. Idempotent. One statement for every 500 buckets, and two for every 500 pools.
 */
export async function recordMarketPrices(db: Db, prices: readonly MarketPrice[], now: Date): Promise<Recorded> {
  const usable = prices.filter(({ price, az }) => isPrice(price) && regionOfZone(az) !== undefined);
  const priced = usable.map((one) => ({ ...one, id: poolIdOf(one.instanceType, one.az) }));
  priced.sort((a, b) => byPoolId(a, b) || a.at.getTime() - b.at.getTime());
  // The last change within a bucket counts, because that price stays valid after it.
  const buckets = new Map(priced.map((one) => [`${one.id} ${bucketOf(one.at).getTime()}`, one]));
  const newest = new Map(priced.map((one) => [one.id, one]));
  for (const those of chunks([...newest.values()], atOnce)) await addPools(db, those, now);
  const { priority, confidence } = sources.market;
  for (const those of chunks([...buckets.values()], atOnce))
    await upsertBuckets(
      db,
      those.map(({ id, price, at }) => ({
        poolId: id,
        timeBucket: bucketOf(at),
        spotPrice: toDecimal(price),
        sourceType: 'market',
        sourcePriority: priority,
        confidenceScore: confidence,
        observedAt: at,
      })),
    );
  for (const those of chunks([...newest.values()], atOnce)) await trust(db, those);
  return { leftOut: prices.length - usable.length, pools: newest.size, buckets: buckets.size };
}

interface Newest extends MarketPrice {
  readonly id: string;
}

/** Makes these the trusted prices of their pools, unless the stored price is newer. */
async function trust(db: Db, those: readonly Newest[]): Promise<void> {
  const price = priceByPool('id', those, sql`latest_price`);
  const at = caseOf(
    'id',
    those.map((one) => [one.id, one.at]),
    sql`latest_at`,
  );
  await sql`
    UPDATE spot_pools SET latest_price = ${price}, version = version + 1, latest_at = ${at}
    WHERE id IN ${inList(those.map(({ id }) => id))}
      AND (latest_at IS NULL OR latest_at < ${at})`.execute(db);
}
