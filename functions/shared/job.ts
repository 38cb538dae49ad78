import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { JobEvent, JobLambda, JobName, JobOf } from '../jobs.ts';
import { abandonedRun } from './alarm-lines.ts';
import { sayUsage } from './data-api/usage.ts';
import { connect, type Db } from './db.ts';
import { logger } from './logger.ts';
import { emit } from './metrics.ts';
import { type RunTime, runTime } from './run-time.ts';
import { msAfter, msSince, secondMs } from './time.ts';

/**
 * One job. It reads the state and writes the desired one, so a run that is repeated, late or skipped does no harm.
 * @param time checked in every loop: a run that is killed loses what it was doing
 * @param now when the run was due, not the clock's time: a retried run decides as the first one did
 * @returns how many rows it changed
 */
export type Job = (db: Db, time: RunTime, now: Date) => Promise<number>;

/** A run is killed at its function's timeout. Its lease ends this much later, and then the next run takes over. */
const leaseMarginMs = 5 * secondMs;

/** Kept back to record how the run went. */
const endMs = 3 * secondMs;

/**
 * A Lambda handler that runs jobs. Each job runs once at a time, under a lease on a row of its own, which also records
 * how its last run went (docs/adr/0032).
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
    const request = context.awsRequestId;
    const lease = {
      job,
      request,
      token: `${request} ${randomUUID()}`,
      until: msAfter(now, remaining() + leaseMarginMs),
    };
    if (!(await takeLease(db, lease, now))) return { job, ran: false };
    // The only use of the clock: how late a run is cannot be an input.
    const lag = { JobLag: Math.max(0, msSince(now, new Date())) };
    try {
      const rows = await work(
        db,
        runTime(() => remaining() - endMs),
        now,
      );
      await end(db, lease, { rowsChanged: rows, error: null }, now);
      emit({ ...lag, JobFailures: 0 }, { job });
      return { job, ran: true, rows };
    } catch (error) {
      emit({ ...lag, JobFailures: 1 }, { job });
      logger.error('job failed', { job, error: error as Error });
      await end(db, lease, { error: String(error).slice(0, 1000) }, now);
      throw error; // Lambda retries it once, then sends it to the dead-letter queue
    } finally {
      sayUsage(now);
    }
  };
}

interface Lease {
  readonly job: JobName;
  /** Lambda retries a failed event with the same id, and only after its first run has ended. */
  readonly request: string;
  /** Identifies the run; starts with its request. */
  readonly token: string;
  readonly until: Date;
}

/**
 * Takes the job's row unless another run holds it or a later run has already held it. One statement, if the run before
 * gave it back, as nearly all do.
 * @returns whether it is ours
 */
async function takeLease(db: Db, lease: Lease, now: Date): Promise<boolean> {
  const result = await db
    .updateTable('jobRuns')
    .set(taken(lease, now))
    .where('job', '=', lease.job)
    .where('runningUntil', 'is', null)
    .where((eb) => eb.or([eb('dueAt', 'is', null), eb('dueAt', '<=', now)]))
    // A copy of this statement that is executed late, after its run has ended, must not take the lease for nobody.
    .where((eb) => eb.or([eb('runToken', 'is', null), eb('runToken', '<>', lease.token)]))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n || takeOver(db, lease, now);
}

const taken = ({ token, until }: Lease, now: Date) => ({
  runningUntil: until,
  runToken: token,
  dueAt: now,
  startedAt: now,
});

/**
 * Takes a lease that `takeLease` could not take at once. A lease that was never given back, because its run was killed,
 * is counted and logged, which raises an alarm. The retry of that run takes it at once, any other run once it expires.
 */
async function takeOver(db: Db, lease: Lease, now: Date): Promise<boolean> {
  const row = await readLease(db, lease.job);
  if (row.runToken === lease.token) return true; // the statement was repeated after its response was lost
  if (row.dueAt !== null && row.dueAt > now) return false;
  const isOurs = row.runToken?.startsWith(`${lease.request} `);
  if (!isOurs && row.runningUntil !== null && row.runningUntil > now) return false;
  const isAbandoned = row.runningUntil !== null;
  const result = await db
    .updateTable('jobRuns')
    .set((eb) => ({
      ...taken(lease, now),
      ...(isAbandoned && { abandonedRuns: eb('abandonedRuns', '+', 1), abandonedAt: now }),
    }))
    .where('job', '=', lease.job)
    .where((eb) => (row.runToken === null ? eb('runToken', 'is', null) : eb('runToken', '=', row.runToken)))
    .executeTakeFirst();
  // If nothing was updated, another run was faster, or the statement was repeated after its response was lost.
  if (result.numUpdatedRows === 0n && (await readLease(db, lease.job)).runToken !== lease.token) return false;
  if (isAbandoned) logger.error(abandonedRun, { job: lease.job, dueAt: row.dueAt });
  return true;
}

async function readLease(db: Db, job: JobName) {
  const columns = ['runToken', 'dueAt', 'runningUntil'] as const;
  const row = await db.selectFrom('jobRuns').select(columns).where('job', '=', job).executeTakeFirst();
  if (row) return row;
  await db
    .insertInto('jobRuns')
    .values({ job })
    .onDuplicateKeyUpdate((eb) => ({ job: eb.ref('jobRuns.job') }))
    .execute();
  return { runToken: null, dueAt: null, runningUntil: null };
}

async function end(
  db: Db,
  { job, token }: Lease,
  outcome: { rowsChanged?: number; error: string | null },
  now: Date,
): Promise<void> {
  await db
    .updateTable('jobRuns')
    .set({ runningUntil: null, finishedAt: now, ...outcome })
    .where('job', '=', job)
    .where('runToken', '=', token)
    .execute();
}
