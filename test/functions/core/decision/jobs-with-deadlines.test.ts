import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideDueAgents } from '../../../../functions/core/decision/decide-agents.ts';
import { valueTables } from '../../../../functions/core/decision/recommend-job.ts';
import { replay } from '../../../../functions/core/decision/replay.ts';
import { runTime } from '../../../../functions/shared/run-time.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const hour = 3600;
const prices = { 'us-east-1a': 0.05, 'us-east-1b': 0.03 };
let types = 0;

async function job({
  hours = 20,
  work = 10 * hour,
  ...facts
}: {
  hours?: number;
  work?: number;
  mode?: 'spot' | 'ondemand';
} = {}) {
  types += 1;
  const agent = await rig.primary({ type: `job${types}.large`, ...facts });
  await configure(agent, { deadline: inHours(hours), remaining_work_seconds: work });
  rig.pass(hour); // past its overhead
  await agent.heartbeat();
  await agent.report(0.1, prices);
  return agent;
}
const inHours = (hours: number) => new Date(rig.clock.now().getTime() + hours * 3_600_000).toISOString();
const configure = (agent: TestInstance, body: object) =>
  rig.request('POST', `/api/client/agents/${agent.agentId}/config`, { token: agent.tenant.token, body });
const decided = async (agent: TestInstance) => {
  await rig.runJob('decide');
  return (await agent.decisions()).at(-1)!;
};
/** Carries out the queued switch. */
async function move(agent: TestInstance, facts: Parameters<TestInstance['successor']>[0]) {
  const { body } = await agent.pendingCommands();
  const next = agent.successor(facts);
  rig.pass(90);
  await next.register();
  await agent.switchReport(next);
  await agent.executed(body[0].id);
  return next;
}

it('a job takes the cheapest pool, or on-demand when out of slack; once done, other policies decide', async () => {
  const agent = await job();
  const { type } = agent.facts;
  expect(await decided(agent)).toMatchObject({
    modelVersion: 'policy-b-3',
    recommendedPoolId: `${type}.us-east-1b`,
    allowed: true,
    inputs: { service: null, job: { workLeft: 9 * hour + 720, overhead: 720, overheadLeft: 0 } },
  });
  const onSpot = await move(agent, { mode: 'spot', az: 'us-east-1b' });
  const row = await onSpot.agentRow();
  expect(row).toMatchObject({ currentMode: 'spot', remainingWorkSeconds: 9 * hour + 720 });
  rig.pass(360);
  await onSpot.heartbeat();
  await onSpot.report(0.1, prices);
  expect(await decided(onSpot)).toMatchObject({ modelVersion: 'policy-b-3', recommendedAction: 'stay' });
  // It makes no progress: what it reports counts.
  const left = (new Date(row.deadline!).getTime() - rig.clock.now().getTime()) / 1000;
  rig.pass(360);
  await onSpot.request('POST', '/heartbeat', { remaining_work_seconds: left - 2000 });
  await onSpot.report(0.1, prices);
  const needed = await decided(onSpot);
  expect(needed).toMatchObject({ recommendedAction: 'switch_ondemand', allowed: true });
  expect(needed.reason).toMatch(/^The deadline leaves time for only one launch/);
  expect(await onSpot.commands()).toContainEqual(expect.objectContaining({ targetMode: 'ondemand', priority: 50 }));
  const back = await move(onSpot, { mode: 'ondemand', az: 'us-east-1b' });
  rig.pass(360);
  await back.request('POST', '/heartbeat', { remaining_work_seconds: 0 });
  await back.report(0.1, prices);
  expect(await decided(back)).toMatchObject({ modelVersion: 'rules-2' });
  for (const decision of await back.decisions()) expect(replay(decision).kind).toBe('same');
});

it('policy B decides on an agent with a target until its deadline, and policy A after it', async () => {
  const agent = await job({ hours: 2 });
  await agent.set({ availabilityTarget: '0.99900' });
  expect(await decided(agent)).toMatchObject({ modelVersion: 'policy-b-3' });
  rig.pass(hour + 1);
  await agent.heartbeat();
  await agent.report(0.1, prices);
  expect(await decided(agent)).toMatchObject({ modelVersion: 'policy-a-4', inputs: { job: null } });
});

it('A12 and A13 say what policy B weighed; A12 takes three calls at most', async () => {
  const agent = await job({ mode: 'spot' });
  const answer = await agent.request('POST', '/decide', { instance: {} });
  expect(answer.body).toMatchObject({
    model_version: 'policy-b-3',
    recommended_pool_id: `${agent.facts.type}.us-east-1b`,
    explanation: {
      policy: 'policy-b-3',
      terms: null,
      degraded: true,
      job: { bound: 'free', work_left: 9 * hour + 720, overhead: 720, observed_share: 0 },
    },
  });
  expect(Number(answer.headers.get('x-data-api-calls'))).toBeLessThanOrEqual(3);
  const { body } = await agent.request('GET', '/switch-recommendation');
  expect(body.explanation).toEqual(answer.body.explanation);
  const places = body.explanation.job.places as { id: string; cost_hours: number }[];
  expect(places.map(({ id }) => id)).toContain('ondemand');
  const [stored] = await agent.decisions();
  expect(replay(stored!).kind).toBe('same');
});

it('what was observed of pools in the last week counts', async () => {
  const agent = await job({ mode: 'spot' });
  for (let n = 0; n < 6; n += 1) {
    rig.pass(600);
    await agent.heartbeat();
    await rig.runJob('observe-pools');
  }
  await agent.report(0.1, prices);
  const { inputs } = await decided(agent);
  const { group, observedShare } = (
    inputs as { job: { group: { pools: object; tiers: object[] }; observedShare: number } }
  ).job;
  // Of the last day, in which one of its two pools was observed for an hour or two.
  expect(observedShare).toBeGreaterThanOrEqual(6 / 144 / 2);
  expect(observedShare).toBeLessThan(12 / 144 / 2);
  expect(group.pools).toMatchObject({ [`${agent.facts.type}.us-east-1a`]: { isUp: true, up: { seen: 0 } } });
  expect(group.tiers).toHaveLength(2);
});

it('an agent that needs more value tables than a run builds waits, but not one whose deadline is near', async () => {
  const bound = await job({ mode: 'spot', hours: 11, work: 10 * hour });
  const free = await job();
  await configure(free, { restart_overhead_seconds: 1200 }); // which no agent above has tables for
  await bound.request('POST', '/heartbeat', { remaining_work_seconds: 8.7 * hour });
  const { built } = valueTables;
  await decideDueAgents(
    rig.db,
    runTime(() => 60_000),
    rig.clock.now(),
    0,
  );
  expect(valueTables.built).toBe(built);
  expect(await free.decisions()).toEqual([]);
  expect((await free.agentRow()).decidedAt).toBeNull();
  expect(await bound.decisions()).toMatchObject([{ recommendedAction: 'switch_ondemand', allowed: true }]);
  await decideDueAgents(
    rig.db,
    runTime(() => 60_000),
    rig.clock.now(),
  );
  expect(await free.decisions()).toMatchObject([{ recommendedAction: 'switch_spot' }]);
  expect(valueTables.built).toBeGreaterThan(built);
});
