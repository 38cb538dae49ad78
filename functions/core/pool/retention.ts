import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msAfter, msBefore, startOf } from '../../shared/time.ts';

/** Every price is kept for 30 days. After that only price changes are kept, for two years. */
const everyPriceMs = 30 * dayMs;

/** Days thinned out per run: the newest one, and earlier ones in case runs were missed. */
const days = 7;

/**
 * Keeps a day's first price of each pool and the prices that differ from the one before, because a price counts until
 * the next one. Deletes filled prices. One statement, idempotent.
 */
async function keepChanges(db: Db, day: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE p FROM pricing_snapshots_clean AS p
    INNER JOIN (
      SELECT pool_id, time_bucket, spot_price, interpolation_method,
        LAG(spot_price) OVER (PARTITION BY pool_id, interpolation_method IS NULL ORDER BY time_bucket) AS before_it
      FROM pricing_snapshots_clean WHERE time_bucket >= ${day} AND time_bucket < ${msAfter(day, dayMs)}
    ) AS x ON x.pool_id = p.pool_id AND x.time_bucket = p.time_bucket
    WHERE x.spot_price = x.before_it OR x.interpolation_method IS NOT NULL`.execute(db);
  return Number(numAffectedRows);
}

export const poolRetention: Retention = {
  'prices that did not change': async (db, { hasTime }, now) => {
    const newest = startOf(dayMs, msBefore(now, everyPriceMs + dayMs));
    let deleted = 0;
    for (let n = 0; n < days && hasTime(); n += 1) deleted += await keepChanges(db, msBefore(newest, n * dayMs));
    return deleted;
  },
  prices: inChunks(
    (now) =>
      sql`DELETE FROM pricing_snapshots_clean WHERE time_bucket < ${msBefore(now, 730 * dayMs)} ${limitOfDelete}`,
  ),
  // Last prices of pools that a tenant's agents no longer report.
  'prices of tenants': inChunks(
    (now) => sql`DELETE FROM tenant_pool_prices WHERE seen_at < ${msBefore(now, 30 * dayMs)} ${limitOfDelete}`,
  ),
};
