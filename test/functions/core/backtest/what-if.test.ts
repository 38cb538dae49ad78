import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPoolGroup } from '../../../../evaluation/data/pool-group.ts';
import { defaultPolicies } from '../../../../evaluation/policies.ts';
import { profiles } from '../../../../evaluation/service/profile.ts';
import { playWhatIfs } from '../../../../functions/core/backtest/play-runs.ts';
import { alwaysOnDemand, cheapest, onePool } from '../../../../functions/core/backtest/simulator/baselines.ts';
import { policyA } from '../../../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../../../functions/core/backtest/simulator/pool-group.ts';
import type { ServicePolicy } from '../../../../functions/core/backtest/simulator/service-policy.ts';
import { simulate } from '../../../../functions/core/backtest/simulator/simulate.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import type { Tenant } from '../../../support/rig/api.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { temporaryFolder } from '../../../support/run/temporary-folder.ts';
import {
  enterRecord,
  type Mark,
  type Record30,
  randomRecord,
  stepsOf,
} from '../../../support/scenes/recorded-history.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  rig.clock.set(new Date('2026-03-02T12:34:00Z'));
});
afterAll(() => rig.stop());

let types = 0;
const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
const onDemandPrice = 1;

/** A pseudo-random generator: the same numbers for the same seed. */
function randomFrom(seed: number) {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const always = (mark: Mark, price: number, days = 1) => ({
  marks: Array<Mark>(stepsOf(days)).fill(mark),
  prices: Array<number>(stepsOf(days)).fill(price),
});

/** An agent on Spot, of a new instance type whose pools have this recorded history. */
async function agentWith(record: Record30, tenant?: Tenant): Promise<TestInstance> {
  const agent = await rig.primary({ type: `w${++types}.large`, mode: 'spot', az: 'us-east-1a' }, tenant);
  await enterRecord(rig, agent.facts.type, record, onDemandPrice);
  return agent;
}

const path = ({ id }: Tenant) => `/api/client/${id}/what-if`;
const start = (tenant: Tenant, body: object = {}) => rig.request('POST', path(tenant), { token: tenant.token, body });
const show = (tenant: Tenant, run: string) => rig.request('GET', `${path(tenant)}/${run}`, { token: tenant.token });
const play = () => rig.runJob('play-what-ifs') as Promise<{ ran: boolean; rows: number }>;

/** Starts a back-test, runs the job that plays it, and reads the result. */
async function played({ tenant }: TestInstance, body: object = {}) {
  const { status, body: accepted } = await start(tenant, body);
  expect(status).toBe(202);
  await play();
  const { body: run } = await show(tenant, accepted.run_id);
  expect(run).toMatchObject({ status: 'done', progress_percent: 100 });
  return run;
}

/** The record, written as an evaluation file and read back by the evaluation. */
async function evaluationGroup(record: Record30): Promise<PoolGroup> {
  const file = {
    id: 'recorded',
    stepSeconds: 600,
    steps: stepsOf(30),
    onDemandPrice,
    pools: Object.entries(record).map(([az, { marks, prices }]) => ({
      az,
      countRle: marks.map((mark) => [Number(mark === 'u'), 1]),
      priceRle: prices.map((price) => [price, 1]),
    })),
  };
  const name = join(temporaryFolder('spot-record'), 'group.json');
  await writeFile(name, JSON.stringify(file));
  return readPoolGroup(name);
}

const asTold = (group: PoolGroup, policy: ServicePolicy) => {
  const { costRel, availability, planned, interruptions } = simulate(group, policy, profiles.target);
  const hours = (group.steps * group.stepSeconds) / 3600;
  return {
    cost: expect.closeTo(costRel * onDemandPrice * hours, 5),
    savings_percent: Number((100 * (1 - costRel)).toFixed(3)),
    availability_percent: Number((100 * availability).toFixed(5)),
    moves: planned,
    interruptions,
  };
};

describe('a back-test', () => {
  it('says the same of the recorded history as the evaluation’s simulator', async () => {
    const record = randomRecord(zones, 30, randomFrom(42));
    const agent = await agentWith(record);
    const group = await evaluationGroup(record);
    const slo = { availability: 0.999, over: 'rolling' } as const;
    const names = { u: 'up', d: 'down', '?': 'unknown' } as const;
    // Like the loop, it knows only what was seen in the period before.
    const seen = (pool: number, step: number) => names[record[zones[pool]!]!.marks[step - 1] ?? '?'];
    const run = await played(agent, { settings: { availability_target: 99.9, availability_form: 'rolling' } });
    expect(run).toMatchObject({ from: '2026-01-31T12:30:00.000Z', to: '2026-03-02T12:30:00.000Z', agents: 1 });
    const [only] = run.plays;
    expect(only).toMatchObject({
      instance_type: agent.facts.type,
      agent_ids: [agent.agentId],
      settings: { availability_target: 99.9, availability_form: 'rolling', limits_hold: false },
      outcome: {
        as_asked: asTold(group, policyA(group, slo, profiles.target, defaultPolicies.a, seen)),
        never_moving: asTold(group, onePool(0)),
        always_cheapest: asTold(group, cheapest(group)),
        all_on_demand: asTold(group, alwaysOnDemand()),
        policy: 'policy-a-4',
        pools: 3,
      },
    });
    expect(only.outcome.as_asked.interruptions).toBeGreaterThan(5);
    const marks = Object.values(record).flatMap((pool) => pool.marks);
    expect(only.outcome.observed_percent).toBe(
      Number(((100 * marks.filter((mark) => mark !== '?').length) / marks.length).toFixed(2)),
    );
    expect(run.total).toEqual({ ...run.total, ...strategies(only.outcome), agents: 1 });
  });

  const strategies = ({ as_asked, never_moving, always_cheapest, all_on_demand }: Record<string, unknown>) => ({
    as_asked,
    never_moving,
    always_cheapest,
    all_on_demand,
  });

  it('without a target plays the loop’s rules, held back by the limits', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5), 'us-east-1b': always('u', 0.45) });
    const moves = async (settings: object) => {
      const run = await played(agent, { days: 1, settings });
      expect(run.plays[0].outcome.policy).toBe('rules-2');
      return run.plays[0].outcome.as_asked.moves;
    };
    // To the pool that costs 55 % less than on-demand, and nowhere after that.
    expect(await moves({})).toBe(1);
    expect(await moves({ min_savings_percent: 60 })).toBe(0);
    expect(await moves({ max_switches_per_week: 0 })).toBe(0);
  });

  it('applies limits to policy A once a limit is asked for', async () => {
    const agent = await agentWith(randomRecord(zones, 30, randomFrom(7)));
    const settings = { availability_target: 99.9 };
    const free = (await played(agent, { settings })).plays[0];
    const held = (await played(agent, { settings: { ...settings, max_switches_per_week: 1 } })).plays[0];
    expect(free.settings.limits_hold).toBe(false);
    expect(held.settings.limits_hold).toBe(true);
    expect(held.outcome.as_asked.moves).toBeLessThanOrEqual(5);
    expect(free.outcome.as_asked.moves).toBeGreaterThan(5);
  });

  it('counts periods that nobody observed as not up, and says so', async () => {
    const [half, { marks, prices }] = [stepsOf(1), always('u', 0.3, 2)];
    const cut = marks.map((mark, step) => (step < half ? mark : '?'));
    const agent = await agentWith({ 'us-east-1a': { marks: cut, prices } });
    const { outcome } = (await played(agent, { days: 2 })).plays[0];
    expect(outcome.observed_percent).toBe(50);
    expect(outcome.never_moving).toMatchObject({ interruptions: 1, interruptions_unseen: 1, moves: 1 });
    expect(outcome.never_moving.savings_percent).toBeCloseTo(35, 0);
  });

  it('charges and compares what the tenant pays', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const before = (await played(agent, { days: 1 })).plays[0].outcome;
    const overlays = [
      { mode: 'ondemand', multiplier: 0.5 },
      { mode: 'spot', multiplier: 0.9 },
    ];
    expect((await agent.setPriceOverlays(overlays)).status).toBe(200);
    const after = (await played(agent, { days: 1 })).plays[0].outcome;
    expect(after.all_on_demand.cost).toBeCloseTo(before.all_on_demand.cost / 2, 5);
    // The pool costs 0.45, on-demand 0.50: too little for the loop's rules, while the simple rule takes every cent.
    expect(after.always_cheapest.cost).toBeCloseTo(before.always_cheapest.cost * 0.9, 1);
    expect(before.as_asked).toMatchObject({ moves: 1 });
    expect(after.as_asked).toEqual(after.all_on_demand);
  });

  it.each([
    ['with the default settings', {}],
    ['with a target', { availability_target: 99 }],
  ])('%s leaves Spot when a Savings Plan that makes on-demand cheaper begins', async (_, settings) => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const begins = new Date(rig.clock.now().getTime() - 12 * 3_600_000).toISOString();
    expect((await agent.setPriceOverlays([{ mode: 'ondemand', multiplier: 0.4, from: begins }])).status).toBe(200);
    const [free] = (await played(agent, { days: 1, settings })).plays;
    expect(free.outcome.as_asked).toMatchObject({ moves: 2, cost: expect.closeTo(12 * 0.5 + 12 * 0.4, 0) });
    const held = { ...settings, max_switches_per_day: 1 };
    const [limited] = (await played(agent, { days: 1, settings: held })).plays;
    expect(limited.outcome.as_asked).toMatchObject({ moves: 1, cost: expect.closeTo(24 * 0.5, 0) });
  });

  it('of free on-demand says what Spot would cost', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    expect((await agent.setPriceOverlays([{ mode: 'ondemand', multiplier: 0 }])).status).toBe(200);
    const { outcome } = (await played(agent, { days: 1 })).plays[0];
    expect(outcome.as_asked).toMatchObject({ moves: 0, savings_percent: 0 });
    expect(outcome.all_on_demand.cost).toBeCloseTo(0, 4);
  });

  it('covers the number of days that is asked for', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const run = await played(agent, { days: 1 });
    expect(run.from).toBe('2026-03-01T12:30:00.000Z');
    expect(run.plays[0].outcome.all_on_demand.cost).toBe(24);
  });

  it('says why a place cannot be played, and plays the others', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    await rig.primary({ type: 'unpriced.large', mode: 'spot', az: 'us-east-1a' }, agent.tenant);
    const run = await played(agent, { days: 1 });
    const byType = Object.fromEntries(run.plays.map((one: { instance_type: string }) => [one.instance_type, one]));
    expect(byType['unpriced.large']).toMatchObject({
      outcome: null,
      reason: 'No on-demand price of unpriced.large is recorded in us-east-1',
    });
    expect(byType[agent.facts.type].outcome).not.toBeNull();
    expect(run.total.agents).toBe(1);
  });
});

