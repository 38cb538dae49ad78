import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const zonesOf = async (type: string) => {
  const rows = rig.db.selectFrom('spotPools').select('az').where('instanceType', '=', type).orderBy('id');
  return (await rows.execute()).map(({ az }) => az);
};
const letter = (i: number) => String.fromCharCode(97 + (i % 26));
/** Zones that could be Local Zones of us-east-1. */
const localZones = (n: number, prefix: string) =>
  Object.fromEntries(
    Array.from({ length: n }, (_, i) => [`us-east-1-${prefix}${letter(i / 26)}${letter(i)}-1a`, 0.04]),
  );

describe('a price report with zones outside its instance’s region', () => {
  it('loses those zones and keeps the rest', async () => {
    const type = 'z1.large';
    const instance = await rig.primary({ type, mode: 'spot' });
    const madeUp = Object.fromEntries(Array.from({ length: 190 }, (_, i) => [`us-east-1-made-up-${i}`, 0.04]));
    const odd = { 'eu-west-1a': 0.01, 'us-east-2a': 0.01, unknown: 0.01, 'us-east-1': 0.01 };
    const { status } = await instance.report(0.1, { ...madeUp, 'us-east-1a': 0.05, ...odd, 'us-east-1-bos-1a': 0.06 });
    expect(status).toBe(200);
    expect(await zonesOf(type)).toEqual(['us-east-1-bos-1a', 'us-east-1a']);
    const buckets = rig.db.selectFrom('pricingSnapshotsClean').select('poolId').where('poolId', 'like', `${type}.%`);
    expect(await buckets.execute()).toHaveLength(2);
    expect(await instance.row()).toMatchObject({ spotPrice: '0.050000' });
  });

  it('loses pools of another instance type too', async () => {
    const instance = await rig.primary({ type: 'z2.large' });
    await instance.request('POST', '/pricing-report', {
      instance: { instance_id: instance.id },
      pricing: { spot_pools: [{ pool_id: 'z3.large.us-east-1a', instance_type: 'z3.large', price: 0.01 }] },
    });
    expect(await zonesOf('z3.large')).toEqual([]);
  });

  it('adds no more pools than a region can have, and leaves room for its availability zones', async () => {
    const type = 'z4.large';
    const instance = await rig.primary({ type });
    for (const prefix of ['a', 'b', 'c']) {
      rig.pass(300);
      expect((await instance.report(0.1, localZones(200, prefix))).status).toBe(200);
    }
    expect(await zonesOf(type)).toHaveLength(60);
    rig.pass(300);
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1f': 0.05, 'us-east-1-zzz-1a': 0.05 });
    expect((await zonesOf(type)).filter((az) => !az.includes('-1-'))).toEqual(['us-east-1a', 'us-east-1f']);
    expect(await zonesOf(type)).toHaveLength(62);
  });

  it('is refused as a whole if it is larger than any that agents send', async () => {
    const instance = await rig.primary({ type: 'z5.large' });
    const pools = Array.from({ length: 200 }, () => ({ az: 'us-east-1a', price: 0.03, note: 'x'.repeat(400) }));
    const body = { instance: { instance_id: instance.id }, pricing: { spot_pools: pools } };
    const { length: bytes } = JSON.stringify(body);
    expect(await instance.request('POST', '/pricing-report', body)).toMatchObject({
      status: 413,
      body: { error: `The body has ${bytes} bytes; it may have at most 65536` },
    });
    expect(await zonesOf('z5.large')).toEqual([]);
  });
});

describe('the job decide', () => {
  it('decides for all other agents when one agent’s pools do not fit in one Data API response', async () => {
    const flooded = 'z6.large';
    const beside = [await rig.primary({ type: flooded })];
    for (let i = 0; i < 12; i += 1) beside.push(await rig.primary({ type: 'z7.large' }));
    const now = rig.clock.now();
    const rows = Array.from({ length: 6_000 }, (_, i) => {
      const az = `us-east-1-${letter(i / 676)}${letter(i / 26)}${letter(i)}-1a`;
      const id = `${flooded}.${az}`;
      const priced = { latestPrice: '0.04', latestAt: now, createdAt: now };
      return { id, instanceType: flooded, region: 'us-east-1', az, poolName: id.padEnd(150, 'x'), ...priced };
    });
    for (let i = 0; i < rows.length; i += 1_000)
      await rig.db
        .insertInto('spotPools')
        .values(rows.slice(i, i + 1_000))
        .execute();
    for (const instance of beside) await instance.report(0.1, { 'us-east-1a': 0.05 });
    expect(await rig.runJob('decide')).toMatchObject({ ran: true });
    for (const [i, instance] of beside.entries()) expect(await instance.decisions()).toHaveLength(i === 0 ? 0 : 1);
  });
});
