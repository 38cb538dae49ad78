import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { knownPool } from '../../../../functions/core/availability/pool-states.ts';
import type { HazardModel, ToldHazards } from '../../../../functions/core/decision/hazard-model.ts';
import { PoolHistoryTracker } from '../../../../functions/core/decision/policy-a/pool-history.ts';
import type { PoolRisk } from '../../../../functions/core/risk/pool-risk.ts';
import { ratePools } from '../../../../functions/core/risk/rate-pools.ts';
import { onnxGraph } from '../../../../layers/model/onnx-graph.ts';
import { DataApiError } from '../../../../local/aws/data-api/errors.ts';
import { activateModel } from '../../../support/models/activate-model.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());
/** Each test has a market of its own. */
const emptied = ['agents', 'instances', 'poolStates', 'poolRisks', 'riskCalibration', 'modelSessions'] as const;
beforeEach(async () => {
  for (const table of emptied) await rig.db.deleteFrom(table).execute();
});

/** Passes so many periods of ten minutes, each with a report of the agent, and observes each. */
async function periods(count: number, agent: Agent): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    rig.pass(600);
    await agent.heartbeat();
    await rig.runJob('observe-pools');
  }
}

type Agent = Awaited<ReturnType<Rig['primary']>>;
let types = 0;

/** An agent on Spot in the first of two pools of a type of its own. */
async function onSpot(): Promise<Agent> {
  types += 1;
  const agent = await rig.primary({ type: `risk-${types}.large`, mode: 'spot', az: 'us-east-1a' });
  await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.4 });
  await trust(`risk-${types}.large`);
  return agent;
}

/** Gives the type's pools a price that every tenant may rely on. */
const trust = (instanceType: string) =>
  rig.db.updateTable('spotPools').set({ latestPrice: '0.300000' }).where('instanceType', '=', instanceType).execute();

const rowOf = async () => {
  const row = await rig.db
    .selectFrom('poolRisks')
    .selectAll()
    .where('poolId', '=', `risk-${types}.large.us-east-1a`)
    .executeTakeFirst();
  return row && { ...row, state: row.state as unknown as PoolRisk };
};

/** The chances that C16 shows, by zone. */
async function shown({ id, tenant }: Agent) {
  const path = `/api/client/instances/${id}/available-options`;
  const { body } = await rig.request('GET', path, { token: tenant.token });
  return Object.fromEntries(
    body.pools.map((pool: { az: string; lossChances: unknown }) => [pool.az, pool.lossChances]),
  );
}

const calibration = async () =>
  (await rig.asAdmin('GET', '/api/admin/system-health')).body.decisionEngineStatus.calibration;

it('people see the chances of a pool that agents see up, for half an hour after it was rated', async () => {
  const agent = await onSpot();
  expect(await shown(agent)).toEqual({ 'us-east-1a': null, 'us-east-1b': null });
  await periods(1, agent);
  const { 'us-east-1a': chances, 'us-east-1b': unseen } = await shown(agent);
  expect(unseen).toBeNull();
  expect(chances.halfHour).toBeGreaterThan(0);
  expect(chances.hour).toBeGreaterThan(chances.halfHour);
  expect(chances.sixHours).toBeGreaterThan(chances.hour);
  rig.pass(1800);
  expect((await shown(agent))['us-east-1a']).toEqual(chances);
  rig.pass(1);
  expect((await shown(agent))['us-east-1a']).toBeNull();
});

it('a pool that was never lost is rated ever lower, and operators see how chances came true', async () => {
  const agent = await onSpot();
  await periods(1, agent);
  expect(await calibration()).toMatchObject({ times: [{ withinHours: 0.5, outcomes: 0, lostShare: null }, {}, {}] });
  await periods(7, agent);
  const { state } = (await rowOf())!;
  // Of eight predictions, five are for half an hour that is over, and two for an hour.
  expect(state.waiting.map(({ length }) => length)).toEqual([3, 6, 8]);
  expect(state.tallies.map(({ weight }) => weight)).toEqual([expect.closeTo(5 / 3, 2), expect.closeTo(2 / 6, 3), 0]);
  const { model, times } = await calibration();
  expect(model).toMatch(/^built-in@/);
  expect(times[0]).toMatchObject({ withinHours: 0.5, outcomes: 1.7, lostShare: 0 });
  expect(times[0].expectedShare).toBeGreaterThan(0);
  expect(times[2]).toEqual({ withinHours: 6, outcomes: 0, expectedShare: null, lostShare: null });
});

