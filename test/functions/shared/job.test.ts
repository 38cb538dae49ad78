import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { coordinateReplicas } from '../../../functions/core/failover/coordinate.ts';
import { type JobEvent, type JobName, type JobOf, jobs } from '../../../functions/jobs.ts';
import { lambdas } from '../../../functions/lambdas.ts';
import { databaseEnv } from '../../../functions/shared/env.ts';
import { inSteps } from '../../../functions/shared/in-steps.ts';
import { jobHandler } from '../../../functions/shared/job.ts';
import { type RunTime, runTime } from '../../../functions/shared/run-time.ts';
import { connectToRig } from '../../support/database/beside.ts';
import { Rig } from '../../support/rig/rig.ts';
import { failoverScenes } from '../../support/scenes/failover-scenes.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const timeoutMs = lambdas.jobs.timeoutSeconds * 1000;
const row = () => rig.db.selectFrom('jobRuns').selectAll().where('job', '=', 'decide').executeTakeFirstOrThrow();

/** The same function for every job of the Lambda. */
const allJobs = (work: (name: JobName) => Promise<number>) =>
  Object.fromEntries(Object.keys(jobs).map((name) => [name, () => work(name as JobName)])) as Readonly<
    Record<JobOf<'jobs'>, () => Promise<number>>
  >;

describe('a run that is killed', () => {
  beforeEach(async () => {
    await rig.db.deleteFrom('jobRuns').execute();
  });

  const ran: string[] = [];
  /** Called once the run that is to be killed is at work. */
  let kill: (() => void) | undefined;
  const work = async (name: JobName) => {
    if (kill) {
      kill();
      return new Promise<never>(() => {});
    }
    ran.push(name);
    return 7;
  };
  const handler = jobHandler<'jobs'>(allJobs(work));
  const event = (minute: number): JobEvent => ({
    job: 'decide',
    time: new Date(rig.clock.now().getTime() + minute * 60_000).toISOString(),
  });
  /** Like Lambda: the retry of a run has the same request ID. */
  const deliver = (minute: number, awsRequestId: string) =>
    handler(event(minute), { awsRequestId, getRemainingTimeInMillis: () => timeoutMs } as Context);
  /** Begins a run that never ends. */
  async function killed(minute: number, awsRequestId: string) {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    kill = resolve;
    void deliver(minute, awsRequestId);
    await begun;
    kill = undefined;
  }

  it('is retried by its own repetition, which does the work before it reports success', async () => {
    await killed(0, 'a');
    expect(await deliver(0, 'a')).toEqual({ job: 'decide', ran: true, rows: 7 });
    expect(await row()).toMatchObject({ abandonedRuns: 1, runningUntil: null, rowsChanged: 7 });
  });

  it('blocks other runs while it may still be running, and no longer', async () => {
    await killed(0, 'a');
    expect(await deliver(1, 'b')).toMatchObject({ ran: false });
    expect(await deliver(2, 'c')).toMatchObject({ ran: true });
    expect(timeoutMs).toBeLessThan(2 * 60_000);
  });

  it('is counted once and dated', async () => {
    await killed(0, 'a');
    await deliver(2, 'b');
    await deliver(3, 'c');
    expect(await row()).toMatchObject({ abandonedRuns: 1, abandonedAt: new Date(event(2).time) });
  });

  it('is not followed by an older run that is delivered late', async () => {
    await deliver(5, 'a');
    const before = ran.length;
    expect(await deliver(4, 'b')).toMatchObject({ ran: false });
    expect(ran.length).toBe(before);
  });

  it('is the only one: a second delivery of the same event does nothing', async () => {
    await killed(0, 'a');
    expect(await deliver(0, 'b')).toMatchObject({ ran: false });
  });

  it('is not confused with one that took its lease in a statement whose response was lost', async () => {
    await deliver(0, 'a');
    const calls = rig.controlPlane.dataApi.calls;
    rig.faults.inject({ error: 'ServiceUnavailableError', when: 'after' });
    expect(await deliver(1, 'b')).toMatchObject({ ran: true });
    // The statement, its retry, a read of the row, and the lease given back.
    expect(rig.controlPlane.dataApi.calls - calls).toBe(4);
    expect(await row()).toMatchObject({ abandonedRuns: 0, runningUntil: null });
  });

  it('is not what a copy of its statement makes of a run, when the copy is executed after its end', async () => {
    const { dataApi } = rig.controlPlane;
    const calls: { readonly sql?: string | undefined; readonly parameters?: unknown }[] = [];
    dataApi.onCall = ({ sql, parameters }) => void calls.push({ sql, parameters });
    await deliver(0, 'a');
    calls.length = 0;
    await deliver(1, 'b');
    dataApi.onCall = undefined;
    const { DATABASE_ARN: resourceArn, DATABASE_SECRET_ARN: secretArn, DATABASE_NAME: database } = databaseEnv();
    const body = JSON.stringify({ ...calls[0], resourceArn, secretArn, database });
    expect((await fetch(`${dataApi.url}/Execute`, { method: 'POST', body })).status).toBe(200);
    expect(await row()).toMatchObject({ runningUntil: null });
    expect(await deliver(2, 'c')).toMatchObject({ ran: true });
  });

  it('costs other runs nothing: one statement takes a lease, and one gives it back', async () => {
    await deliver(0, 'a');
    const calls = rig.controlPlane.dataApi.calls;
    await deliver(1, 'b');
    expect(rig.controlPlane.dataApi.calls - calls).toBe(2);
  });

  it('or fails is run again by its repetition', async () => {
    const failing = jobHandler<'jobs'>({
      ...allJobs(async () => 0),
      decide: () => (ran.push('decide') % 2 === 1 ? Promise.reject(new Error('no')) : Promise.resolve(1)),
    });
    ran.length = 0;
    const context = { awsRequestId: 'a', getRemainingTimeInMillis: () => timeoutMs } as Context;
    await expect(failing(event(0), context)).rejects.toThrow('no');
    expect(await failing(event(0), context)).toMatchObject({ ran: true });
    expect(await row()).toMatchObject({ abandonedRuns: 0, error: null });
  });
});

