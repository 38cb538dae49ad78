import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
/** All tenants share prices, so each test uses its own instance type. */
const newType = () => `t${++types}.large`;

const onDemandPrices = (type: string) =>
  rig.db.selectFrom('ondemandPrices').selectAll().where('instanceType', '=', type).execute();
const onDemandHistory = (type: string) =>
  rig.db
    .selectFrom('ondemandPriceSnapshots')
    .selectAll()
    .where('instanceType', '=', type)
    .orderBy('capturedAt')
    .execute();
const pools = (type: string) =>
  rig.db.selectFrom('spotPools').selectAll().where('instanceType', '=', type).orderBy('id').execute();
/** What each tenant's agents report about the type's pools. */
const ownPrices = (type: string) =>
  rig.db.selectFrom('tenantPoolPrices').selectAll().where('poolId', 'like', `${type}.%`).orderBy('poolId').execute();
const buckets = (type: string) =>
  rig.db
    .selectFrom('pricingSnapshotsClean')
    .selectAll()
    .where('poolId', 'like', `${type}.%`)
    .orderBy('poolId')
    .orderBy('timeBucket')
    .execute();

/** A registered replica of this type beside the primary. */
async function replicaOf(primary: TestInstance, replicaType: string): Promise<TestInstance> {
  const replica = primary.successor({ mode: 'spot', az: 'us-east-1b' });
  await replica.register();
  await rig.db
    .insertInto('replicaInstances')
    .values({
      id: replica.id,
      clientId: primary.tenant.id,
      agentId: primary.agentId,
      instanceId: replica.id,
      replicaType,
      poolId: replica.pool!,
      instanceType: primary.facts.type,
      region: 'us-east-1',
      az: 'us-east-1b',
      status: 'ready',
      createdAt: rig.clock.now(),
    })
    .execute();
  return replica;
}

describe('pricing-report (A6)', () => {
  it.each([
    '4.0.0',
    '3.2.0',
  ])('in the shape of version %s fills pools, buckets and the on-demand price', async (version) => {
    const type = newType();
    const instance = await rig.primary({ type, version, mode: 'spot' });
    const answer = await instance.report(0.096, { 'us-east-1a': 0.04, 'us-east-1b': 0.03 });
    expect(answer).toMatchObject({ status: 200, body: { success: true } });
    const now = rig.clock.now();
    expect(await pools(type)).toMatchObject([
      { id: `${type}.us-east-1a`, poolName: `${type} (us-east-1a)`, latestPrice: null, latestAt: null },
      { id: `${type}.us-east-1b`, region: 'us-east-1', az: 'us-east-1b' },
    ]);
    const { id: clientId } = instance.tenant;
    expect(await ownPrices(type)).toEqual([
      { poolId: `${type}.us-east-1a`, clientId, price: '0.040000', seenAt: now },
      { poolId: `${type}.us-east-1b`, clientId, price: '0.030000', seenAt: now },
    ]);
    expect(await buckets(type)).toMatchObject([
      {
        poolId: `${type}.us-east-1a`,
        spotPrice: '0.040000',
        ondemandPrice: '0.096000',
        savingsPercent: '58.33',
        sourceType: 'primary',
        confidenceScore: '1.00',
        dataSource: instance.id,
      },
      { poolId: `${type}.us-east-1b`, spotPrice: '0.030000', savingsPercent: '68.75' },
    ]);
    expect(await onDemandPrices(type)).toMatchObject([{ region: 'us-east-1', price: '0.096000' }]);
    expect(await onDemandHistory(type)).toMatchObject([{ price: '0.096000', capturedAt: now }]);
    expect(await instance.row()).toMatchObject({
      spotPrice: '0.040000',
      ondemandPrice: '0.096000',
      baselineOndemandPrice: '0.096000',
      currentMode: 'spot',
      currentPoolId: `${type}.us-east-1a`,
    });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'spot', pricedAt: now });
  });

  it('keeps the first on-demand price of an instance as its baseline', async () => {
    const instance = await rig.primary({ type: newType() });
    await instance.report(0.1, {});
    rig.pass(300);
    await instance.report(0.12, {});
    expect(await instance.row()).toMatchObject({ ondemandPrice: '0.120000', baselineOndemandPrice: '0.100000' });
  });

  it('sets the mode of a version 3.2 agent, which does not report it when it registers', async () => {
    const instance = await rig.primary({ type: newType(), version: '3.2.0', mode: 'spot' });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'unknown', currentPoolId: null });
    await instance.report(0.1, { 'us-east-1a': 0.04 });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'spot', currentPoolId: instance.pool });
  });

  it('of an on-demand instance sets no spot price, whatever the pools cost', async () => {
    const instance = await rig.primary({ type: newType() });
    await instance.report(0.1, { 'us-east-1a': 0.04 });
    expect(await instance.row()).toMatchObject({ spotPrice: null, currentPoolId: null });
  });

  it('keeps the last five reports of an instance, newest first', async () => {
    const instance = await rig.primary({ type: newType() });
    for (let i = 1; i <= 7; i += 1) {
      rig.pass(300);
      await instance.report(i / 10, {});
    }
    const reports = (await instance.row()).recentReports as { onDemandPrice: number }[];
    expect(reports.map((report) => report.onDemandPrice)).toEqual([0.7, 0.6, 0.5, 0.4, 0.3]);
  });

  it.each([
    {},
    { instance: null },
    { instance: 'i-1' },
    { instance: {} },
  ])('without an instance is a 400: %j', async (body) => {
    const instance = await rig.primary();
    expect((await instance.request('POST', '/pricing-report', body)).status).toBe(400);
  });

  it('with only the instance is accepted', async () => {
    const instance = await rig.primary();
    const body = { instance: { instance_id: instance.id }, pricing: null };
    expect((await instance.request('POST', '/pricing-report', body)).status).toBe(200);
  });
});

