import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
async function primary(facts = {}): Promise<TestInstance> {
  const instance = await rig.primary({ type: `p${++types}.large`, mode: 'spot', ...facts });
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04, 'us-east-1c': 0.03 });
  return instance;
}
const get = (instance: TestInstance, path: string, token = instance.tenant.token) =>
  rig.request('GET', `/api/client/instances/${instance.id}${path}`, { token });
const pool = (instance: TestInstance, zone: string) => `${instance.facts.type}.us-east-1${zone}`;

describe('what an instance could cost elsewhere (C12)', () => {
  it('is listed by pool, cheapest first, with the saving over on-demand', async () => {
    const instance = await primary();
    const answer = await get(instance, '/pricing');
    expect(answer).toMatchObject({ status: 200, calls: 1 });
    expect(answer.body).toMatchObject({
      currentMode: 'spot',
      currentPool: { id: pool(instance, 'a'), az: 'us-east-1a' },
      onDemand: { price: 0.1 },
      pools: [
        { id: pool(instance, 'c'), price: 0.03, savings: 70 },
        { id: pool(instance, 'b'), price: 0.04, savings: 60 },
        { id: pool(instance, 'a'), price: 0.05, savings: 50 },
      ],
    });
  });

  it('defect: a pool without a price was "free"; it is left out', async () => {
    const instance = await rig.primary({ type: 'unpriced.large', mode: 'spot' });
    const { body } = await get(instance, '/pricing');
    expect(body).toMatchObject({ currentPool: { id: 'unpriced.large.us-east-1a' }, onDemand: { price: 0 }, pools: [] });
  });

  it('lists pools without a price from the last hour at the end', async () => {
    const instance = await primary();
    rig.pass(3601);
    await instance.report(0.1, { 'us-east-1a': 0.06 });
    const ids = (await get(instance, '/pricing')).body.pools.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([pool(instance, 'a'), pool(instance, 'c'), pool(instance, 'b')]);
  });

  it('is based on the prices that count for the tenant, not on another tenant’s', async () => {
    const instance = await primary();
    const other = await rig.primary({ type: instance.facts.type });
    await other.report(0.1, { 'us-east-1b': 0.001 });
    const { pools } = (await get(instance, '/pricing')).body;
    expect(pools.find(({ id }: { id: string }) => id === pool(instance, 'b')).price).toBe(0.04);
  });
});

describe('the metrics of an instance (C13)', () => {
  it('are zeros while nothing is recorded', async () => {
    const instance = await rig.primary({ mode: 'spot' });
    const { body, calls } = await get(instance, '/metrics');
    expect(calls).toBe(1);
    const numbers = ['uptimeHours', 'totalSwitches', 'switchesLast7Days', 'totalSavings', 'savingsLast30Days'];
    for (const field of [...numbers, 'spotPrice', 'onDemandPrice', 'baselineOnDemandPrice', 'switchesLast30Days'])
      expect(body[field], field).toBe(0);
  });

  it('count switches from and to the instance, and sum its cost records', async () => {
    const first = await primary();
    rig.pass(3600);
    const second = first.successor();
    await first.switchReport(second);
    await second.register();
    rig.pass(8 * 86400);
    const third = second.successor();
    await second.switchReport(third);
    const period = (daysAgo: number, savings: number) => ({
      instanceId: second.id,
      periodStart: new Date(rig.clock.now().getTime() - daysAgo * 86_400_000),
      clientId: second.tenant.id,
      agentId: second.agentId,
      mode: 'spot',
      hoursRunning: 1,
      hoursPrimary: 1,
      hoursUnpriced: 0,
      baselineCost: 1,
      actualCost: 0.5,
      savings,
    });
    await rig.db
      .insertInto('costRecords')
      .values([period(1, 2.5), period(40, 1)])
      .execute();
    expect((await get(second, '/metrics')).body).toMatchObject({
      totalSwitches: 2,
      switchesLast7Days: 1,
      totalSavings: 3.5,
      savingsLast30Days: 2.5,
    });
  });

  it('defect: uptime kept growing after termination; it stops there', async () => {
    const instance = await primary();
    rig.pass(5 * 3600 + 10);
    expect((await get(instance, '/metrics')).body.uptimeHours).toBe(5);
    await instance.request('POST', '/termination', { instance_id: instance.id });
    rig.pass(10 * 3600);
    expect((await get(instance, '/metrics')).body.uptimeHours).toBe(5);
  });
});

