import type { Db } from '../../shared/db.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { minuteMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { type Evidence, type Observation, readEvidence } from './evidence.ts';
import { periodMs } from './period.ts';
import { saveObservations } from './pool-states.ts';

/**
 * The room of pools' capacity: up, down or unknown for each ten minutes, as agents of all tenants observed it. Only
 * counts are kept, and nobody's name.
 * Owns the tables: pool_availability, pool_states.
 */

/** Periods missed for longer than this stay unknown: nobody can tell any more which agents ran then. */
const longestMissedMs = 60 * minuteMs;

/**
 * Whether a pool had capacity, judged by the evidence; `undefined` if that says nothing, which is not "up". A launch
 * after the last loss shows that there is capacity again. Interruptions alone do not mean that the pool is down while
 * more agents than were interrupted still run in it.
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
 * Observes each pool in the periods that have ended since the last run. Five statements for each period and three more
 * for each 400 pools, however many agents are in them (docs/adr/0058). A repeated run writes the same; what a late run
 * missed stays unknown.
 * @returns how many pools it observed, each counted once per period
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