describe('another tenant', () => {
  it('cannot crowd a place’s pools out with zones that nobody else sees', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5), 'us-east-1b': always('u', 0.4) });
    const { type } = agent.facts;
    const before = (await played(agent, { days: 1 })).plays[0].outcome;
    const other = await rig.primary({ type, mode: 'spot', az: 'us-east-1b' });
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const made = Object.fromEntries(letters.map((letter) => [`us-east-1-${letter.repeat(3)}-1a`, 0.01]));
    expect((await other.report(1, made)).status).toBe(200);
    const after = (await played(agent, { days: 1 })).plays[0].outcome;
    expect({ ...after, pools: before.pools, observed_percent: before.observed_percent }).toEqual(before);
    expect(after.never_moving.cost).toBeCloseTo(0.5 * 24, 0);
  });
});

describe('a tenant with many agents', () => {
  it('has identical agents played once, and is told how many agents were left out', async () => {
    const agent = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const { listedOf: _, undecidedSince: __, ...row } = await agent.agentRow();
    const copy = (n: number, facts: object) => ({ ...row, id: randomUUID(), logicalAgentId: `copy-${n}`, ...facts });
    const copies = [
      ...Array.from({ length: 999 }, (_, n) => copy(n, {})),
      ...Array.from({ length: 20 }, (_, n) => copy(1000 + n, { instanceType: `rare${n}.large` })),
    ];
    for (let from = 0; from < copies.length; from += 200)
      await rig.db
        .insertInto('agents')
        .values(copies.slice(from, from + 200))
        .execute();
    const asked = await start(agent.tenant, { days: 1 });
    expect(asked.body).toMatchObject({ agents: 1015, agents_left_out: 5 });
    expect(asked.calls).toBeLessThanOrEqual(8);
    const statements: string[] = [];
    rig.controlPlane.dataApi.onCall = ({ operation }) => void statements.push(operation);
    await play();
    rig.controlPlane.dataApi.onCall = undefined;
    // The lease, the run and its overlays; four for the priced place, and a read and a save for each other one.
    expect(statements.length).toBeLessThanOrEqual(50);
    const { body } = await show(agent.tenant, asked.body.run_id);
    const mine = body.plays.find((one: { agents: number }) => one.agents === 1000);
    expect(mine.agent_ids).toHaveLength(5);
    expect(body.total.all_on_demand.cost).toBeCloseTo(1000 * mine.outcome.all_on_demand.cost, 3);
    expect(body.total.all_on_demand.availability_percent).toBe(100);
  });
});

