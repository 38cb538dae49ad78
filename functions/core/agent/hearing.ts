import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { earlier, minuteMs, msBefore, msBetween, msSince } from '../../shared/time.ts';

/**
 * When the control plane was up to receive heartbeats. Silence counts only while it was: after an outage of our own
 * nobody has been heard of, and the first agent to send a heartbeat must not take that for the silence of all others
 * (docs/adr/0026).
 */
export interface Hearing {
  /** When we came back from our last outage; `null` if there was none. */
  readonly since: Date | null;
  /** When we were last known to be up. */
  readonly until: Date;
}

/** Jobs run every minute. A gap longer than this between runs counts as an outage. */
const outageMs = 2.5 * minuteMs;

/** How long we count as up after a run of the job; shorter than the heartbeat timeout. */
const betweenRunsMs = 1.5 * minuteMs;

/**
 * How long an instance has been silent while we were up, in milliseconds; infinite if it was never heard of.
 * @param hearing `undefined` before the job's first run: we then count as having been up all the time
 */
export function silentMs(lastHeard: Date | null, hearing: Hearing | undefined, now: Date): number {
  if (lastHeard === null || !hearing) return msSince(lastHeard, now);
  const from = hearing.since && hearing.since > lastHeard ? hearing.since : lastHeard;
  const to = msBetween(hearing.until, now) > betweenRunsMs ? earlier(hearing.until, now) : now;
  return Math.max(0, msBetween(from, to));
}

/** One statement. */
export async function readHearing(db: Db): Promise<Hearing | undefined> {
  const row = await db
    .selectFrom('hearing')
    .select(['heardSince', 'heardUntil'])
    .where('id', '=', 1)
    .executeTakeFirst();
  return row && { since: row.heardSince, until: row.heardUntil };
}

/**
 * Records that we are up. A repeated or late run changes nothing.
 * @param now the scheduled time
 */
export async function noteHearing(db: Db, now: Date): Promise<void> {
  // The order matters: MySQL assigns from left to right, and `heard_since` depends on the old `heard_until`.
  await sql`
    INSERT INTO hearing (id, heard_since, heard_until) VALUES (1, NULL, ${now})
    ON DUPLICATE KEY UPDATE heard_since = IF(heard_until < ${msBefore(now, outageMs)}, ${now}, heard_since),
      heard_until = GREATEST(heard_until, ${now})`.execute(db);
}
