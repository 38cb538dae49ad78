import { type RawBuilder, sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, hourMs, msAfter, msBefore, startOf } from '../../shared/time.ts';

/** Days per run: the one that has just ended, and earlier ones in case runs were missed. */
const days = 3;

/** Pools per statement. */
const poolsAtOnce = 500;

/** The longest gap that is filled, two hours, plus its neighbours. */
const reachMs = 3 * hourMs;

/** How a gap is filled, by its number of missing buckets, and with what confidence (protocol 9.3). */
const methods = {
  short: { least: 1, most: 2, name: 'linear', confidence: '0.85' },
  medium: { least: 3, most: 6, name: 'weighted', confidence: '0.75' },
  long: { least: 7, most: 24, name: 'cross-pool', confidence: '0.70' },
} as const;
type Method = (typeof methods)[keyof typeof methods];

/**
 * Fills gaps between observed prices of past days: one statement a day to find the pools with gaps, and three for every
 * 500 of these. A filled price never replaces an observed one; an observed price that arrives later replaces it. Prices
 * are not extrapolated at either end. Neither decisions nor savings read filled prices.
 * @returns how many buckets were filled
 */
export async function fillPriceGaps(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  let filled = 0;
  for (let n = 1; n <= days && hasTime(); n += 1) {
    const day = msBefore(startOf(dayMs, now), n * dayMs);
    for (const ids of chunks(await poolsWithGaps(db, day), poolsAtOnce))
      for (const statement of [fillShort(day, ids), fillMedium(day, ids), fillLong(day, ids)]) {
        const { numAffectedRows = 0n } = await statement.execute(db);
        filled += Number(numAffectedRows);
      }
  }
  return filled;
}

const seen = (alias: string, from: Date, to: Date) => sql`
  ${sql.ref(`${alias}.time_bucket`)} >= ${from} AND ${sql.ref(`${alias}.time_bucket`)} < ${to}
  AND ${sql.ref(`${alias}.interpolation_method`)} IS NULL`;

/** Observed prices around a day, each with the number `n` of missing buckets before the pool's next one. */
const neighbours = (day: Date, ids: readonly string[]) => sql`
  (SELECT s.pool_id, s.time_bucket AS low_at, s.spot_price AS low, s.ondemand_price,
     LEAD(s.spot_price) OVER (PARTITION BY s.pool_id ORDER BY s.time_bucket) AS high,
     TIMESTAMPDIFF(MINUTE, s.time_bucket, LEAD(s.time_bucket) OVER (PARTITION BY s.pool_id ORDER BY s.time_bucket)) DIV 5 - 1 AS n
   FROM pricing_snapshots_clean AS s
   WHERE s.pool_id IN ${inList(ids)} AND ${seen('s', msBefore(day, reachMs), msAfter(day, dayMs + reachMs))})`;

/** Pools with fewer prices around a day than buckets from their first to their last price: on most days none. */
async function poolsWithGaps(db: Db, day: Date): Promise<string[]> {
  const { rows } = await sql<{ poolId: string }>`
    SELECT s.pool_id FROM pricing_snapshots_clean AS s WHERE ${seen('s', msBefore(day, reachMs), msAfter(day, dayMs + reachMs))}
    GROUP BY s.pool_id HAVING COUNT(*) <= TIMESTAMPDIFF(MINUTE, MIN(s.time_bucket), MAX(s.time_bucket)) DIV 5
    ORDER BY s.pool_id`.execute(db);
  return rows.map(({ poolId }) => poolId);
}

/**
 * The missing buckets of a day, each as the `k`th of the `n` between its neighbours. In a gap across midnight, each
 * bucket belongs to its own day.
 */
const missing = (day: Date, ids: readonly string[], { least, most }: Method) => sql`
  (SELECT g.pool_id, g.low_at, g.low, g.high, g.ondemand_price, g.n, k.k, TIMESTAMPADD(MINUTE, 5 * k.k, g.low_at) AS at
   FROM ${neighbours(day, ids)} AS g
   INNER JOIN ${numbers} AS k ON k.k <= g.n
   WHERE g.n BETWEEN ${sql.lit(least)} AND ${sql.lit(most)}
     AND TIMESTAMPADD(MINUTE, 5 * k.k, g.low_at) >= ${day}
     AND TIMESTAMPADD(MINUTE, 5 * k.k, g.low_at) < ${msAfter(day, dayMs)})`;