describe('runs', () => {
  it('belong to their tenant: other tenants get a 404', async () => {
    const [mine, other] = [await agentWith({ 'us-east-1a': always('u', 0.5) }), await rig.primary()];
    const { run_id } = (await start(mine.tenant)).body;
    const asOther = (where: Tenant, run: string) =>
      rig.request('GET', `${path(where)}/${run}`, { token: other.tenant.token });
    expect(await asOther(other.tenant, run_id)).toMatchObject({ status: 404, body: { code: 'what_if_not_found' } });
    expect(await asOther(mine.tenant, run_id)).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    const start2 = await rig.request('POST', path(mine.tenant), { token: other.tenant.token, body: {} });
    expect(start2).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    const foreign = await start(other.tenant, { agent_id: mine.agentId });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'agent_not_found' } });
    expect((await rig.request('GET', path(other.tenant), { token: other.tenant.token })).body).toEqual([]);
    const all = await rig.asAdmin('GET', '/api/admin/what-if');
    expect(all.body.map((one: { run_id: string }) => one.run_id)).toContain(run_id);
    expect((await rig.asAdmin('GET', `/api/admin/what-if/${run_id}`)).body).toMatchObject({
      client_id: mine.tenant.id,
    });
    await play();
  });

  it('can be started by operators on behalf of a tenant', async () => {
    const { tenant } = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const { status, body } = await rig.asAdmin('POST', '/api/admin/what-if', { client_id: tenant.id, days: 2 });
    expect(status).toBe(202);
    expect(body.url).toBe(`${path(tenant)}/${body.run_id}`);
    await play();
    expect((await rig.asAdmin('GET', body.url)).body.status).toBe('done');
    const none = await rig.asAdmin('POST', '/api/admin/what-if', { client_id: randomUUID() });
    expect(none).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    const audit = await rig.asAdmin('GET', `/api/client/${tenant.id}/audit?action=what_if_started`);
    expect(audit.body).toHaveLength(1);
  });

  it('are limited to two at a time per tenant, and the last twenty are kept', async () => {
    const { tenant } = await agentWith({ 'us-east-1a': always('u', 0.5) });
    const first = (await start(tenant, { days: 1 })).body;
    await start(tenant, { days: 1 });
    const third = await start(tenant, { days: 1 });
    expect(third).toMatchObject({ status: 429, body: { code: 'too_many_what_ifs' } });
    expect(third.body.error).toContain('2 back-tests are under way');
    await play();
    for (let n = 0; n < 10; n += 1) {
      rig.pass(1);
      expect((await start(tenant, { days: 1 })).status).toBe(202);
      expect((await start(tenant, { days: 1 })).status).toBe(202);
      await play();
    }
    const list = await rig.request('GET', `${path(tenant)}?limit=15`, { token: tenant.token });
    expect(list.body).toHaveLength(15);
    const cursor = list.headers.get('x-next-cursor')!;
    const rest = await rig.request('GET', `${path(tenant)}?limit=15&cursor=${cursor}`, { token: tenant.token });
    expect(rest.body).toHaveLength(5);
    expect((await show(tenant, first.run_id)).status).toBe(404);
  });

  it.each([
    [{ days: 31 }, 'days'],
    [{ days: 0 }, 'days'],
    [{ days: 'month' }, 'days'],
    [{ settings: { availability_target: 99.5 } }, 'must be 99, 99.9, 99.95, 99.99 or none'],
    [{ settings: { availability_form: 'year' } }, 'availability_form'],
    [{ settings: { risk_threshold: 2 } }, 'risk_threshold'],
    [
      { settings: { price_margin: 0.1 } },
      'price_margin: cannot be back-tested; the settings that can are availability_target',
    ],
    [{ agent_id: '' }, 'agent_id'],
    [{ settings: [] }, 'settings'],
  ])('are refused for %j, and nothing is stored', async (body, said) => {
    const { tenant } = await rig.primary();
    const answer = await start(tenant, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(said);
    expect(await rowsOf(tenant)).toEqual([]);
  });

  const rowsOf = ({ id }: Tenant) =>
    rig.db.selectFrom('whatIfRuns').selectAll().where('clientId', '=', id).orderBy('createdAt').execute();

  it('are refused when no agent matches, with the type and region named', async () => {
    const { tenant } = await rig.primary();
    const answer = await start(tenant, { instance_type: 'nope.large', region: 'eu-west-1' });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toBe('There is no agent on nope.large in eu-west-1 whose type and region are known');
  });

  /** An agent of the same tenant in another place. */
  const second = (tenant: Tenant) => agentWith({ 'us-east-1a': always('u', 0.5) }, tenant);

  it('are played once, though the job is repeated or runs twice at once', async () => {
    const { tenant } = await agentWith({ 'us-east-1a': always('u', 0.5) });
    await second(tenant);
    await start(tenant, { days: 1 });
    const time = { hasTime: () => true, share: () => time };
    const both = await Promise.all([
      playWhatIfs(rig.db, time, rig.clock.now()),
      playWhatIfs(rig.db, time, rig.clock.now()),
    ]);
    // The second takes what the first has not begun, or finds nothing to do.
    expect(both[0] + both[1]).toBe(2);
    const [before] = await rowsOf(tenant);
    expect(before).toMatchObject({ state: 'done', playsDone: 2, attempts: 0 });
    rig.pass(60);
    expect(await play()).toMatchObject({ rows: 0 });
    expect(await rowsOf(tenant)).toEqual([before]);
  });

  it('resume where they stopped, and show their progress', async () => {
    const { tenant } = await agentWith({ 'us-east-1a': always('u', 0.5) });
    await second(tenant);
    const { run_id } = (await start(tenant, { days: 1 })).body;
    let asked = 0;
    const brief = { hasTime: () => ++asked <= 1, share: () => brief };
    expect(await playWhatIfs(rig.db, brief, rig.clock.now())).toBe(1);
    const half = (await show(tenant, run_id)).body;
    expect(half).toMatchObject({ status: 'running', progress_percent: 50, total: null, finished_at: null });
    const [done, waits] = half.plays;
    expect([done.outcome !== null, waits.outcome]).toEqual([true, null]);
    // As if killed before it saved anything: the attempt is counted, and earlier plays stay.
    const [row] = await rowsOf(tenant);
    await rig.db.updateTable('whatIfRuns').set({ attempts: 1 }).where('id', '=', row!.id).execute();
    expect(await play()).toMatchObject({ rows: 1 });
    const whole = (await show(tenant, run_id)).body;
    expect(whole).toMatchObject({ status: 'done', progress_percent: 100 });
    expect(whole.plays[0]).toEqual(done);
    expect(whole.total.agents).toBe(2);
  });

  it('are not given up when jobs keep running out of time on them', async () => {
    const { tenant } = await agentWith({ 'us-east-1a': always('u', 0.5) });
    await second(tenant);
    const { run_id } = (await start(tenant, { days: 1 })).body;
    for (let n = 0; n < 4; n += 1) {
      let asked = 0;
      const late = { hasTime: () => ++asked <= 1, share: () => late };
      await playWhatIfs(rig.db, late, rig.clock.now());
    }
    expect((await show(tenant, run_id)).body).toMatchObject({ status: 'done', failure: null });
  });

  it('are given up after three attempts if they cannot be played, and hold up no others', async () => {
    const [bad, good] = [
      await agentWith({ 'us-east-1a': always('u', 0.5) }),
      await agentWith({ 'us-east-1a': always('u', 0.5) }),
    ];
    const poisoned = (await start(bad.tenant, { days: 1 })).body;
    const [row] = await rowsOf(bad.tenant);
    const plays = [{ ...(row!.plays as object[])[0], settings: null }];
    await rig.db.updateTable('whatIfRuns').set({ plays }).where('id', '=', row!.id).execute();
    rig.pass(1);
    const fine = (await start(good.tenant, { days: 1 })).body;
    await play();
    expect((await show(good.tenant, fine.run_id)).body.status).toBe('done');
    for (let n = 0; n < 3; n += 1) {
      rig.pass(60);
      await play();
    }
    expect(await rowsOf(bad.tenant)).toMatchObject([
      { id: poisoned.run_id, state: 'failed', failure: expect.stringContaining('abandoned after 3 attempts') },
    ]);
    expect((await start(bad.tenant, { days: 1 })).status).toBe(202);
    await play();
  });
});
