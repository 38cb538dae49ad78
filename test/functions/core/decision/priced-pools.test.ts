import { afterAll, beforeAll, expect, it } from 'vitest';
import { fittedHazards } from '../../../../functions/core/decision/fitted-hazards.ts';
import type { HazardModel } from '../../../../functions/core/decision/hazard-model.ts';
import { poolReader } from '../../../../functions/core/decision/priced-pools.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

it('asks the model once for all places, though they are read in parts, and gives each pool its hazard', async () => {
  const tenant = await rig.tenant();
  const types = Array.from({ length: 14 }, (_, n) => `place${n}.large`);
  for (const type of types) {
    const agent = await rig.primary({ type }, tenant);
    await agent.report(1, { 'us-east-1a': 0.3, 'us-east-1b': 0.4 });
  }
  const asked: string[][][] = [];
  const model: HazardModel = {
    known: fittedHazards.known,
    hazards: async (groups) => {
      asked.push(groups.map((pools) => pools.map(({ id }) => id)));
      const hazards = groups.map((pools) => pools.map(({ id }) => hazardOf(id)));
      return { hazards, chances: null, model: 'counted@1', isDegraded: false };
    },
  };
  const hazardOf = (id: string) =>
    types.findIndex((type) => id.startsWith(`${type}.`)) + (id.endsWith('a') ? 0.1 : 0.2);
  const placed = types.map((instanceType) => ({ clientId: tenant.id, instanceType, region: 'us-east-1' }));
  const readPools = poolReader(rig.db, rig.clock.now(), model);
  const placeOf = await readPools(placed);
  expect(asked).toHaveLength(1);
  expect(asked[0]!.map(({ length }) => length)).toEqual(Array(14).fill(2));
  for (const place of placed) {
    const { pools, told } = placeOf(place);
    expect(told).toMatchObject({ model: 'counted@1' });
    expect(pools).toHaveLength(2);
    for (const { id, hazard } of pools) expect(hazard).toBe(hazardOf(id));
  }
  await readPools(placed);
  expect(asked).toHaveLength(1);
});

it('treats a pool that nobody was ever in like one not seen lately, not like one that just came up', async () => {
  const agent = await rig.primary({ type: 'never.large' });
  await agent.report(1, { 'us-east-1a': 0.3 });
  const place = { clientId: agent.tenant.id, instanceType: 'never.large', region: 'us-east-1' };
  const readPools = poolReader(rig.db, rig.clock.now(), fittedHazards);
  const [pool] = (await readPools([place]))(place).pools;
  expect(pool).toMatchObject({ availability: 'unknown', record: { last: 'unknown', up: 0, down: 0 } });
  // The evaluation's hazard of a pool that was not seen for four hours; with a whole week's budget it is entered.
  expect(pool!.hazard).toBeCloseTo(0.117, 3);
  await agent.set({ availabilityTarget: '0.99950' });
  const { body } = await agent.request('POST', '/decide', { instance: {} });
  expect(body).toMatchObject({ recommended_action: 'switch_spot', explanation: { terms: { pacing: 'blind' } } });
});