const numbers = sql.raw(
  `(${Array.from({ length: methods.long.most }, (_, i) => `SELECT ${i + 1}${i === 0 ? ' AS k' : ''}`).join(' UNION ALL ')})`,
);

/** Inserts filled prices and keeps existing rows. @param found pool, time, price and on-demand price */
const enter = ({ name, confidence }: Method, found: RawBuilder<unknown>) => sql`
  INSERT IGNORE INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, ondemand_price, savings_percent, source_type,
    source_priority, confidence_score, interpolation_method, observed_at)
  SELECT f.pool_id, f.at, f.price, f.ondemand_price, ROUND((f.ondemand_price - f.price) / f.ondemand_price * 100, 2),
    'interpolated', 1, ${sql.lit(confidence)}, ${sql.lit(name)}, f.at
  FROM (${found}) AS f`;

const linear = sql`ROUND(m.low + (m.high - m.low) * m.k / (m.n + 1), 6)`;

/** Linear between the neighbours. */
const fillShort = (day: Date, ids: readonly string[]) =>
  enter(
    methods.short,
    sql`SELECT m.pool_id, m.at, ${linear} AS price, m.ondemand_price FROM ${missing(day, ids, methods.short)} AS m`,
  );

/**
 * The mean of the nearest six prices within an hour, weighted by 1 / distance. 1e0 because MySQL keeps only four
 * decimals when it divides integers.
 */
const fillMedium = (day: Date, ids: readonly string[]) =>
  enter(
    methods.medium,
    sql`SELECT w.pool_id, w.at, ROUND(SUM(w.spot_price * (1e0 / w.distance)) / SUM(1e0 / w.distance), 6) AS price, w.ondemand_price
      FROM (SELECT m.pool_id, m.at, m.ondemand_price, s.spot_price,
          ABS(TIMESTAMPDIFF(MINUTE, m.at, s.time_bucket)) AS distance,
          ROW_NUMBER() OVER (PARTITION BY m.pool_id, m.at
            ORDER BY ABS(TIMESTAMPDIFF(MINUTE, m.at, s.time_bucket)), s.time_bucket) AS place
        FROM ${missing(day, ids, methods.medium)} AS m
        INNER JOIN pricing_snapshots_clean AS s ON s.pool_id = m.pool_id AND s.interpolation_method IS NULL
          AND s.time_bucket >= TIMESTAMPADD(HOUR, -1, m.at) AND s.time_bucket <= TIMESTAMPADD(HOUR, 1, m.at)) AS w
      WHERE w.place <= 6 GROUP BY w.pool_id, w.at, w.ondemand_price`,
  );

/**
 * The price before the gap, moved by the median relative change of the type's other pools in the region that were
 * observed at both times. Linear between the neighbours if there are none.
 */
const fillLong = (day: Date, ids: readonly string[]) =>
  enter(
    methods.long,
    sql`SELECT m.pool_id, m.at, COALESCE(ROUND(m.low * (1 + c.change_median), 6), ${linear}) AS price, m.ondemand_price
      FROM ${missing(day, ids, methods.long)} AS m
      LEFT JOIN (
        SELECT r.pool_id, r.at, AVG(r.relative) AS change_median
        FROM (SELECT x.pool_id, x.at, (b.spot_price - a.spot_price) / a.spot_price AS relative,
            ROW_NUMBER() OVER (PARTITION BY x.pool_id, x.at ORDER BY (b.spot_price - a.spot_price) / a.spot_price, o.id) AS place,
            COUNT(*) OVER (PARTITION BY x.pool_id, x.at) AS pools
          FROM ${missing(day, ids, methods.long)} AS x
          INNER JOIN spot_pools AS p ON p.id = x.pool_id
          INNER JOIN spot_pools AS o ON o.instance_type = p.instance_type AND o.region = p.region AND o.id <> p.id
          INNER JOIN pricing_snapshots_clean AS a ON a.pool_id = o.id AND a.time_bucket = x.low_at AND a.interpolation_method IS NULL
          INNER JOIN pricing_snapshots_clean AS b ON b.pool_id = o.id AND b.time_bucket = x.at AND b.interpolation_method IS NULL) AS r
        WHERE r.place BETWEEN r.pools / 2 AND r.pools / 2 + 1 GROUP BY r.pool_id, r.at
      ) AS c ON c.pool_id = m.pool_id AND c.at = m.at`,
  );
