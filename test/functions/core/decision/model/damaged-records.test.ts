import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../../../../support/agents/test-instance.ts';
import { Rig } from '../../../../support/rig/rig.ts';

// Input that the model was not made for (F7), as stored rows may hold after a mistake by hand or a bad release.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** An agent with a target whose pool has been observed. */
async function observed(type: string): Promise<TestInstance> {
  const agent = await rig.primary({ type, mode: 'spot', az: 'us-east-1a' });
  await agent.set({ availabilityTarget: '0.99900' });
  await report(agent);
  return agent;
}
const report = (agent: TestInstance) => agent.report(1, { 'us-east-1a': 0.3 });

/** What policy A was given in the agent's newest decision. */
async function decided(agent: TestInstance) {
  await report(agent);
  // A decision that repeats an earlier one would only be counted.
  await rig.db.deleteFrom('decisions').where('agentId', '=', agent.agentId).execute();
  await rig.runJob('decide');
  const { body, status } = await agent.request('POST', '/decide', { instance: {} });
  expect(status).toBe(200);
  const own = body.explanation.terms.pools.find(({ id }: { id: string }) => id === agent.pool);
  const decisions = await agent.decisions();
  const { service } = decisions[0]!.inputs as { service: { degraded: boolean } };
  return { degraded: service.degraded, availability: own.availability, hazard: own.hazard };
}

const good = { last: 'up', up: 1, down: 0, previousUp: null, downBefore: 0, unseen: 0, recent: 'AAAA' };

it.each([
  ['nothing', {}],
  ['another type', [1, 2]],
  ['a state that does not exist', { ...good, last: 'sideways' }],
  ['a negative count', { ...good, up: -1 }],
  ['more periods than there are', { ...good, unseen: 1e300 }],
  ['text for a count', { ...good, down: '3' }],
  ['periods that are not base64', { ...good, recent: '!' }],
  ['too many periods', { ...good, recent: 'A'.repeat(400) }],
])('a pool whose record holds %s counts as never observed, until its next observation', async (_, record) => {
  const type = `damaged${rig.clock.now().getTime()}.large`;
  const [agent, other] = [await observed(type), await observed(`other-${type}`)];
  for (const __ of [1, 2]) {
    rig.pass(600);
    for (const one of [agent, other]) await report(one);
    await rig.runJob('observe-pools');
  }
  const { updatedRows } = await sql`UPDATE pool_states SET record = ${JSON.stringify(record)}
    WHERE pool_id = ${agent.pool}`
    .execute(rig.db)
    .then(({ numAffectedRows }) => ({ updatedRows: numAffectedRows }));
  expect(Number(updatedRows)).toBe(1);
  expect(await decided(agent)).toEqual({ degraded: true, availability: 'unknown', hazard: expect.any(Number) });
  expect(await decided(other)).toMatchObject({ degraded: false, availability: 'up' });
  rig.pass(600);
  for (const one of [agent, other]) await report(one);
  await rig.runJob('observe-pools');
  expect(await decided(agent)).toMatchObject({ degraded: false, availability: 'up' });
});

it('an agent whose decision fails stays, and whoever asked is told so', async () => {
  const agent = await observed('unpaced.large');
  for (const _ of [1, 2]) {
    rig.pass(600);
    await report(agent);
    await rig.runJob('observe-pools');
  }
  expect(
    await rig.db.selectFrom('policyShadows').selectAll().where('instanceType', '=', 'unpaced.large').execute(),
  ).toHaveLength(1);
  await sql`UPDATE policy_shadows SET pacing = '{}' WHERE instance_type = 'unpaced.large'`.execute(rig.db);
  await sql`UPDATE pool_states SET record = JSON_SET(record, '$.recent', REPEAT('V', 336)) WHERE pool_id LIKE 'unpaced.%'`.execute(
    rig.db,
  );
  for (const ask of [
    () => agent.request('POST', '/decide', { instance: {} }),
    () => agent.request('GET', '/switch-recommendation'),
  ]) {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      recommended_action: 'stay',
      allowed: false,
      reason: 'Decision engine unavailable: the policy failed',
    });
  }
  await report(agent);
  await rig.runJob('decide');
  expect((await agent.decisions()).at(-1)).toMatchObject({ recommendedAction: 'stay', allowed: false });
});
