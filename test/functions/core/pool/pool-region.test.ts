import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pools = (type: string) =>
  rig.db.selectFrom('spotPools').select(['az', 'region']).where('instanceType', '=', type).orderBy('id').execute();

// An agent takes its region from its environment, which is us-east-1 by default, and its zone from the instance.
const misplaced = { region: 'us-east-1', az: 'eu-west-1a', mode: 'spot' } as const;

describe('the region of a pool', () => {
  it('is that of its zone, whatever region the agent that registers first claims', async () => {
    const type = 'r1.large';
    const wrong = await rig.primary({ ...misplaced, type });
    const right = await rig.primary({ type, region: 'eu-west-1', az: 'eu-west-1b', mode: 'spot' });
    await right.report(0.11, { 'eu-west-1a': 0.01, 'eu-west-1b': 0.05 });
    expect(await pools(type)).toEqual([
      { az: 'eu-west-1a', region: 'eu-west-1' },
      { az: 'eu-west-1b', region: 'eu-west-1' },
    ]);
    for (const row of [await wrong.row(), await wrong.agentRow()])
      expect(row).toMatchObject({ region: 'eu-west-1', az: 'eu-west-1a' });
  });

  it('keeps an agent of another region from being moved there', async () => {
    const type = 'r2.large';
    await rig.primary({ ...misplaced, type });
    const inIreland = await rig.primary({ type, region: 'eu-west-1', az: 'eu-west-1b', mode: 'spot' });
    await inIreland.report(0.11, { 'eu-west-1a': 0.01, 'eu-west-1b': 0.05 });
    const inVirginia = await rig.primary({ type, mode: 'spot' });
    await inVirginia.heartbeat();
    await inVirginia.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.045 });
    await rig.runJob('decide');
    expect((await inVirginia.commands()).map(({ targetPoolId }) => targetPoolId)).not.toContain(`${type}.eu-west-1a`);
  });

  it('decides for which region the on-demand price of a misplaced agent counts', async () => {
    const type = 'r3.large';
    await (await rig.primary({ ...misplaced, type })).report(0.107, {});
    const rows = await rig.db.selectFrom('ondemandPrices').selectAll().where('instanceType', '=', type).execute();
    expect(rows).toMatchObject([{ region: 'eu-west-1', price: '0.107000' }]);
  });

  it('is enforced by the table itself', async () => {
    const wrong = { id: 'r4.large.eu-west-1a', instanceType: 'r4.large', region: 'us-east-1', az: 'eu-west-1a' };
    const row = { ...wrong, poolName: 'r4.large', createdAt: rig.clock.now() };
    await expect(rig.db.insertInto('spotPools').values(row).execute()).rejects.toThrow('ck_spot_pools_region');
  });
});

describe('the zone of an instance', () => {
  it.each([
    'unknown',
    'us-east-1',
    'US-EAST-1A',
    'x.example.com/a',
  ])('is refused at registration if it is %s', async (az) => {
    const instance = rig.instance(await rig.tenant(), { az, mode: 'spot' });
    const { status, body } = await instance.register();
    expect(status).toBe(400);
    expect(body.details.az).toEqual([`must be an availability zone such as us-east-1a, not ${az}`]);
    const agents = rig.db.selectFrom('agents').select('id').where('logicalAgentId', '=', instance.facts.logicalId);
    expect(await agents.execute()).toEqual([]);
  });

  it.each([
    'us-west-2-lax-1a',
    'us-east-1-wl1-bos-wlz-1',
    'us-gov-west-1a',
    'eusc-de-east-1a',
  ])('may be %s', async (az) => {
    expect((await rig.instance(await rig.tenant(), { az }).register()).status).toBe(200);
  });

  it('in a heartbeat sets the region too, and is ignored if it is no zone', async () => {
    const instance = await rig.primary({ az: 'us-east-1a' });
    await instance.request('POST', '/heartbeat', { status: 'online', instance_id: instance.id, az: 'unknown' });
    expect(await instance.agentRow()).toMatchObject({ region: 'us-east-1', az: 'us-east-1a' });
    await instance.request('POST', '/heartbeat', { status: 'online', instance_id: instance.id, az: 'eu-west-1b' });
    for (const row of [await instance.row(), await instance.agentRow()])
      expect(row).toMatchObject({ region: 'eu-west-1', az: 'eu-west-1b' });
  });

  it('in a switch report sets the region too, and is left out if it is no zone', async () => {
    const old = await rig.primary();
    const next = old.successor({ region: 'us-east-1', az: 'eu-west-1c' });
    await old.switchReport(next);
    expect(await next.row()).toMatchObject({ region: 'eu-west-1', az: 'eu-west-1c' });
    const other = await rig.primary();
    const odd = other.successor({ region: 'us-east-1', az: 'nowhere' });
    await other.switchReport(odd);
    expect(await odd.row()).toMatchObject({ region: null, az: null });
  });

  it('of a standby that its agent launched by itself sets its region', async () => {
    const instance = await rig.primary({ mode: 'spot' });
    const { body } = await instance.createReplica({ pool_id: 'm5.large.eu-west-1b', instance_id: 'i-0a1b2c3d' });
    expect(body.pool).toMatchObject({ region: 'eu-west-1', az: 'eu-west-1b' });
    const [standby] = await instance.replicas();
    expect(standby).toMatchObject({ region: 'eu-west-1', az: 'eu-west-1b' });
  });
});
