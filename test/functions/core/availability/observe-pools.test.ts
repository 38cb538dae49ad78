import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Evidence, readEvidence } from '../../../../functions/core/availability/evidence.ts';
import { verdictOn } from '../../../../functions/core/availability/observe-pools.ts';
import { knownPool, type StoredPoolState } from '../../../../functions/core/availability/pool-states.ts';
import { enterLoss } from '../../../support/database/losses.ts';
import { Rig } from '../../../support/rig/rig.ts';

const at = (time: string) => new Date(`2026-03-02T${time}:00Z`);

describe('the verdict on a pool after ten minutes', () => {
  const nothing: Evidence = {
    poolId: 'p',
    running: 0,
    launches: 0,
    lastLaunchAt: null,
    refusals: 0,
    interruptions: 0,
    lastLossAt: null,
  };
  it.each<[string, Partial<Evidence>, boolean | undefined]>([
    ['nothing was met: unknown, which is not up', {}, undefined],
    ['an agent ran there', { running: 1 }, true],
    ['an instance was launched', { launches: 1, lastLaunchAt: at('10:01') }, true],
    ['a launch was refused', { refusals: 1, lastLossAt: at('10:01') }, false],
    [
      'a launch was refused, and a later one was not',
      { refusals: 1, lastLossAt: at('10:01'), launches: 1, lastLaunchAt: at('10:02') },
      true,
    ],
    [
      'a launch was refused after one that was not',
      { refusals: 1, lastLossAt: at('10:03'), launches: 1, lastLaunchAt: at('10:02') },
      false,
    ],
    ['all that ran were taken', { interruptions: 3, lastLossAt: at('10:01') }, false],
    ['one of ten was taken', { running: 9, interruptions: 1, lastLossAt: at('10:01') }, true],
    ['most of ten were taken', { running: 4, interruptions: 6, lastLossAt: at('10:01') }, false],
    ['a launch was refused where others run on', { running: 9, refusals: 1, lastLossAt: at('10:01') }, false],
  ])('%s', (_, evidence, isUp) => expect(verdictOn({ ...nothing, ...evidence })).toBe(isUp));
});