it('a loss comes true for the predictions before it, and a pool that is down has no chances', async () => {
  const agent = await onSpot();
  await periods(3, agent);
  await agent.terminationImminent();
  rig.pass(600);
  await rig.runJob('observe-pools');
  expect((await shown(agent))['us-east-1a']).toBeNull();
  const { chances, state } = (await rowOf())!;
  expect(chances).toBeNull();
  // Only the first prediction's half hour is over.
  expect(state.tallies[0]).toMatchObject({ weight: expect.closeTo(1 / 3, 3), lost: expect.closeTo(1 / 3, 3) });
  expect((await calibration()).times[0]).toMatchObject({ lostShare: 1 });
});

it('a repeated run changes nothing', async () => {
  const agent = await onSpot();
  await periods(5, agent);
  const before = [await rowOf(), await calibration()];
  const callsOf = async () => {
    const { calls } = rig.controlPlane.dataApi;
    await rig.runJob('observe-pools');
    return rig.controlPlane.dataApi.calls - calls;
  };
  const again = await callsOf();
  expect([await rowOf(), await calibration()]).toEqual(before);
  rig.pass(600);
  await agent.heartbeat();
  // Five to read what agents met and three to store it, and seven to rate twenty places.
  expect((await callsOf()) - again).toBeLessThanOrEqual(5 + 3 + 7);
});

const callsOfRating: readonly [what: string, isIt: (call: { operation: string; sql?: string }) => boolean][] = [
  ['it locks the outcomes of all', ({ sql }) => /from `risk_calibration`.*for update/.test(sql ?? '')],
  ['it stores the pool', ({ sql }) => /insert into `pool_risks`/.test(sql ?? '')],
  ['it stores the outcomes of all', ({ sql }) => /insert into `risk_calibration`/.test(sql ?? '')],
  ['it commits', ({ operation }) => operation === 'CommitTransaction'],
];

it.each(callsOfRating)('a run that is killed when %s counts each outcome once, repeated', async (_, isIt) => {
  const agent = await onSpot();
  await periods(7, agent);
  rig.pass(600);
  await agent.heartbeat();
  let isDead = false;
  rig.controlPlane.dataApi.onCall = (call) => {
    isDead ||= isIt(call);
    if (isDead) throw new DataApiError('AccessDeniedException', 'dead');
  };
  await rig.runJob('observe-pools').catch(() => {});
  rig.controlPlane.dataApi.onCall = undefined;
  await rig.controlPlane.dataApi.expire();
  expect(isDead).toBe(true);
  await rig.db.updateTable('jobRuns').set({ runningUntil: null }).execute();
  await rig.runJob('observe-pools');
  const { state } = (await rowOf())!;
  expect(state.waiting.map(({ length }) => length)).toEqual([3, 6, 8]);
  expect(state.tallies[0]!.weight).toBeCloseTo(5 / 3, 2);
  expect((await calibration()).times[0].outcomes).toBe(1.7);
});

it('outcomes of one model do not correct another', async () => {
  const agent = await onSpot();
  await periods(5, agent);
  const constant = { weights: Array(8).fill(0), intercept: 0 };
  const { id } = await activateModel(rig, onnxGraph('test', Array(3).fill(constant)));
  await periods(1, agent);
  expect(await rowOf()).toMatchObject({ model: expect.stringContaining(`uploaded@${id}#`), chances: [0.5, 0.5, 0.5] });
  expect(await calibration()).toMatchObject({
    model: expect.stringContaining(`uploaded@${id}#`),
    times: [{ outcomes: 0 }, {}, {}],
  });
  await periods(3, agent);
  const { chances, state } = (await rowOf())! as unknown as { chances: number[]; state: PoolRisk };
  expect(state.tallies[0]!.weight).toBeCloseTo(1 / 3, 3);
  expect(chances[0]).toBeLessThan(0.5);
  expect(chances[1]).toBe(0.5);
});