describe('buckets', () => {
  it('cover five minutes each, by the time at which prices were collected', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    const start = rig.pass(86_400 - ((rig.clock.now().getTime() / 1000) % 86_400));
    for (const seconds of [0, 299, 300, 601]) {
      rig.pass(start.getTime() / 1000 + seconds - rig.clock.now().getTime() / 1000);
      await instance.report(0.1, { 'us-east-1a': 0.04 + seconds / 1e6 });
    }
    const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);
    expect(await buckets(type)).toMatchObject([
      { timeBucket: at(0), spotPrice: '0.040000', observedAt: at(0) }, // of two equal sources the first stays
      { timeBucket: at(300), spotPrice: '0.040300' },
      { timeBucket: at(600), spotPrice: '0.040601', observedAt: at(601) },
    ]);
    expect(await ownPrices(type)).toMatchObject([{ price: '0.040601', seenAt: at(601) }]);
  });

  it.each([
    ['manual', 'replica-manual'],
    ['automatic-rebalance', 'replica-automatic'],
    ['automatic-termination', 'replica-automatic'],
  ])('from a %s replica give way to the primary’s, but not the other way round', async (kind, source) => {
    const type = newType();
    const primary = await rig.primary({ type });
    const replica = await replicaOf(primary, kind);
    const sources = async () =>
      (await buckets(type)).map((row) => [row.sourceType, row.spotPrice, row.confidenceScore]);
    await replica.report(0.1, { 'us-east-1a': 0.05 });
    expect(await sources()).toEqual([[source, '0.050000', '0.95']]);
    await primary.report(0.1, { 'us-east-1a': 0.04 });
    expect(await sources()).toEqual([['primary', '0.040000', '1.00']]);
    rig.pass(10);
    await replica.report(0.1, { 'us-east-1a': 0.06 });
    expect(await sources()).toEqual([['primary', '0.040000', '1.00']]);
  });

  it('from an automatic replica take precedence over a manual one’s', async () => {
    const type = newType();
    const primary = await rig.primary({ type });
    const manual = await replicaOf(primary, 'manual');
    const automatic = await replicaOf(primary, 'automatic-rebalance');
    await manual.report(0.1, { 'us-east-1a': 0.05 });
    await automatic.report(0.1, { 'us-east-1a': 0.04 });
    await manual.report(0.1, { 'us-east-1a': 0.06 });
    expect(await buckets(type)).toMatchObject([{ sourceType: 'replica-automatic', spotPrice: '0.040000' }]);
  });

  it('have one row per pool, however many agents report it', async () => {
    const type = newType();
    const instances = await Promise.all(Array.from({ length: 6 }, () => rig.primary({ type })));
    const zones = { 'us-east-1a': 0.04, 'us-east-1b': 0.03 };
    const answers = await Promise.all(instances.map((instance) => instance.report(0.1, zones)));
    expect(answers.map((answer) => answer.status)).toEqual(instances.map(() => 200));
    expect(await buckets(type)).toHaveLength(2);
    expect(await pools(type)).toHaveLength(2);
  });
});

