import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../local/aws/ec2-api/faults.ts';
import type { ZoneScore } from '../../../local/aws/ec2-api/placement-scores.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let asked: Call[];
let scores: ZoneScore[];
beforeAll(async () => {
  rig = await Rig.start({ PLACEMENT_SCORES_A_DAY: '2' });
  rig.controlPlane.ec2.placementScores = () => scores;
  rig.controlPlane.ec2.onCall = (call) => void (call.action === 'GetSpotPlacementScores' && asked.push(call));
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 2 * 86_400);
  [asked, scores] = [[], []];
});

let types = 0;
const agent = async (region = 'us-east-1') => {
  const type = `p${++types}.large`;
  const instance = await rig.primary({ type, mode: 'spot', region, az: `${region}a` });
  await instance.report(0.1, { [`${region}a`]: 0.05, [`${region}b`]: 0.04 });
  return { type, instance };
};
const collect = () => rig.runJob('collect-market');
const scored = async (type: string) =>
  (
    await rig.db
      .selectFrom('spotPools')
      .select('placementScore')
      .where('instanceType', '=', type)
      .orderBy('az')
      .execute()
  ).map(({ placementScore }) => placementScore);

describe('placement scores', () => {
  it('are stored by pool, under the names of the zones, and shown with their time', async () => {
    const { type, instance } = await agent();
    scores = [
      { zoneId: 'us-east-1-az2', score: 9 },
      { zoneId: 'us-east-1-az1', score: 3 },
      { zoneId: 'use9-az9', score: 7 },
    ];
    await collect();
    expect(await scored(type)).toEqual([3, 9]);
    expect(Object.fromEntries(asked[0]!.parameters)).toMatchObject({ 'InstanceType.1': type, TargetCapacity: '50' });
    const path = `/api/client/instances/${instance.id}/available-options`;
    const { body } = await rig.request('GET', path, { token: instance.tenant.token });
    expect(body.pools[0]).toMatchObject({ placementScore: 9, placementScoredAt: rig.clock.now().toISOString() });
  });

  it.each([0, 11, -3, 2.5])('are whole numbers from 1 to 10: %d is left out', async (score) => {
    const { type } = await agent();
    scores = [
      { zoneId: 'us-east-1-az1', score },
      { zoneId: 'us-east-1-az2', score: 5 },
    ];
    await collect();
    expect(await scored(type)).toEqual([null, 5]);
  });

  it('are asked for as often a day as the operator allows, each place in turn', async () => {
    const all = [await agent(), await agent(), await agent()].map(({ type }) => type);
    for (let n = 0; n < 3; n += 1) {
      await collect();
      rig.pass(900);
    }
    expect(asked).toHaveLength(2);
    rig.pass(86_400);
    await collect();
    expect(new Set(asked.map(({ parameters }) => parameters.get('InstanceType.1')))).toEqual(new Set(all));
    expect(asked).toHaveLength(4);
  });

  it.each([
    'MaxConfigLimitExceeded',
    'RequestLimitExceeded',
    'OptInRequired',
    'UnauthorizedOperation',
  ] as const)('are asked for again later in a region that responds with %s', async (error) => {
    const [here, there] = [await agent(), await agent('eu-west-1')];
    scores = ['us-east-1', 'eu-west-1'].map((region) => ({ zoneId: `${region}-az1`, score: 8 }));
    rig.controlPlane.ec2.faults.inject({ error, action: 'GetSpotPlacementScores', region: 'eu-west-1' });
    await collect();
    expect([await scored(here.type), await scored(there.type)]).toEqual([
      [8, null],
      [null, null],
    ]);
    rig.controlPlane.ec2.faults.clear();
    rig.pass(300);
    await collect();
    expect(await scored(there.type)).toEqual([8, null]);
  });
});

it('placement scores are not asked for unless an operator wants them', async () => {
  const other = await Rig.start({ PLACEMENT_SCORES_A_DAY: '0' });
  try {
    const calls: string[] = [];
    other.controlPlane.ec2.onCall = ({ action }) => void calls.push(action);
    await other.primary({ type: 'p.large', mode: 'spot' });
    await other.runJob('collect-market');
    expect(calls).toEqual(['DescribeInstanceTypeOfferings']);
  } finally {
    await other.stop();
  }
});
