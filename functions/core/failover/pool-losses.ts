import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, minuteMs, msBefore, secondMs, startOf } from '../../shared/time.ts';

/** Interruptions of a pool within this time are one loss, and two pools lost in neighbouring periods are lost together. */
const periodMs = 10 * minuteMs;

const period = sql.lit(periodMs / secondMs);

/** The start of the period of a time that SQL knows; `bucketOfLoss` for one that we do. */
const bucketOf = (column: string) => sql<Date>`TIMESTAMPADD(SECOND,
  TIMESTAMPDIFF(SECOND, CAST('1970-01-01' AS DATETIME), ${sql.ref(column)}) DIV ${period} * ${period}, CAST('1970-01-01' AS DATETIME))`;

export const bucketOfLoss = (at: Date) => startOf(periodMs, at);

/** A notice is dated before its transaction commits: so far back one may appear that the last run did not see. */
const lateMs = 20 * minuteMs;

/** Losses that a run enters, or forgets; the next run, a minute later, takes the rest. */
const most = 1000;

/** Nobody asks for what was lost longer ago than the month of a pool's risk. */
const keptMs = 32 * dayMs;

/**
 * Enters the losses that the notices since the last run tell of, and forgets old ones: four statements, of which none locks
 * a notice. Notices do
 * not enter them themselves, as a thousand of one pool would wait for one row (docs/adr/0019). The newest loss says where
 * the last run ended, so a run that is late or repeated misses and doubles nothing.
 * @returns how many are new
 */
export async function enterLosses(db: Db, now: Date): Promise<number> {
  await sql`DELETE FROM pool_losses WHERE bucket < ${msBefore(now, keptMs)} ORDER BY bucket LIMIT ${sql.lit(most)}`.execute(
    db,
  );
  const newest = await db
    .selectFrom('poolLosses')
    .select('bucket')
    .orderBy('bucket', 'desc')
    .limit(1)
    .executeTakeFirst();
  const since = msBefore(newest?.bucket ?? msBefore(now, keptMs - lateMs), lateMs);
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

/** In how many periods since a time the pool `p` was lost. */
export const lossesSince = (since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** The newest period in which the pool `p` was lost. */
export const lastLoss = sql<Date | null>`(SELECT MAX(l.bucket) FROM pool_losses AS l WHERE l.pool_id = p.id)`;

/** The same by the hour, which is what a pool's risk counts (docs/adr/0010). */
export const lossHoursSince = (since: Date) => sql<number>`(
  SELECT COUNT(DISTINCT DATE_FORMAT(l.bucket, '%Y%m%d%H')) FROM pool_losses AS l
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)})`;

/** In how many periods since a time the pool `p` was lost in the same or a neighbouring period as `other`: by key alone. */
export const jointLossesSince = (other: string | null, since: Date) => sql<number>`(
  SELECT COUNT(*) FROM pool_losses AS l
    LEFT JOIN pool_losses AS o ON o.pool_id = ${other ?? ''} AND o.bucket = l.bucket
    LEFT JOIN pool_losses AS b ON b.pool_id = ${other ?? ''} AND b.bucket = l.bucket - INTERVAL ${period} SECOND
    LEFT JOIN pool_losses AS a ON a.pool_id = ${other ?? ''} AND a.bucket = l.bucket + INTERVAL ${period} SECOND
  WHERE l.pool_id = p.id AND l.bucket >= ${bucketOfLoss(since)} AND COALESCE(o.bucket, b.bucket, a.bucket) IS NOT NULL)`;