it('a run in which the uploaded model fails leaves what was learnt of it', async () => {
  const agent = await onSpot();
  const { id } = await activateModel(
    rig,
    onnxGraph('test', Array(3).fill({ weights: Array(8).fill(0), intercept: 0 })),
  );
  await periods(7, agent);
  const before = [await rowOf(), await calibration()];
  const { sha256 } = await rig.db.selectFrom('modelSessions').select('sha256').executeTakeFirstOrThrow();
  await rig.db
    .updateTable('modelSessions')
    .set({ sha256: 'f'.repeat(64) })
    .execute(); // its file has another hash
  await periods(1, agent);
  expect([await rowOf(), await calibration()]).toEqual(before);
  await rig.db.updateTable('modelSessions').set({ sha256 }).execute();
  await periods(1, agent);
  expect(await calibration()).toMatchObject({
    model: expect.stringContaining(`uploaded@${id}#`),
    times: [{ outcomes: 2 }, {}, {}],
  });
});

it('operators see outcomes of different ages as they weigh now', async () => {
  const week = 7 * 86_400;
  const none = { at: 0, weight: 0, expected: 0, lost: 0 };
  const bins = [
    { at: 1e9 + 2 * week, weight: 30, expected: 3, lost: 0 },
    { at: 1e9, weight: 40, expected: 38, lost: 40 }, // of which a quarter is left
    ...Array(8).fill(none),
  ];
  await rig.db
    .insertInto('riskCalibration')
    .values({ id: 1, model: 'test', bins: [bins, bins, bins] as never })
    .execute();
  const [halfHour] = (await calibration()).times;
  expect(halfHour).toEqual({ withinHours: 0.5, outcomes: 40, expectedShare: 0.3125, lostShare: 0.25 });
});

it('types that a tenant invented do not move the chances of others', async () => {
  const agent = await onSpot();
  await periods(3, agent);
  const before = (await calibration()).times[0].outcomes;
  const tenant = await rig.tenant();
  const invented = async (n: number) =>
    rig.primary({ type: `invented-${n}.large`, mode: 'spot', az: 'eu-west-1a' }, tenant);
  const liars = await Promise.all([1, 2, 3].map(invented));
  await periods(1, agent);
  for (const liar of liars) await liar.terminationImminent();
  await periods(3, agent);
  const { state } = await rig.db
    .selectFrom('poolRisks')
    .select('state')
    .where('poolId', '=', 'invented-1.large.eu-west-1a')
    .executeTakeFirstOrThrow();
  expect((state as unknown as PoolRisk).tallies[0]).toMatchObject({ lost: expect.closeTo(1 / 3, 3) }); // of their own
  const [halfHour] = (await calibration()).times;
  expect(halfHour).toMatchObject({ lostShare: 0, outcomes: expect.closeTo(before + 4 / 3, 1) });
});