describe('what pools cost over time (C14, C15)', () => {
  /** A report every half an hour, with a price that rises by a cent each time. */
  async function history(hours: number): Promise<TestInstance> {
    const instance = await primary();
    rig.pass(3600 - ((rig.clock.now().getTime() / 1000) % 3600));
    for (let i = 0; i < 2 * hours; i += 1) {
      await instance.report(0.1, { 'us-east-1a': 0.05 + i / 100, 'us-east-1b': 0.04 });
      rig.pass(1800);
    }
    return instance;
  }

  it('has a row per hour, a key without dots per pool, and UTC times without a zone', async () => {
    const instance = await history(3);
    const { body, calls } = await get(instance, '/price-history');
    expect(calls).toBe(2);
    expect(body.pools[0]).toEqual({
      id: pool(instance, 'a'),
      key: `pool_${pool(instance, 'a').replaceAll('.', '_')}`,
      name: expect.any(String),
      az: 'us-east-1a',
    });
    const [a, b, c] = ['a', 'b', 'c'].map((zone) => `pool_${instance.facts.type.replace('.', '_')}_us-east-1${zone}`);
    const rows = body.data.slice(-3);
    expect(rows.map((row: Record<string, number>) => [row[a!], row[b!], row[c!], row.onDemand])).toEqual([
      [0.055, 0.04, null, 0.1],
      [0.075, 0.04, null, 0.1],
      [0.095, 0.04, null, 0.1],
    ]);
    for (const { time } of body.data) expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:00$/);
    expect(body.onDemandPrice).toBe(0.1);
    const daily = (await get(instance, '/price-history?interval=day')).body.data;
    for (const { time } of daily) expect(time).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('has empty lists and a price of 0 where nothing is known', async () => {
    const instance = await rig.primary({ type: 'unknown.large', mode: 'ondemand' });
    expect((await get(instance, '/price-history')).body).toEqual({ data: [], pools: [], onDemandPrice: 0 });
  });

  it.each([
    ['0', 200],
    ['1000', 200],
    ['-5', 200],
    ['2.4', 200],
    ['x', 400],
  ])('with days=%s is a %i', async (days, status) => {
    const instance = await primary();
    expect((await get(instance, `/price-history?days=${days}`)).status).toBe(status);
  });

  it('is available for a given agent, or by default for the one that started last', async () => {
    const instance = await history(2);
    const ask = (query = '') =>
      rig.request('GET', `/api/client/pricing-history${query}`, { token: instance.tenant.token });
    const answer = await ask();
    expect(answer.calls).toBeLessThanOrEqual(3);
    expect(answer.body).toMatchObject({
      agent_id: instance.agentId,
      days: 7,
      instance_type: instance.facts.type,
      region: 'us-east-1',
      data_points: answer.body.history.length,
    });
    expect(answer.body.history.at(-1)).toMatchObject({
      ondemand_price: 0.1,
      price: 0.075,
      spot_pools: [
        { pool_id: pool(instance, 'a'), az: 'us-east-1a', price: 0.075 },
        { pool_id: pool(instance, 'b'), az: 'us-east-1b', price: 0.04 },
      ],
    });
    expect((await ask(`?agent_id=${instance.handle}`)).body.history).toEqual(answer.body.history);
    expect((await ask('?days=99')).body.days).toBe(30);
    const stranger = await rig.primary();
    expect((await ask(`?agent_id=${stranger.agentId}`)).status).toBe(404);
    const empty = await rig.tenant();
    expect((await rig.request('GET', '/api/client/pricing-history', { token: empty.token })).status).toBe(404);
  });
});

describe('where an instance could go (C16)', () => {
  it('defect 17: consoles read other field names; both are present, cheapest pool and own type first', async () => {
    const instance = await rig.primary({ type: 'c16.large', mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
    for (const type of ['c16.2xlarge', 'c16x.large', 'c16.xlarge']) await rig.primary({ type, mode: 'spot' });
    const { body, calls } = await get(instance, '/available-options');
    expect(calls).toBe(2);
    expect(body.pools).toEqual(body.availablePools);
    expect(body.pools[0]).toEqual({
      id: 'c16.large.us-east-1b',
      az: 'us-east-1b',
      instanceType: 'c16.large',
      price: 0.04,
      placementScore: null,
      placementScoredAt: null,
      lossChances: null,
    });
    expect(body.interruptionBand).toBeNull();
    expect(body.instanceTypes).toEqual(body.availableTypes);
    expect(body.instanceTypes).toEqual(['c16.large', 'c16.2xlarge', 'c16.xlarge']);
    expect(body).toMatchObject({ currentType: 'c16.large', currentRegion: 'us-east-1', currentAz: 'us-east-1a' });
  });
});

it.each([
  '/pricing',
  '/metrics',
  '/price-history',
  '/available-options',
])('the admin sees %s of any tenant’s instance; another tenant gets a 404', async (path) => {
  const instance = await primary();
  expect((await get(instance, path, rig.controlPlane.adminToken)).status).toBe(200);
  const stranger = await rig.tenant();
  expect(await get(instance, path, stranger.token)).toMatchObject({
    status: 404,
    body: { code: 'instance_not_found' },
  });
});
