import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { JobEvent, JobLambda, JobName, JobOf } from '../jobs.ts';
import { connect, type Db } from './db.ts';
import { logger } from './logger.ts';
import { minuteMs } from './time.ts';

/**
 * One job. It reads the state and writes the wanted one, so a run that is repeated, late or skipped does no harm.
 * @param now the time the run was due, not the clock's: a retried run decides as the first one did
 * @param remaining milliseconds the Lambda still has, for a job whose work may take longer than that
 * @returns how many rows it changed
 */
export type Job = (db: Db, now: Date, remaining: () => number) => Promise<number>;

/** A run that has not ended after this long was killed; the next one may start. */
const longestRunMs = 5 * minuteMs;

/**
 * A Lambda of jobs. Each job runs once at a time, by a row of `job_runs`, which also tells how its last run went.
 * Owns the tables: job_runs.
 */
export function jobHandler<L extends JobLambda>(run: Readonly<Record<JobOf<L>, Job>>) {
  const table = new Map(Object.entries<Job>(run));
  return async (event: JobEvent, context: Context): Promise<{ job: JobName; ran: boolean; rows?: number }> => {
    const { job } = event;
    const now = new Date(event.time);
    const work = table.get(job);
    if (!work || Number.isNaN(now.getTime()))
      throw new Error(`not a job of ours: ${JSON.stringify(event).slice(0, 200)}`);
    const remaining = () => context.getRemainingTimeInMillis();
    const { db } = connect(remaining);
    const token = randomUUID();
    if (!(await begin(db, job, now, token))) return { job, ran: false };
    try {
      const rows = await work(db, now, remaining);
      await end(db, job, token, now, { rowsChanged: rows, error: null });
      return { job, ran: true, rows };
    } catch (error) {
      logger.error('job failed', { job, error: error as Error });
      await end(db, job, token, now, { error: String(error).slice(0, 1000) });
      throw error; // Lambda repeats it once, and then puts it into the dead-letter queue
    }
  };
}

/** Takes the job's row, unless another run has it. Usually one statement. @returns whether it is ours */
async function begin(db: Db, job: JobName, now: Date, token: string): Promise<boolean> {
  if (await take(db, job, now, token)) return true;
  const row = await db.selectFrom('jobRuns').select('runToken').where('job', '=', job).executeTakeFirst();
  if (row) return row.runToken === token; // ours, if the statement was repeated after its answer was lost
  await db
    .insertInto('jobRuns')
    .values({ job })
    .onDuplicateKeyUpdate((eb) => ({ job: eb.ref('jobRuns.job') }))
    .execute();
  return take(db, job, now, token);
}

async function take(db: Db, job: JobName, now: Date, token: string): Promise<boolean> {
  const result = await db
    .updateTable('jobRuns')
    .set({ runningUntil: new Date(now.getTime() + longestRunMs), runToken: token, dueAt: now, startedAt: now })
    .where('job', '=', job)
    .where((eb) => eb.or([eb('runningUntil', 'is', null), eb('runningUntil', '<=', now)]))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

async function end(
  db: Db,
  job: JobName,
  token: string,
  now: Date,
  outcome: { rowsChanged?: number; error: string | null },
) {
  await db
    .updateTable('jobRuns')
    .set({ runningUntil: null, finishedAt: now, ...outcome })
    .where('job', '=', job)
    .where('runToken', '=', token)
    .execute();
}