describe('steps of a job', () => {
  const scenes = failoverScenes(
    () => rig,
    () => tenant,
  );
  let tenant: Awaited<ReturnType<Rig['tenant']>>;
  beforeAll(async () => {
    tenant = await rig.tenant();
  });

  it('are done even if one before them fails, and the job still reports the failure', async () => {
    const instance = await scenes.primary();
    await instance.set({ autoSwitchEnabled: false, manualReplicaEnabled: true });
    const overdue = await scenes.primary();
    await overdue.addReplica({ createdAt: new Date(rig.clock.now().getTime() - 15 * 60_000) });
    const beside = await connectToRig();
    await beside.query('RENAME TABLE hearing TO hearing_away');
    try {
      await expect(rig.runJob('coordinate-replicas')).rejects.toThrow(/1 of 6 steps failed: ending standbys: /);
    } finally {
      await beside.query('RENAME TABLE hearing_away TO hearing');
      await beside.end();
    }
    expect(await scenes.active(instance)).toHaveLength(1);
    const { error } = await rig.db
      .selectFrom('jobRuns')
      .select('error')
      .where('job', '=', 'coordinate-replicas')
      .executeTakeFirstOrThrow();
    expect(error).toMatch(/ending standbys/);
  });

  it('have an equal share of the time left, and what one leaves goes to the others', async () => {
    let left = 100_000;
    const had: number[] = [];
    const spend = (most: number) => async (time: RunTime) => {
      const before = left;
      while (time.hasTime() && before - left < most) left -= 1000;
      return had.push(before - left);
    };
    await inSteps(
      { a: spend(1e9), b: spend(0), c: spend(1e9), d: spend(1e9) },
      runTime(() => left),
    );
    // 10 s are kept for a last turn.
    expect(had).toEqual([23_000, 0, 34_000, 33_000]);
  });

  it('begin nothing when no time is left', async () => {
    const instance = await scenes.primary();
    await instance.set({ autoSwitchEnabled: false, manualReplicaEnabled: true });
    expect(
      await coordinateReplicas(
        rig.db,
        runTime(() => 0),
        rig.clock.now(),
      ),
    ).toBe(0);
    expect(await scenes.active(instance)).toEqual([]);
  });
});

it('every Lambda of jobs has a timeout of less than two minutes', async () => {
  for (const { runsIn } of Object.values(jobs)) expect(lambdas[runsIn].timeoutSeconds).toBeLessThan(120);
});