describe('a report that is repeated, late or wrong', () => {
  it('changes nothing when sent twice', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    const collected = rig.clock.now();
    const report = () => instance.report(0.1, { 'us-east-1a': 0.04 }, collected);
    await report();
    const state = async () => [
      await ownPrices(type),
      await buckets(type),
      await onDemandHistory(type),
      await instance.row(),
    ];
    const before = await state();
    rig.pass(10);
    expect((await report()).status).toBe(200);
    expect(await state()).toEqual(before);
  });

  it('fills its own bucket when late, and does not replace the latest price', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    const early = rig.clock.now();
    rig.pass(900);
    await instance.report(0.1, { 'us-east-1a': 0.04 });
    await instance.report(0.1, { 'us-east-1a': 0.09 }, early);
    expect(await ownPrices(type)).toMatchObject([{ price: '0.040000', seenAt: rig.clock.now() }]);
    expect(await buckets(type)).toMatchObject([{ spotPrice: '0.090000' }, { spotPrice: '0.040000' }]);
  });

  it('counts as of now when it is more than a day in the future', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    await instance.report(0.1, { 'us-east-1a': 0.04 }, new Date(rig.clock.now().getTime() + 25 * 3600_000));
    expect(await ownPrices(type)).toMatchObject([{ seenAt: rig.clock.now() }]);
  });

  it.each(['zombie', 'terminated', 'stranger'])('is accepted and ignored when it comes from a %s', async (kind) => {
    const type = newType();
    const old = await rig.primary({ type });
    await old.switchReport(old.successor(), { terminated: kind === 'terminated' });
    const reporter = kind === 'stranger' ? old.successor() : old;
    reporter.handle = `${old.agentId}~${reporter.id}`;
    expect((await reporter.report(0.1, { 'us-east-1a': 0.04 })).status).toBe(200);
    expect(await buckets(type)).toEqual([]);
    expect(await onDemandPrices(type)).toEqual([]);
    expect((await old.agentRow()).pricedAt).toBeNull();
  });

  it('loses invalid pools and prices, and keeps the rest', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    const pool = (az: string, price: unknown) => ({ pool_id: `${type}.${az}`, instance_type: type, az, price });
    const answer = await instance.request('POST', '/pricing-report', {
      instance: { instance_id: instance.id, instance_type: type, mode: 'ondemand' },
      pricing: {
        on_demand_price: 0.2,
        spot_pools: [
          pool('us-east-1a', 0),
          pool('us-east-1b', -0.01),
          pool('us-east-1c', 100.01),
          pool('us-east-1d', null),
          pool('us-east-1e', 100),
          pool('us-east-1f', 0.000001),
          { price: 0.05 },
          { pool_id: `${type}.us-east-1g`, price: 0.05 },
          { az: 'us-east-1h', price: 0.06 },
          pool('us-east-1i', 0.01),
          pool('us-east-1i', 0.02),
        ],
      },
    });
    expect(answer.status).toBe(200);
    expect((await ownPrices(type)).map((row) => [row.poolId.at(-1), row.price])).toEqual([
      ['e', '100.000000'],
      ['f', '0.000001'],
      ['g', '0.050000'],
      ['h', '0.060000'],
      ['i', '0.020000'],
    ]);
  });
});

describe('the on-demand price', () => {
  it('of 0.1, which agents report when their lookup fails, gives way to a known one', async () => {
    const type = newType();
    const seeing = await rig.primary({ type });
    const blind = await rig.primary({ type }, seeing.tenant);
    await seeing.report(0.192, {});
    await blind.report(0.1, { 'us-east-1a': 0.04 });
    expect(await onDemandPrices(type)).toMatchObject([{ price: '0.192000' }]);
    expect(await blind.row()).toMatchObject({ ondemandPrice: '0.192000', baselineOndemandPrice: '0.192000' });
    expect(await buckets(type)).toMatchObject([{ ondemandPrice: '0.192000' }]);
  });

  it('of 0.1 is used until another one is reported', async () => {
    const type = newType();
    const blind = await rig.primary({ type });
    await blind.report(0.1, {});
    expect(await onDemandPrices(type)).toMatchObject([{ price: '0.100000' }]);
    rig.pass(300);
    await (await rig.primary({ type }, blind.tenant)).report(0.192, {});
    expect(await onDemandPrices(type)).toMatchObject([{ price: '0.192000' }]);
  });

  it('is added to its history only when it changes', async () => {
    const type = newType();
    const instance = await rig.primary({ type });
    for (const price of [0.2, 0.2, 0.3, 0.3, 0.2]) {
      rig.pass(300);
      await instance.report(price, {});
    }
    expect((await onDemandHistory(type)).map((row) => row.price)).toEqual(['0.200000', '0.300000', '0.200000']);
  });

  it.each([0, -1, 101, 1e308])('of %d is ignored', async (price) => {
    const type = newType();
    const instance = await rig.primary({ type });
    expect((await instance.report(price, { 'us-east-1a': 0.04 })).status).toBe(200);
    expect(await onDemandPrices(type)).toEqual([]);
    expect(await buckets(type)).toMatchObject([{ ondemandPrice: null, savingsPercent: null }]);
  });
});
