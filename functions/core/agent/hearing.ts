import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { earlier, minuteMs, msBefore, msBetween, msSince } from '../../shared/time.ts';

/**
 * When we were there to hear agents. An agent is silent only while somebody listens: after an outage of our own nobody has
 * been heard of, and whoever beats first must not take that for the silence of all others (docs/adr/0026).
 */
export interface Hearing {
  /** When we came back from our last outage; `null` if there was none. */
  readonly since: Date | null;
  /** When we were last seen to work. */
  readonly until: Date;
}

/** Jobs run every minute. When none has for longer than this, we were away. */
const outageMs = 2.5 * minuteMs;

/** Between two runs of the job we count as present; less than an agent takes to be silent. */
const betweenRunsMs = 1.5 * minuteMs;

/**
 * For how long an instance has been silent while we could hear it, milliseconds; for ever, where it was never heard of.
 * @param hearing `undefined` while no job has run yet: then we are taken to have been there
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
 * Notes that we are there. A run that is repeated, or late, changes nothing.
 * @param now the schedule's time
 */
export async function noteHearing(db: Db, now: Date): Promise<void> {
  // In this order, for MySQL assigns from left to right: `heard_since` is decided on what `heard_until` was.
  await sql`
    INSERT INTO hearing (id, heard_since, heard_until) VALUES (1, NULL, ${now})
    ON DUPLICATE KEY UPDATE heard_since = IF(heard_until < ${msBefore(now, outageMs)}, ${now}, heard_since),
      heard_until = GREATEST(heard_until, ${now})`.execute(db);
}
