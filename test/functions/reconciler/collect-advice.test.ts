import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SpotAdvisor } from '../../../local/aws/spot-advisor.ts';
import { Rig } from '../../support/rig/rig.ts';
import { forgetCollected } from '../../support/scenes/collecting.ts';

let rig: Rig;
let advisor: SpotAdvisor;
beforeAll(async () => {
  rig = await Rig.start();
  advisor = rig.controlPlane.spotAdvisor;
});
afterAll(() => rig.stop());
beforeEach(async () => {
  await forgetCollected(rig, 3600);
  [advisor.advice, advisor.status] = [{}, 200];
  advisor.answers.splice(0);
});

let types = 0;
const agent = async (region = 'us-east-1') => {
  const type = `a${++types}.large`;
  return { type, instance: await rig.primary({ type, mode: 'ondemand', region, az: `${region}a` }) };
};
const collect = () => rig.runJob('collect-market');
const band = async (instanceType: string) =>
  (
    await rig.db
      .selectFrom('marketPlaces')
      .select('interruptionBand')
      .where('instanceType', '=', instanceType)
      .executeTakeFirst()
  )?.interruptionBand;
const collection = () =>
  rig.db.selectFrom('marketCollections').selectAll().where('source', '=', 'spot-advisor').executeTakeFirst();
const answered = () => advisor.answers.map(({ status }) => status);

describe('Spot Advisor’s file', () => {
  it('gives the interruption band of each type in each region, and consoles show it', async () => {
    const [here, there] = [await agent(), await agent('eu-west-1')];
    advisor.advice = { 'us-east-1': { [here.type]: 1, [there.type]: 3 }, 'eu-west-1': { [there.type]: 4 } };
    await collect();
    expect([await band(here.type), await band(there.type)]).toEqual([1, 4]);
    const { id, tenant } = here.instance;
    const { body } = await rig.request('GET', `/api/client/instances/${id}/available-options`, { token: tenant.token });
    expect(body.interruptionBand).toBe('5-10%');
  });

  it('is fetched once a day, and in full when it has changed or a type is new', async () => {
    const { type } = await agent();
    advisor.advice = { 'us-east-1': { [type]: 1 } };
    for (const seconds of [0, 900, 86_400]) {
      rig.pass(seconds);
      await collect();
    }
    expect(answered()).toEqual([200, 304]);
    const { type: other } = await agent();
    await collect();
    expect([await band(type), await band(other)]).toEqual([1, null]);
    advisor.advice = { 'us-east-1': { [type]: 2, [other]: 0 } };
    rig.pass(86_400);
    await collect();
    expect(answered()).toEqual([200, 304, 200, 200]);
    expect([await band(type), await band(other)]).toEqual([2, 0]);
  });

  it.each([5, -1, 1.5, '1', null, { r: 1 }])('is not believed if it says that a band is %s', async (wrong) => {
    const { type } = await agent();
    advisor.advice = { 'us-east-1': { [type]: wrong } };
    await collect();
    expect(await band(type)).toBeNull();
    expect(await collection()).toMatchObject({ failures: 0 });
  });

  it.each<[string, Partial<Pick<SpotAdvisor, 'advice' | 'status'>>]>([
    ['an error', { status: 503 }],
    ['a refusal', { status: 403 }],
    ['no answer at all', { status: 'disconnect' }],
    ['a redirection', { status: 302 }],
    ['no JSON', { advice: '<html>' }],
    ['other JSON', { advice: '[1]' }],
    ['20 MB', { advice: `{"spot_advisor":{},"x":"${'x'.repeat(20_000_000)}"}` }],
  ])('is fetched again later if what comes is %s', async (_, trouble) => {
    const { type } = await agent();
    Object.assign(advisor, trouble);
    expect(await collect()).toMatchObject({ ran: true });
    expect(await collection()).toMatchObject({ failures: 1, collectedUntil: null });
    Object.assign(advisor, { advice: { 'us-east-1': { [type]: 2 } }, status: 200 });
    await collect();
    expect(await band(type)).toBeNull();
    rig.pass(300);
    await collect();
    expect(await band(type)).toBe(2);
    expect(await collection()).toMatchObject({ failures: 0, nextAt: null });
  });
});

describe('a pool that nobody has been in', () => {
  const hazards = async (of: Awaited<ReturnType<typeof agent>>) => {
    await rig.db
      .updateTable('agents')
      .set({ availabilityTarget: '0.99' })
      .where('id', '=', of.instance.agentId)
      .execute();
    await of.instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.02 });
    await rig.runJob('decide');
    const { inputs } = (await of.instance.decisions()).at(-1)!;
    return (inputs as { prices: { pools: { hazard: number }[] } }).prices.pools.map(({ hazard }) => hazard);
  };

  it.each([
    [0, 0.025],
    [3, 0.175],
  ])('has the hazard of its band, %i', async (index, share) => {
    const of = await agent();
    advisor.advice = { 'us-east-1': { [of.type]: index } };
    await collect();
    expect(await hazards(of)).toEqual(Array(2).fill(-Math.log(1 - share) / 720));
  });

  it.each([4, undefined])('is judged by the model if the band, %s, says too little', async (index) => {
    const of = await agent();
    advisor.advice = { 'us-east-1': { [of.type]: index } };
    await collect();
    for (const hazard of await hazards(of)) expect(hazard).toBeCloseTo(0.097, 3);
  });

  it('is judged by the model once somebody has lost an instance there', async () => {
    const of = await agent();
    advisor.advice = { 'us-east-1': { [of.type]: 0 } };
    await collect();
    const poolId = `${of.type}.us-east-1b`;
    await rig.db.insertInto('poolLosses').values({ poolId, bucket: rig.clock.now() }).execute();
    const [a, b] = await hazards(of);
    expect(a).toBeLessThan(1e-4);
    expect(b).toBeGreaterThan(0.1);
  });
});
