import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { minuteMs, msBefore, startOf } from '../../shared/time.ts';

/** Interruptions of a pool within this time are one loss, and two pools lost in neighbouring periods are lost together. */
const periodMs = 10 * minuteMs;

export const bucketOfLoss = (at: Date) => startOf(periodMs, at);

/** A notice is dated before its transaction commits: so far back one may appear that the last run did not see. */
const lateMs = 20 * minuteMs;

/** Losses that a run enters; the next run, a minute later, takes the rest. */
const most = 1000;

/**
 * Enters the losses that the notices since the last run tell of: three statements, of which none locks a notice. Notices do
 * not enter them themselves, as a thousand of one pool would wait for one row (docs/adr/0019). The newest loss says where
 * the last run ended, so a run that is late or repeated misses and doubles nothing.
 * @returns how many are new
 */
export async function enterLosses(db: Db): Promise<number> {
  const newest = await db
    .selectFrom('poolLosses')
    .select('bucket')
    .orderBy('bucket', 'desc')
    .limit(1)
    .executeTakeFirst();
  const since = newest ? msBefore(newest.bucket, lateMs) : new Date(0);
  const { rows } = await sql<{ poolId: string; bucket: Date }>`
    SELECT s.pool_id, s.bucket FROM (
      SELECT DISTINCT e.pool_id, CAST(CONCAT(LEFT(DATE_FORMAT(e.created_at, '%Y-%m-%d %H:%i'), 15), '0:00') AS DATETIME) AS bucket
      FROM spot_interruption_events AS e WHERE e.created_at >= ${since} AND e.pool_id IS NOT NULL) AS s
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

/** In how many periods since a time the pool `p` was lost. */
export const lossesSince = (since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** The same by the hour, which is what a pool's risk counts (docs/adr/0010). */
export const lossHoursSince = (since: Date) => sql<number>`(
  SELECT COUNT(DISTINCT DATE_FORMAT(l.bucket, '%Y%m%d%H')) FROM pool_losses AS l
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** In how many periods since a time the pool `p` was lost in the same or a neighbouring period as `other`: by key alone. */
export const jointLossesSince = (other: string | null, since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l
    LEFT JOIN pool_losses AS o ON o.pool_id = ${other ?? ''} AND o.bucket = l.bucket
    LEFT JOIN pool_losses AS b ON b.pool_id = ${other ?? ''} AND b.bucket = l.bucket - INTERVAL 10 MINUTE
    LEFT JOIN pool_losses AS a ON a.pool_id = ${other ?? ''} AND a.bucket = l.bucket + INTERVAL 10 MINUTE
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)} AND COALESCE(o.bucket, b.bucket, a.bucket) IS NOT NULL)`;
