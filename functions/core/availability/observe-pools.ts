import type { Db } from '../../shared/db.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { minuteMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { type Evidence, type Observation, readEvidence } from './evidence.ts';
import { periodMs } from './period.ts';
import { saveObservations } from './pool-states.ts';

/**
 * The room of what is known of pools' capacity: up, down, or unknown, by ten minutes, from what the agents of all tenants met.
 * Only counts are kept, and nobody's name.
 * Owns the tables: pool_availability, pool_states.
 */

/** What no run has observed for longer stays unknown: who ran then can no longer be told. */
const longestMissedMs = 60 * minuteMs;

/**
 * Whether a pool had capacity, from what was met of it; `undefined` where that says nothing, which is not "up". A launch after
 * the last refusal shows that there is capacity again. An interruption alone does not mean that the pool is lost, where
 * most of its instances run on.
 */
export function verdictOn({
  running,
  lastLaunchAt,
  refusals,
  interruptions,
  lastLossAt,
}: Evidence): boolean | undefined {
  if (lastLossAt !== null && (refusals > 0 || interruptions >= running))
    return lastLaunchAt !== null && lastLaunchAt > lastLossAt;
  return running > 0 || lastLaunchAt !== null ? true : undefined;
}

/**
 * Observes each pool in the periods that have ended since the last run: six statements a period, and one more for each few hundred
 * pools, however many agents are in them (docs/adr/0058). A run that is repeated writes the same; what a late one missed is
 * unknown.
 * @returns how many pools it observed, once for each period
 */
export async function observePools(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  let observed = 0;
  for (
    let period = await firstPeriod(db, now);
    msAfter(period, periodMs) <= now && hasTime();
    period = msAfter(period, periodMs)
  ) {
    const evidence = await readEvidence(db, { from: period, to: msAfter(period, periodMs) });
    const observations = evidence.flatMap((one): Observation[] => {
      const isUp = verdictOn(one);
      return isUp === undefined ? [] : [{ ...one, isUp }];
    });
    await saveObservations(db, period, observations);
    observed += observations.length;
  }
  return observed;
}

async function firstPeriod(db: Db, now: Date): Promise<Date> {
  const newest = await db
    .selectFrom('poolAvailability')
    .select('bucket')
    .orderBy('bucket', 'desc')
    .limit(1)
    .executeTakeFirst();
  const earliest = startOf(periodMs, msBefore(now, longestMissedMs));
  const next = newest ? msAfter(newest.bucket, periodMs) : earliest;
  return next > earliest ? next : earliest;
}
