import type { Db } from '../../shared/db.ts';
import { inSteps } from '../../shared/in-steps.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { earlier, hourMs, msBefore, startOf } from '../../shared/time.ts';
import { accrueHours, type Progress } from './accrue-hours.ts';
import { correctHours } from './corrections.ts';
import { countDays } from './count-days.ts';

/**
 * The room of savings: what instances cost by the hour, compared with the same workload on-demand, and the sums.
 * Owns the tables: cost_records, client_savings_daily, client_savings_monthly, savings_progress, savings_corrections, client_price_overlays, capacity_metrics, capacity_reads.
 */

/** Facts that arrive later than this, such as the end of an instance or an interruption, change nothing. */
const lateMs = 26 * hourMs;

/** How long to wait for the last prices of an hour: reports arrive every five minutes. */
const settleMs = 10 * 60_000;

/**
 * Accounts for the hours that have ended since the last run, hour by hour in batches of agents. If a run has no time
 * left, the next one continues it. Accounting for an hour again gives the same result, or a better one if more is
 * known.
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

/** Schedules the last 26 hours to be accounted for again, to include what has become known since. */
export async function accrueAgain(db: Db, _: RunTime, now: Date): Promise<number> {
  const { hour } = await readProgress(db, now);
  await saveProgress(db, { hour: earlier(hour, startOf(hourMs, msBefore(now, lateMs))), afterAgent: null });
  return 0;
}

/** Where to resume; a new system starts with the hour before its first run's. */
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
