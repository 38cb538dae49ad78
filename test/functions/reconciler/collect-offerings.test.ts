import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { Ec2Offering } from '../../../local/aws/ec2-api/offerings.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let asked: Call[];
let offered: Ec2Offering[];
beforeAll(async () => {
  rig = await Rig.start();
  rig.controlPlane.ec2.offerings = (region) => offered.filter(({ az }) => az.startsWith(region));
  rig.controlPlane.ec2.onCall = (call) => void (call.action === 'DescribeInstanceTypeOfferings' && asked.push(call));
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 3600);
  [asked, offered] = [[], []];
});

let types = 0;
const zonesOf = (region: string, prices: Record<string, number>) =>
  Object.fromEntries(Object.entries(prices).map(([zone, price]) => [`${region}${zone}`, price]));
const agent = async (region = 'us-east-1') => {
  const type = `o${++types}.large`;
  const instance = await rig.primary({ type, mode: 'spot', region, az: `${region}a` });
  await instance.report(0.1, zonesOf(region, { a: 0.05, b: 0.02, c: 0.06 }));
  return { type, instance };
};
const offer = (instanceType: string, zones: string, region = 'us-east-1') =>
  offered.push(...[...zones].map((zone) => ({ instanceType, az: `${region}${zone}` })));
const collect = () => rig.runJob('collect-market');
const active = async (type: string) => {
  const rows = await rig.db
    .selectFrom('spotPools')
    .select(['az', 'isActive'])
    .where('instanceType', '=', type)
    .execute();
  const zones = rows.flatMap(({ az, isActive }) => (isActive ? [az.slice(-1)] : []));
  return zones.sort().join('');
};
const collection = (region: string) =>
  rig.db
    .selectFrom('marketCollections')
    .selectAll()
    .where('source', '=', 'offerings')
    .where('region', '=', region)
    .executeTakeFirst();

describe('the zones in which EC2 offers a type', () => {
  it('are its pools: no agent moves to another zone, even if it is cheaper', async () => {
    const { type, instance } = await agent();
    offer(type, 'acd');
    await collect();
    expect(await active(type)).toBe('acd');
    await rig.runJob('decide');
    expect(await instance.commands()).toEqual([]);
    offer(type, 'b');
    rig.pass(86_400);
    await collect();
    await instance.report(0.1, zonesOf('us-east-1', { a: 0.05, b: 0.02 }));
    await rig.runJob('decide');
    expect(await instance.commands()).toMatchObject([{ targetPoolId: `${type}.us-east-1b` }]);
  });

  it('are where standbys go', async () => {
    const { type, instance } = await agent();
    offer(type, 'ac');
    await collect();
    const { body } = await instance.emergency('rebalance-recommendation');
    expect(body.pool.id).toBe(`${type}.us-east-1c`);
  });

  it('are asked for once a day, and again when an agent names a new pool or is on a new type', async () => {
    const { type, instance } = await agent();
    offer(type, 'abc');
    await collect();
    rig.pass(900);
    await collect();
    expect(asked).toHaveLength(1);
    await instance.report(0.1, zonesOf('us-east-1', { d: 0.01 }));
    expect(await active(type)).toBe('abcd');
    await collect();
    expect([asked.length, await active(type)]).toEqual([2, 'abc']);
    const other = await agent();
    await collect();
    expect(asked[2]!.parameters.get('Filter.1.Value.1')).toBe(other.type);
    rig.pass(86_400);
    await collect();
    expect(asked).toHaveLength(4);
  });

  it('stay as they are for a type that EC2 does not list', async () => {
    const [unknown, known] = [await agent(), await agent()];
    offer(known.type, 'a');
    expect(await collect()).toMatchObject({ ran: true, rows: 1 });
    expect([await active(unknown.type), await active(known.type)]).toEqual(['abc', 'a']);
  });

  it('include those that agents are in, whatever EC2 lists', async () => {
    const { type } = await agent();
    offer(type, 'bc');
    await collect();
    expect(await active(type)).toBe('abc');
  });

  it('are read from all pages', async () => {
    const { type } = await agent();
    offer(type, 'abcdef');
    rig.controlPlane.ec2.pageSize = 2;
    await collect();
    expect([asked.length, await active(type)]).toEqual([3, 'abcdef']);
  });

  it('are only zones of the region that was asked', async () => {
    const { type } = await agent();
    offer(type, 'a');
    rig.controlPlane.ec2.offerings = () => [
      ...offered,
      ...['eu-west-1a', 'use1-az1', ''].map((az) => ({ instanceType: type, az })),
    ];
    await collect();
    rig.controlPlane.ec2.offerings = (region) => offered.filter(({ az }) => az.startsWith(region));
    const rows = await rig.db.selectFrom('spotPools').select('az').where('instanceType', '=', type).execute();
    expect(rows.map(({ az }) => az).sort()).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c']);
  });

  it.each([
    'RequestLimitExceeded',
    'UnauthorizedOperation',
    'OptInRequired',
    'AuthFailure',
    'disconnect',
  ] as const)('are asked for again later in a region that responds with %s, and at once elsewhere', async (error) => {
    const [here, there] = [await agent(), await agent('eu-west-1')];
    offer(here.type, 'ab');
    offer(there.type, 'ab', 'eu-west-1');
    rig.controlPlane.ec2.faults.inject({ error, action: 'DescribeInstanceTypeOfferings', region: 'eu-west-1' });
    await collect();
    expect([await active(here.type), await active(there.type)]).toEqual(['ab', 'abc']);
    expect(await collection('eu-west-1')).toMatchObject({ failures: 1 });
    rig.controlPlane.ec2.faults.clear();
    await collect();
    expect(await active(there.type)).toBe('abc');
    rig.pass(300);
    await collect();
    expect(await active(there.type)).toBe('ab');
    expect(await collection('eu-west-1')).toMatchObject({ failures: 0, nextAt: null });
  });
});
