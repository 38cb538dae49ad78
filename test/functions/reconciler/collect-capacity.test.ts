import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CapacityRow } from '../../../local/aws/ec2-api/capacity-manager.ts';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let asked: Call[];
let rows: CapacityRow[];
beforeAll(async () => {
  rig = await Rig.start();
  rig.controlPlane.ec2.capacityMetrics = (account) => rows.filter(() => account === '123456789012');
  rig.controlPlane.ec2.onCall = (call) => void (call.action === 'GetCapacityManagerMetricData' && asked.push(call));
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 86_400);
  [asked, rows] = [[], []];
});

const dayMs = 86_400_000;
const midnight = (daysAgo: number) => new Date(Math.floor(rig.clock.now().getTime() / dayMs) * dayMs - daysAgo * dayMs);
const row = (daysAgo: number, metrics: CapacityRow['metrics'], type = 'm5.large'): CapacityRow => ({
  day: midnight(daysAgo),
  region: 'us-east-1',
  zoneId: 'use1-az1',
  instanceType: type,
  metrics,
});

let roles = 0;
async function tenant(region = 'us-east-1'): Promise<Tenant> {
  const role = `arn:aws:iam::123456789012:role/SpotOptimizer${++roles}`;
  const one = await rig.tenant({ aws_account_id: '123456789012', aws_role_arn: role });
  const { body } = await rig.asAdmin('GET', `/api/admin/clients/${one.id}/aws-access`);
  rig.controlPlane.ec2.roles.trust(role, body.external_id);
  await rig.primary({ mode: 'spot', region, az: `${region}a` }, one);
  return one;
}
const collect = () => rig.runJob('collect-market');
const stored = ({ id }: Tenant) =>
  rig.db.selectFrom('capacityMetrics').selectAll().where('clientId', '=', id).orderBy('metricDate').execute();
const read = ({ id }: Tenant) =>
  rig.db.selectFrom('capacityReads').selectAll().where('clientId', '=', id).executeTakeFirst();
const events = ({ id }: Tenant) =>
  rig.db
    .selectFrom('systemEvents')
    .select('eventType')
    .where('clientId', '=', id)
    .where('eventType', 'like', 'aws%')
    .execute();
const compared = async ({ id, token }: Tenant, days = 5) => {
  const query = `from=${midnight(days).toISOString()}&to=${midnight(0).toISOString()}`;
  return (await rig.request('GET', `/api/client/${id}/savings/explain?${query}`, { token })).body.capacity_manager;
};

describe('Capacity Manager', () => {
  it('is read for the last month, then daily for the last days, and compared with our accounts', async () => {
    const one = await tenant();
    rows = [
      row(31, { 'spot-total-estimated-cost': 9 }),
      row(2, {
        'spot-total-usage-hrs-inst': 24,
        'spot-total-estimated-cost': 1.25,
        'unreserved-total-estimated-cost': 0.5,
        'spot-total-interruptions-inst': 2,
        'spot-interruption-rate-inst': 12.5,
        'spot-avg-run-time-before-interruption-inst': 7.5,
      }),
      row(1, { 'spot-total-estimated-cost': 1 }),
    ];
    await collect();
    expect(await stored(one)).toMatchObject([
      {
        zoneId: 'use1-az1',
        accountId: '123456789012',
        spotHours: '24.000000',
        spotCost: '1.250000',
        interruptions: 2,
        interruptionRate: '12.500000',
        lifeBeforeInterruption: '7.500000',
      },
      { spotCost: '1.000000', ondemandCost: null },
    ]);
    await rig.db
      .insertInto('clientSavingsDaily')
      .values({
        clientId: one.id,
        savingsDate: midnight(2).toISOString().slice(0, 10),
        ...{ baselineCost: '4', actualCost: '1.5', savings: '2.5', switchCount: 0, instanceCount: 1 },
      })
      .execute();
    expect(await compared(one)).toEqual({
      days: 2,
      spot_cost: 2.25,
      ondemand_cost: 0.5,
      interruptions: 2,
      our_cost: 1.5,
      difference: 1.25,
    });
    rig.pass(900);
    await collect();
    expect(asked).toHaveLength(1);
    rows = [row(1, { 'spot-total-estimated-cost': 1.1 })];
    rig.pass(86_400);
    await collect();
    expect(asked).toHaveLength(2);
    expect(new Date(asked[1]!.parameters.get('StartTime')!)).toEqual(midnight(3));
  });

  it('is not read for a tenant without a role, which sees nothing of another’s account', async () => {
    const [one, other] = [await tenant(), await rig.tenant()];
    await rig.primary({ mode: 'spot' }, other);
    rows = [row(1, { 'spot-total-estimated-cost': 1 })];
    await collect();
    expect([(await stored(one)).length, (await stored(other)).length]).toEqual([1, 0]);
    expect(await compared(other)).toBeNull();
  });

  it('is read to its last page, and may be empty', async () => {
    const one = await tenant();
    rig.controlPlane.ec2.pageSize = 2;
    rows = ['a', 'b', 'c', 'd', 'e'].map((name) => row(1, { 'spot-total-estimated-cost': 1 }, `${name}1.large`));
    await collect();
    expect([asked.length, (await stored(one)).length]).toEqual([3, 5]);
    const none = await tenant();
    rows = [];
    await collect();
    expect([await stored(none), (await read(none))!.error]).toEqual([[], null]);
  });

  it.each([-1, 'NaN', 'Infinity', 1e9])('is not believed if it says %s', async (wrong) => {
    const one = await tenant();
    rows = [row(1, { 'spot-total-estimated-cost': wrong, 'spot-total-interruptions-inst': 3 })];
    await collect();
    expect(await stored(one)).toMatchObject([{ spotCost: null, interruptions: 3 }]);
  });

  it.each([
    'UnauthorizedOperation',
    'OptInRequired',
    'AuthFailure',
    'InvalidAction',
  ] as const)('may refuse with %s: nobody is notified, and it is asked again a day later', async (error) => {
    const one = await tenant();
    rows = [row(1, { 'spot-total-estimated-cost': 1 })];
    rig.controlPlane.ec2.faults.inject({ error, action: 'GetCapacityManagerMetricData' });
    for (let n = 0; n < 3; n += 1) {
      await collect();
      rig.pass(900);
    }
    expect(asked).toHaveLength(1);
    expect(await read(one)).toMatchObject({ error, readAt: null });
    expect([await events(one), await compared(one)]).toEqual([[], null]);
    rig.controlPlane.ec2.faults.clear();
    rig.pass(86_400);
    await collect();
    expect(await stored(one)).toHaveLength(1);
  });

  it.each([
    'RequestLimitExceeded',
    'InternalError',
  ] as const)('is asked again by the next run after %s, and look-ups of instances go on', async (error) => {
    const one = await tenant();
    rows = [row(1, { 'spot-total-estimated-cost': 1 })];
    rig.controlPlane.ec2.faults.inject({ error, action: 'GetCapacityManagerMetricData' });
    await collect();
    expect(await read(one)).toBeUndefined();
    const lookups = await rig.db.selectFrom('awsLookups').selectAll().where('clientId', '=', one.id).execute();
    expect(lookups.every(({ failures }) => failures === 0)).toBe(true);
    rig.controlPlane.ec2.faults.clear();
    rig.pass(900);
    await collect();
    expect(await stored(one)).toHaveLength(1);
  });
});
