import type { Db } from '../../shared/db.ts';
import { inSteps } from '../../shared/in-steps.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { earlier, hourMs, msBefore, startOf } from '../../shared/time.ts';
import { accrueHours, type Progress } from './accrue-hours.ts';
import { correctHours } from './corrections.ts';
import { countDays } from './count-days.ts';

/**
 * The room of savings: what instances cost by the hour, against the same workload on-demand, and the sums of it.
 * Owns the tables: cost_records, client_savings_daily, client_savings_monthly, savings_progress, savings_corrections, client_price_overlays, capacity_metrics, capacity_reads.
 */

/** Facts that reach us later than this change nothing: an instance that ended, an interruption. */
const lateMs = 26 * hourMs;

/** What prices of an hour's end are waited for; reports come every five minutes. */
const settleMs = 10 * 60_000;

/**
 * Accounts for the hours that have ended since the last run, hour by hour and agent by agent; a run that has no time left is
 * continued by the next one. An hour that is accounted for again gives the same, or what is known better by now.
 * @returns how many instance hours were written
 */
export const accrueSavings = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'accounting for hours': (share) => accrueNewHours(db, share, now),
      'accounting for hours again': (share) => correct(db, share, now),
      'counting switches and instances': () => countDays(db, now),
    },
    time,
  );

async function accrueNewHours(db: Db, time: RunTime, now: Date): Promise<number> {
  const until = startOf(hourMs, msBefore(now, settleMs));
  return accrueHours(db, { from: await readProgress(db, now), until, time, save: (next) => saveProgress(db, next) });
}

const correct = async (db: Db, time: RunTime, now: Date): Promise<number> =>
  correctHours(db, { accrued: await readProgress(db, now), time });

/** Has the hours of the last day accounted for anew, with what has become known of them since. */
export async function accrueAgain(db: Db, _: RunTime, now: Date): Promise<number> {
  const { hour } = await readProgress(db, now);
  await saveProgress(db, { hour: earlier(hour, startOf(hourMs, msBefore(now, lateMs))), afterAgent: null });
  return 0;
}

/** Where to go on; a new system begins with the hour that its first run is in. */
async function readProgress(db: Db, now: Date): Promise<Progress> {
  const row = await db.selectFrom('savingsProgress').select(['accruedUntil', 'afterAgent']).executeTakeFirst();
  if (row) return { hour: row.accruedUntil, afterAgent: row.afterAgent };
  const accruedUntil = startOf(hourMs, msBefore(now, hourMs));
  await db
    .insertInto('savingsProgress')
    .values({ id: 1, accruedUntil, afterAgent: null })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('savingsProgress.id') }))
    .execute();
  return { hour: accruedUntil, afterAgent: null };
}

async function saveProgress(db: Db, { hour, afterAgent }: Progress): Promise<void> {
  await db.updateTable('savingsProgress').set({ accruedUntil: hour, afterAgent }).where('id', '=', 1).execute();
}
