import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, minuteMs, msBefore, secondMs, startOf } from '../../shared/time.ts';

/** Signals of a pool within one period count as one loss. Pools lost in neighbouring periods were lost together. */
const periodMs = 10 * minuteMs;

const period = sql.lit(periodMs / secondMs);

/** SQL for the start of the period that a column's time is in; `bucketOfLoss` is the same for a `Date`. */
const bucketOf = (column: string) => sql<Date>`TIMESTAMPADD(SECOND,
  TIMESTAMPDIFF(SECOND, CAST('1970-01-01' AS DATETIME), ${sql.ref(column)}) DIV ${period} * ${period}, CAST('1970-01-01' AS DATETIME))`;

export const bucketOfLoss = (at: Date) => startOf(periodMs, at);

/** A signal is dated before its transaction commits, so each run looks back this far for ones the last run missed. */
const lateMs = 20 * minuteMs;

/** How many losses a run adds; the next run, a minute later, takes the rest. */
const most = 1000;

/** How far back a run looks if there is no loss yet: a pool's risk looks back a month. */
const firstMs = 32 * dayMs;

/**
 * Adds the losses from signals since the last run: three statements at most, none of which locks a signal's row. The
 * signals' own transactions do not write losses, because a thousand of one pool would wait for one row (docs/adr/0019). Each run resumes from the newest loss, so a late or repeated run neither misses nor duplicates any.
 * @returns how many losses are new
 */
export async function enterLosses(db: Db, now: Date): Promise<number> {
  const newest = await db
    .selectFrom('poolLosses')
    .select('bucket')
    .orderBy('bucket', 'desc')
    .limit(1)
    .executeTakeFirst();
  const since = newest ? msBefore(newest.bucket, lateMs) : msBefore(now, firstMs);
  const { rows } = await sql<{ poolId: string; bucket: Date }>`
    SELECT s.pool_id, s.bucket FROM (
      SELECT DISTINCT e.pool_id, ${bucketOf('e.created_at')} AS bucket
      FROM spot_interruption_events AS e FORCE INDEX (ix_spot_interruption_events_created_at)
      WHERE e.created_at >= ${since} AND e.pool_id IS NOT NULL) AS s
      LEFT JOIN pool_losses AS l ON l.pool_id = s.pool_id AND l.bucket = s.bucket
    WHERE l.pool_id IS NULL ORDER BY s.bucket, s.pool_id LIMIT ${sql.lit(most)}`.execute(db);
  if (rows.length === 0) return 0;
  await db
    .insertInto('poolLosses')
    .values(
      rows.toSorted((a, b) => (a.poolId < b.poolId ? -1 : a.poolId > b.poolId ? 1 : a.bucket < b.bucket ? -1 : 1)),
    )
    .onDuplicateKeyUpdate((eb) => ({ bucket: eb.ref('poolLosses.bucket') }))
    .execute();
  return rows.length;
}

/** How many periods since a time have a loss of the pool `p`. */
export const lossesSince = (since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** The newest period with a loss of the pool `p`. */
export const lastLoss = sql<Date | null>`(SELECT MAX(l.bucket) FROM pool_losses AS l WHERE l.pool_id = p.id)`;

/** How many hours since a time have a loss of the pool `p`: a pool's risk counts hours (docs/adr/0010). */
export const lossHoursSince = (since: Date) => sql<number>`(
  SELECT COUNT(DISTINCT DATE_FORMAT(l.bucket, '%Y%m%d%H')) FROM pool_losses AS l
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** How many periods with a loss of `p` since a time have one of `other` in them or next to them. Uses keys alone. */
export const jointLossesSince = (other: string | null, since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l
    LEFT JOIN pool_losses AS o ON o.pool_id = ${other ?? ''} AND o.bucket = l.bucket
    LEFT JOIN pool_losses AS b ON b.pool_id = ${other ?? ''} AND b.bucket = l.bucket - INTERVAL ${period} SECOND
    LEFT JOIN pool_losses AS a ON a.pool_id = ${other ?? ''} AND a.bucket = l.bucket + INTERVAL ${period} SECOND
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)} AND COALESCE(o.bucket, b.bucket, a.bucket) IS NOT NULL)`;
