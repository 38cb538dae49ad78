import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { SpotPriceChange } from '../../../local/aws/ec2-api/spot-prices.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let asked: Call[];
let changes: SpotPriceChange[];
beforeAll(async () => {
  rig = await Rig.start();
  rig.controlPlane.ec2.spotPrices = (region) => changes.filter(({ az }) => az.startsWith(region));
  rig.controlPlane.ec2.onCall = (call) => void asked.push(call);
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 3600);
  [asked, changes] = [[], []];
});

let types = 0;
const agent = (region = 'us-east-1') =>
  rig.primary({ type: `q${++types}.large`, mode: 'spot', region, az: `${region}a` });
const change = (instanceType: string, zone: string, price: number, minutesAgo: number): SpotPriceChange => ({
  instanceType,
  az: zone.length > 1 ? zone : `us-east-1${zone}`,
  price: price.toFixed(6),
  at: new Date(rig.clock.now().getTime() - minutesAgo * 60_000),
});
const collect = () => rig.runJob('collect-prices');
const prices = async (type: string) =>
  Object.fromEntries(
    (await rig.db.selectFrom('spotPools').selectAll().where('instanceType', '=', type).execute()).map((row) => [
      row.az,
      row.latestPrice === null ? null : Number(row.latestPrice),
    ]),
  );
const collection = (region: string) =>
  rig.db.selectFrom('marketCollections').selectAll().where('region', '=', region).executeTakeFirst();

describe('the collector', () => {
  it('stores the prices of the types that agents are on, trusted for all tenants, as of now', async () => {
    const { facts } = await agent();
    changes = [
      change(facts.type, 'a', 0.05, 600),
      change(facts.type, 'b', 0.04, 600),
      change('other.large', 'a', 1, 5),
    ];
    await collect();
    expect(await prices(facts.type)).toEqual({ 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
    expect(await prices('other.large')).toEqual({});
    const [pool] = await rig.db.selectFrom('spotPools').selectAll().where('instanceType', '=', facts.type).execute();
    expect(pool!.latestAt).toEqual(rig.clock.now());
  });

  it('asks only for what is new, and follows the price', async () => {
    const { facts } = await agent();
    changes = [change(facts.type, 'a', 0.05, 600)];
    await collect();
    rig.pass(300);
    changes.push(change(facts.type, 'a', 0.07, 1));
    await collect();
    expect(await prices(facts.type)).toEqual({ 'us-east-1a': 0.07 });
    const [first, second] = asked.map(({ parameters }) => new Date(parameters.get('StartTime')!).getTime());
    expect(second! - first!).toBe(7 * 86_400_000 - 10 * 60_000);
  });

  it('reads all pages', async () => {
    const { facts } = await agent();
    changes = 'abcdef'.split('').map((zone, i) => change(facts.type, zone, 0.03 + i / 1000, 60));
    rig.controlPlane.ec2.pageSize = 2;
    await collect();
    expect(Object.keys(await prices(facts.type))).toHaveLength(6);
    expect(asked).toHaveLength(3);
  });

  it('does not treat an empty response as a failure', async () => {
    const { facts } = await agent();
    expect(await collect()).toMatchObject({ ran: true, rows: 0 });
    expect(await prices(facts.type)).toEqual({ 'us-east-1a': null });
    expect(await collection('us-east-1')).toMatchObject({ collectedUntil: rig.clock.now(), failures: 0 });
  });

  it.each([
    ['no number', 'free'],
    ['nothing', '0'],
    ['more than any instance costs', '101'],
  ])('leaves out a price that is %s', async (_, price) => {
    const { facts } = await agent();
    changes = [change(facts.type, 'a', 0.05, 60), { ...change(facts.type, 'b', 0, 60), price }];
    await collect();
    expect(await prices(facts.type)).toEqual({ 'us-east-1a': 0.05 });
  });

  it.each([
    'RequestLimitExceeded',
    'AuthFailure',
    'OptInRequired',
    'disconnect',
  ] as const)('leaves a region alone that responds with %s, longer each time, and goes on elsewhere', async (error) => {
    const [here, there] = [await agent(), await agent('eu-west-1')];
    changes = [change(here.facts.type, 'a', 0.05, 60), change(there.facts.type, 'eu-west-1a', 0.06, 60)];
    rig.controlPlane.ec2.faults.inject({ error, action: 'DescribeSpotPriceHistory', region: 'eu-west-1' });
    await collect();
    expect(await prices(here.facts.type)).toEqual({ 'us-east-1a': 0.05 });
    expect(await collection('eu-west-1')).toMatchObject({ failures: 1, collectedUntil: null });
    const pauses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { nextAt } = (await collection('eu-west-1'))!;
      pauses.push((nextAt!.getTime() - rig.clock.now().getTime()) / 60_000);
      rig.pass(pauses.at(-1)! * 60);
      await collect();
    }
    expect(pauses).toEqual([5, 10, 20]);
    rig.controlPlane.ec2.faults.clear();
    rig.pass(2400);
    await collect();
    expect(await prices(there.facts.type)).toEqual({ 'eu-west-1a': 0.06 });
    expect(await collection('eu-west-1')).toMatchObject({ failures: 0, nextAt: null });
  });
});
