import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  rig.pass(86_400);
});
afterAll(() => rig.stop());

let types = 0;
const newType = () => `m${++types}.large`;
const at = (minutesAgo: number) => new Date(rig.clock.now().getTime() - minutesAgo * 60_000).toISOString();
const bring = (prices: readonly object[]) => rig.asAdmin('POST', '/api/admin/prices', { prices });
const trusted = (type: string) =>
  rig.db.selectFrom('spotPools').select(['az', 'latestPrice', 'latestAt']).where('instanceType', '=', type).execute();
const buckets = (type: string) =>
  rig.db
    .selectFrom('pricingSnapshotsClean')
    .select(['timeBucket', 'spotPrice', 'sourceType', 'observedAt'])
    .where('poolId', 'like', `${type}.%`)
    .orderBy('timeBucket')
    .execute();

describe("E3: prices from EC2's own history", () => {
  it('are stored per five minutes, of which the latest counts, and trusted at once', async () => {
    const type = newType();
    const row = (price: number, minutesAgo: number) => ({
      instance_type: type,
      az: 'us-east-1a',
      price,
      at: at(minutesAgo),
    });
    const { status, body, calls } = await bring([row(0.05, 30), row(0.03, 9), row(0.04, 6), row(0.045, 7)]);
    expect({ status, body }).toEqual({ status: 200, body: { success: true, pools: 1, buckets: 2, left_out: 0 } });
    expect(calls, 'pools, buckets, trusted prices, and the row of the audit log').toBe(4);
    expect(await trusted(type)).toEqual([{ az: 'us-east-1a', latestPrice: '0.040000', latestAt: new Date(at(6)) }]);
    expect(await buckets(type)).toMatchObject([
      { spotPrice: '0.050000', sourceType: 'market' },
      { spotPrice: '0.040000', observedAt: new Date(at(6)) },
    ]);
  });

  it('change nothing when sent again, and only extend the history when older', async () => {
    const type = newType();
    const rows = [{ instance_type: type, az: 'us-east-1a', price: 0.04, at: at(10) }];
    await bring(rows);
    const state = async () => [await trusted(type), await buckets(type)];
    const before = await state();
    await bring(rows);
    expect(await state()).toEqual(before);
    await bring([{ ...rows[0], price: 0.09, at: at(100) }]);
    expect(await trusted(type)).toEqual(before[0]);
    expect(await buckets(type)).toHaveLength(2);
  });

  it('take precedence over what agents report, for every tenant', async () => {
    const type = newType();
    const instance = await rig.primary({ type, mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.001 });
    await bring(['a', 'b'].map((zone) => ({ instance_type: type, az: `us-east-1${zone}`, price: 0.05, at: at(0) })));
    expect((await buckets(type)).map(({ spotPrice }) => spotPrice)).toEqual(['0.050000', '0.050000']);
    rig.pass(60);
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.001 });
    await rig.runJob('decide');
    expect(await instance.commands()).toEqual([]); // the agent's own price of zone b is an outlier now
  });

  it.each([
    ['a price of nothing', { price: 0 }],
    ['a price above 100', { price: 100.1 }],
    ['a zone that cannot be one', { az: 'use1-az1' }],
  ])('are stored without %s', async (_, odd) => {
    const type = newType();
    const row = { instance_type: type, az: 'us-east-1a', price: 0.04, at: at(1) };
    expect((await bring([row, { ...row, ...odd }])).body).toMatchObject({ pools: 1, left_out: 1 });
  });

  it.each([
    ['none', []],
    [
      'more than 2,000',
      Array.from({ length: 2001 }, () => ({ instance_type: 'm', az: 'a', price: 1, at: '2026-03-02T00:00:00Z' })),
    ],
    ['a time that is none', [{ instance_type: 'm', az: 'us-east-1a', price: 1, at: 'yesterday' }]],
  ])('are refused with a 400 for %s', async (_, prices) => {
    expect((await bring(prices)).status).toBe(400);
  });
});