describe('the job that observes pools', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  const rowsOf = (pool: string) =>
    rig.db
      .selectFrom('poolAvailability')
      .select(['bucket', 'isUp', 'running', 'launches', 'refusals', 'interruptions'])
      .where('poolId', '=', pool)
      .orderBy('bucket')
      .execute();
  const stateOf = async (pool: string) =>
    (await rig.db.selectFrom('poolStates').selectAll().where('poolId', '=', pool).executeTakeFirst()) as unknown as
      | StoredPoolState
      | undefined;
  /** Runs the job every ten minutes until this time. */
  const runUntil = async (end: Date) => {
    for (let now = rig.clock.now(); now <= end; now = new Date(now.getTime() + 600_000)) {
      rig.clock.set(now);
      await rig.runJob('observe-pools');
    }
  };

  it('counts what agents of all tenants met, once per pool and period, even if it runs again', async () => {
    rig.clock.set(at('10:02'));
    const type = 'seen.large';
    for (const _ of ['one tenant', 'another']) await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
    await rig.primary({ type, mode: 'ondemand', az: 'us-east-1b' });
    const failed = {
      completedAt: at('10:05'),
      createdAt: at('10:05'),
      status: 'failed',
      createdBy: 'x',
      triggerType: 'model',
    };
    for (const [az, code] of [
      ['c', 'InsufficientInstanceCapacity'],
      ['d', 'VcpuLimitExceeded'],
    ])
      await rig.db
        .insertInto('commands')
        .values({
          id: randomUUID(),
          clientId: 'c',
          agentId: randomUUID(),
          commandType: 'switch',
          targetMode: 'spot',
          targetPoolId: `${type}.us-east-1${az}`,
          message: `An error occurred (${code}) when calling the RunInstances operation`,
          ...failed,
          status: 'failed',
        })
        .execute();
    rig.clock.set(at('10:11'));
    for (const _ of ['once', 'again']) await rig.runJob('observe-pools');
    expect(await rowsOf(`${type}.us-east-1a`)).toEqual([
      { bucket: at('10:00'), isUp: true, running: 2, launches: 2, refusals: 0, interruptions: 0 },
    ]);
    expect(await rowsOf(`${type}.us-east-1b`)).toEqual([]);
    expect(await rowsOf(`${type}.us-east-1c`)).toMatchObject([{ isUp: false, refusals: 1 }]);
    expect(await rowsOf(`${type}.us-east-1d`)).toEqual([]); // the tenant's own quota
    const known = knownPool(await stateOf(`${type}.us-east-1a`), null, at('10:12'));
    expect(known).toMatchObject({ availability: 'up', isObserved: true, history: { upHours: 1 / 6, drops1h: 0 } });
    expect(knownPool(await stateOf(`${type}.us-east-1d`), null, at('10:12'))).toMatchObject({
      availability: 'unknown',
      isObserved: false,
    });
  });

  it('continues the stored state of a pool: its spells, losses and unseen time', async () => {
    const type = 'spell.large';
    const pool = `${type}.us-east-1a`;
    rig.clock.set(at('12:01'));
    const instance = await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
    rig.clock.set(at('12:10'));
    await runUntil(at('13:00'));
    expect(await rowsOf(pool)).toHaveLength(6);
    rig.clock.set(at('13:05'));
    await instance.terminationImminent();
    rig.clock.set(at('13:10'));
    await runUntil(at('13:40'));
    // Nobody runs there any more, and nobody tried.
    expect(await rowsOf(pool)).toHaveLength(7);
    const history = { drops1h: 1, drops7d: 1, upHours7d: 1, previousUpHours: 1, upHours: 0 };
    expect(knownPool(await stateOf(pool), null, at('13:12'))).toMatchObject({ availability: 'down', history });
    expect(knownPool(await stateOf(pool), null, at('13:42'))).toMatchObject({
      availability: 'unknown',
      isObserved: true,
      history: { ...history, unseenHours: 0.5 },
    });
    const later = knownPool(await stateOf(pool), null, new Date('2026-03-03T14:00:00Z'));
    expect(later).toMatchObject({ isObserved: false, history: { drops1h: 0, drops24h: 0, drops7d: 1 } });
  });

  it('takes a loss into account that no run has observed yet', async () => {
    const type = 'fresh.large';
    rig.clock.set(at('15:01'));
    await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
    rig.clock.set(at('15:11'));
    await rig.runJob('observe-pools');
    const state = await stateOf(`${type}.us-east-1a`);
    expect(knownPool(state, at('15:12'), at('15:13'))).toMatchObject({ availability: 'down', history: { drops1h: 1 } });
    expect(knownPool(state, at('15:05'), at('15:13'))).toMatchObject({ availability: 'up' });
  });

  it('catches up with the last hour that it missed, and leaves earlier periods unknown', async () => {
    rig.clock.set(new Date('2026-03-04T10:05:00Z'));
    const instance = await rig.primary({ type: 'late.large', mode: 'spot', az: 'us-east-1a' });
    await rig.runJob('observe-pools');
    rig.clock.set(new Date('2026-03-04T14:05:00Z'));
    await instance.heartbeat();
    await rig.runJob('observe-pools');
    const rows = await rowsOf('late.large.us-east-1a');
    expect(rows.map(({ bucket }) => bucket.toISOString().slice(11, 16))).toEqual([
      '13:00',
      '13:10',
      '13:20',
      '13:30',
      '13:40',
      '13:50',
    ]);
  });

  it('counts a refused launch of a standby only if it was tried', async () => {
    rig.clock.set(new Date('2026-03-04T17:02:00Z'));
    const refused = async (type: string, launchClaimedAt: Date | null) => {
      const agent = await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
      await agent.report(1, { 'us-east-1b': 0.3 });
      await agent.request('POST', '/manual-replica/enable'); // makes one
      const made = rig.db.selectFrom('replicaInstances').where('agentId', '=', agent.agentId);
      const { id, poolId } = await made.select(['id', 'poolId']).executeTakeFirstOrThrow();
      await rig.db.updateTable('replicaInstances').set({ launchClaimedAt }).where('id', '=', id).execute();
      await agent.replicaStatus(id, 'failed', { error_message: 'InsufficientInstanceCapacity' });
      return poolId!;
    };
    const untried = await refused('untried.large', null);
    const tried = await refused('tried.large', rig.clock.now());
    rig.clock.set(new Date('2026-03-04T17:11:00Z'));
    await rig.runJob('observe-pools');
    expect(await rowsOf(untried)).toEqual([]);
    expect(await rowsOf(tried)).toMatchObject([{ isUp: false, refusals: 1 }]);
  });

  it('reads thousands of pools with the longest names, each with an agent', async () => {
    const [from, to] = [new Date('2026-03-05T10:00:00Z'), new Date('2026-03-05T10:10:00Z')];
    const digits = sql`(SELECT 0 AS d ${sql.raw('UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9')})`;
    await sql`INSERT INTO agents (id, client_id, logical_agent_id, status, created_at, updated_at, current_mode, current_pool_id, primary_changed_at)
      SELECT CONCAT('many-', n), 'many', n, 'online', ${from}, ${from}, 'spot', RPAD(LPAD(n DIV 2, 64, 'x'), 110, 'y'), ${from}
      FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
        FROM ${digits} AS a, ${digits} AS b, ${digits} AS c, ${digits} AS e, ${digits} AS f) AS numbers
      WHERE n < 13001`.execute(rig.db);
    const evidence = await readEvidence(rig.db, { from, to });
    await rig.db.deleteFrom('agents').where('clientId', '=', 'many').execute();
    const ofMany = evidence.filter(({ poolId }) => poolId.startsWith('xxx'));
    const numbers = new Map(ofMany.map((one) => [Number(/\d+/.exec(one.poolId)), one]));
    expect([ofMany.length, numbers.size]).toEqual([6501, 6501]);
    expect(numbers.get(0)).toMatchObject({ running: 2, launches: 0, lastLaunchAt: null, lastLossAt: null });
    expect(numbers.get(6500)).toMatchObject({ running: 1 });
  });

  it('stores nothing that tells whose agents they were', async () => {
    await enterLoss(rig.db, { poolId: 'loss.large.us-east-1a', at: rig.clock.now() });
    rig.pass(1200);
    await rig.runJob('observe-pools');
    const rows = await rig.db.selectFrom('poolAvailability').selectAll().execute();
    expect(rows.length).toBeGreaterThan(5);
    expect(Object.keys(rows[0]!).sort()).toEqual(
      ['bucket', 'interruptions', 'isUp', 'launches', 'poolId', 'refusals', 'running'].sort(),
    );
  });
});