describe('of many places', () => {
  beforeEach(async () => {
    await rig.db.deleteFrom('spotPools').execute();
    rig.pass(600);
  });

  const hazards: ToldHazards['hazards'] = [];
  /** A model that is as sure of each pool, and answers the nth time as told. */
  const modelOf = (told: (call: number) => Partial<ToldHazards> = () => ({})): HazardModel => {
    let call = 0;
    return {
      known: knownPool,
      hazards: async (groups) => {
        call += 1;
        const chances = groups.map((pools) => pools.map(() => [0.1, 0.2, 0.6]));
        return { hazards, chances, model: 'test', isDegraded: false, ...told(call) };
      },
    };
  };
  /** Time for so many groups of places. */
  const timeFor = (groups: number) => {
    let left = groups + 1; // and to begin
    return { hasTime: () => left-- > 0, share: () => timeFor(groups) };
  };

  /** Places whose pools were seen up in the last period; each was added a second after the one before it. */
  async function seed(types: readonly string[], zones: readonly string[] = ['us-east-1a']): Promise<void> {
    const tracker = new PoolHistoryTracker(600);
    for (let n = 0; n < 1008; n += 1) tracker.observe('up');
    const record = tracker.record();
    const now = rig.clock.now().getTime();
    const observedAt = new Date(Math.floor(now / 600_000 - 1) * 600_000);
    const rows = types.flatMap((instanceType, n) =>
      zones.map((az) => ({
        ...{ id: `${instanceType}.${az}`, instanceType, region: 'us-east-1', az, poolName: az },
        createdAt: new Date(now - 3_600_000 + n * 1000),
      })),
    );
    for (let n = 0; n < rows.length; n += 500) {
      const those = rows.slice(n, n + 500);
      await rig.db.insertInto('spotPools').values(those).execute();
      await rig.db
        .insertInto('poolStates')
        .values(those.map(({ id }) => ({ poolId: id, observedAt, record })))
        .execute();
    }
  }
  const typesOf = (count: number, name: (n: string) => string) =>
    Array.from({ length: count }, (_, n) => name(String(n).padStart(4, '0')));
  const ratedLike = async (pattern: string) => {
    const rows = await rig.db.selectFrom('poolRisks').select('poolId').where('poolId', 'like', pattern).execute();
    return rows.length;
  };
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];

  it('with all zones and the longest names, all are rated', async () => {
    const zones = [
      ...letters.map((a) => `us-east-1${a}`),
      ...typesOf(60, (n) => `us-east-1-${letters[+n % 26]}bc-${n}a`),
    ];
    await seed(
      typesOf(20, (n) => `a${n}.${'x'.repeat(58)}`),
      zones,
    );
    await seed(['m5.large']);
    expect(await ratePools(rig.db, modelOf(), timeFor(100), rig.clock.now())).toBe(20 * 86 + 1);
  });

  it('all are rated, also if there are more than can be read at once', async () => {
    await seed(typesOf(3050, (n) => `a${n}.large`));
    expect(await ratePools(rig.db, modelOf(), timeFor(100), rig.clock.now())).toBe(3050);
  });

  it('one that fails holds up no other, and the run reports it', async () => {
    await seed(typesOf(4, (n) => `a${n}.large`));
    await rig.runJob('observe-pools');
    const ratedBefore = rig.clock.now();
    await rig.db
      .updateTable('poolRisks')
      .set({ state: {} as never })
      .where('poolId', 'like', 'a0001%')
      .execute();
    rig.pass(600);
    await expect(rig.runJob('observe-pools')).rejects.toThrow(/rating pools: .*1 places failed/);
    const rated = rig.db.selectFrom('poolRisks').select('poolId').where('ratedAt', '>', ratedBefore);
    expect(await rated.execute()).toHaveLength(3);
  });

  it('those that waited longest come first, and before them those with a price that every tenant may rely on', async () => {
    await seed(typesOf(60, (n) => `a${n}.large`));
    await seed(['z.large']);
    await rig.db.updateTable('spotPools').set({ latestPrice: '0.100000' }).where('id', 'like', 'z.%').execute();
    expect(await ratePools(rig.db, modelOf(), timeFor(1), rig.clock.now())).toBe(50);
    expect([await ratedLike('z%'), await ratedLike('a005%')]).toEqual([1, 0]);
    rig.pass(600);
    await ratePools(rig.db, modelOf(), timeFor(1), rig.clock.now());
    expect(await ratedLike('a005%')).toBe(10);
  });

  it.each<[string, Partial<ToldHazards>]>([
    ['the intended model fails', { isDegraded: true }],
    ['another model becomes live', { model: 'another' }],
    ['only the fallback works', { chances: null, isDegraded: true }],
  ])('a run ends where %s', async (_, told) => {
    await seed(typesOf(120, (n) => `a${n}.large`));
    const model = modelOf((call) => (call === 2 ? told : {}));
    expect(await ratePools(rig.db, model, timeFor(100), rig.clock.now())).toBe(50);
    const rows = await rig.db.selectFrom('poolRisks').select('model').distinct().execute();
    expect(rows).toEqual([{ model: 'test' }]);
  });
});
