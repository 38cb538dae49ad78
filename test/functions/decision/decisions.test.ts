import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { enterLoss } from '../../support/database/losses.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
/** All tenants share prices and interruptions, so each test uses its own instance type. */
const newType = () => `t${++types}.large`;

const zones = { 'us-east-1a': 0.05, 'us-east-1b': 0.03 };

/** A primary that has just reported prices. */
async function priced(facts = {}): Promise<TestInstance> {
  const instance = await rig.primary({ type: newType(), ...facts });
  await instance.report(0.1, zones);
  return instance;
}

/** Past interruptions of a pool, an hour apart, each seen by `agents` agents that are long gone. */
async function interrupted(poolId: string, times: number, { daysAgo = 10, agents = 1 } = {}) {
  for (let i = 0; i < times * agents; i += 1) {
    const detectedAt = new Date(rig.clock.now().getTime() - daysAgo * 86_400_000 - Math.floor(i / agents) * 3600_000);
    await enterLoss(rig.db, { poolId, at: detectedAt });
  }
}

describe('rebalance-recommendation (A10)', () => {
  const advise = (instance: TestInstance, body = {}) =>
    instance.request('POST', '/rebalance-recommendation', { instance_id: instance.id, ...body });
  const signals = (instance: TestInstance) =>
    rig.db.selectFrom('spotInterruptionEvents').selectAll().where('agentId', '=', instance.agentId).execute();

  it('says switch and queues one in a pool that was interrupted often', async () => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 10);
    const { status, body } = await advise(instance);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      action: 'switch',
      risk_score: expect.closeTo(10 / 30),
      target_mode: 'spot',
      target_pool_id: `${instance.facts.type}.us-east-1b`,
      target_pool_name: `${instance.facts.type} (us-east-1b)`,
    });
    expect(await instance.commands()).toMatchObject([
      { targetPoolId: `${instance.facts.type}.us-east-1b`, priority: 80, createdBy: 'emergency', status: 'pending' },
    ]);
  });

  it.each([9, 10])('says switch only above a risk of 0.30: with %i interruptions in 30 days', async (times) => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, times);
    expect((await advise(instance)).body.action).toBe(times > 9 ? 'switch' : 'monitor');
  });

  it('counts a loss of the pool once, however many agents it hit (ADR 10)', async () => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 2, { agents: 20 });
    expect((await advise(instance)).body.risk_score).toBeCloseTo(2 / 30);
  });

  it('does not count interruptions older than 30 days', async () => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 20, { daysAgo: 31 });
    expect((await advise(instance)).body).toMatchObject({ action: 'monitor', risk_score: 0 });
  });

  it('targets the pool with the fewest interruptions, not the cheapest', async () => {
    const instance = await rig.primary({ type: newType(), mode: 'spot' });
    await instance.report(0.1, { ...zones, 'us-east-1c': 0.02 });
    await interrupted(instance.pool!, 15);
    await interrupted(`${instance.facts.type}.us-east-1c`, 3);
    expect((await advise(instance)).body.target_pool_id).toBe(`${instance.facts.type}.us-east-1b`);
  });

  it('says monitor if the prices of all other pools are stale', async () => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 20);
    rig.pass(901);
    expect((await advise(instance)).body.action).toBe('monitor');
  });

  it('says monitor to an on-demand agent', async () => {
    const instance = await priced();
    expect((await advise(instance)).body).toMatchObject({ action: 'monitor', risk_score: 0 });
  });

  it('is recorded once per instance and hour, however often it is sent', async () => {
    const instance = await priced({ mode: 'spot' });
    const detected_at = rig.clock.now().toISOString();
    for (let i = 0; i < 3; i += 1) await advise(instance, { detected_at });
    expect(await signals(instance)).toMatchObject([
      {
        signalType: 'rebalance-recommendation',
        poolId: instance.pool,
        detectedAt: new Date(detected_at),
        responseAction: 'monitor',
      },
    ]);
    expect(await instance.events('rebalance_recommendation')).toHaveLength(1);
    expect((await instance.agentRow()).lastRebalanceRecommendationAt).toEqual(new Date(detected_at));
  });

  it('queues no second switch when repeated', async () => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 20);
    await Promise.all([advise(instance), advise(instance), advise(instance)]);
    expect(await instance.commands()).toHaveLength(1);
  });

  it.each([
    ['auto-switch is off', { autoSwitchEnabled: false }],
    ['the agent is disabled', { enabled: false }],
    ['the day’s switches are used up', { maxSwitchesPerDay: 0 }],
  ])('says switch but queues nothing when %s', async (_, values) => {
    const instance = await priced({ mode: 'spot' });
    await interrupted(instance.pool!, 20);
    await instance.set(values);
    expect((await advise(instance)).body.action).toBe('switch');
    expect(await instance.commands()).toEqual([]);
  });

  it('holds automatic moves back for two hours', async () => {
    const instance = await priced({ mode: 'spot' });
    await advise(instance);
    expect((await instance.request('GET', '/switch-recommendation')).body.reason).toMatch(/within the last 2 h/);
  });
});

describe('decide (A12)', () => {
  const decide = (instance: TestInstance, body: object = { instance: {} }) => instance.request('POST', '/decide', body);

  it('has the fields of both response shapes, logs the decision and queues nothing', async () => {
    const instance = await priced();
    const pool = `${instance.facts.type}.us-east-1b`;
    const { status, body } = await decide(instance);
    expect(status).toBe(200);
    expect(body).toEqual({
      instance_id: instance.id,
      recommended_action: 'switch_spot',
      decision_type: 'switch_to_spot',
      recommended_mode: 'spot',
      recommended_pool_id: pool,
      risk_score: 0.2,
      expected_savings_per_hour: 0.07,
      expected_savings: 0.07,
      allowed: true,
      reason: `${pool} costs 70.0 % less than on-demand`,
      confidence: 0.8,
      model_version: 'rules-2',
      explanation: {
        policy: 'rules-2',
        model: null,
        degraded: true,
        terms: null,
        job: null,
        price_overlays: [],
        first_closed_gate: null,
        what_it_takes: `${pool} costs 70.0 % less than on-demand`,
        staying_costs_per_hour: 0.07,
      },
    });
    expect(await instance.decisions()).toMatchObject([
      {
        clientId: instance.tenant.id,
        source: 'agent',
        recommendedAction: 'switch_spot',
        recommendedPoolId: pool,
        expectedSavingsPerHour: '0.070000',
        allowed: true,
        failedGate: null,
        commandId: null,
        inputs: { prices: { onDemand: 0.1 } },
      },
    ]);
    expect(await instance.commands()).toEqual([]);
  });

  it('of an agent with an availability target explains what policy A weighed', async () => {
    const instance = await priced();
    await instance.set({ availabilityTarget: '0.99000', autoSwitchEnabled: false });
    const { body } = await decide(instance);
    expect(body).toMatchObject({ model_version: 'policy-a-4', allowed: false });
    expect(body.explanation).toMatchObject({
      model: expect.stringMatching(/^built-in@[0-9a-f]{12}$/),
      degraded: true,
      terms: { pacing: 'blind', spent_seconds: 0, entry_seconds: 10 },
      first_closed_gate: 'auto_switch_off',
      staying_costs_per_hour: 0.07,
    });
    expect(body.explanation.terms.pools.map(({ price }: { price: number }) => price)).toEqual([0.03, 0.05]);
    const { body: recommended } = await instance.request('GET', '/switch-recommendation');
    expect(recommended.explanation).toEqual(body.explanation);
  });

  it('prefers what the caller describes to what is stored', async () => {
    const instance = await priced();
    const { body } = await decide(instance, {
      instance: { instance_id: 'i-other', current_mode: 'spot', current_pool_id: 'x' },
      pricing: { current_spot_price: 0.09, on_demand_price: 0.1 },
    });
    expect(body).toMatchObject({ instance_id: 'i-other', recommended_action: 'switch_ondemand' });
  });

  it('without an instance is a 400', async () => {
    const instance = await priced();
    expect((await decide(instance, {})).status).toBe(400);
    expect(await instance.decisions()).toEqual([]);
  });

  it('for a disabled agent says stay, and is not logged', async () => {
    const instance = await priced();
    await instance.set({ enabled: false });
    expect((await decide(instance)).body).toMatchObject({
      recommended_action: 'stay',
      decision_type: 'stay_ondemand',
      recommended_mode: 'ondemand',
      allowed: false,
      reason: 'Agent disabled',
    });
    expect(await instance.decisions()).toEqual([]);
  });

  it('ignores invalid prices and uses the stored ones', async () => {
    const instance = await priced();
    const { status, body } = await decide(instance, {
      instance: {},
      pricing: { on_demand_price: 1e300, spot_pools: [{ az: 'us-east-1z', price: -1 }], cheapest_pool: null },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ recommended_pool_id: `${instance.facts.type}.us-east-1b`, expected_savings: 0.07 });
  });
});

describe('switch-recommendation (A13)', () => {
  const recommend = async (instance: TestInstance) => (await instance.request('GET', '/switch-recommendation')).body;

  it('says what would be done, and lists the other pools by price', async () => {
    const instance = await priced({ mode: 'spot' });
    const { type } = instance.facts;
    expect(await recommend(instance)).toMatchObject({
      agent_id: instance.agentId,
      auto_switch_enabled: true,
      will_auto_execute: true,
      recommended_action: 'switch_spot',
      current_pool: { id: `${type}.us-east-1a`, name: `${type} (us-east-1a)`, az: 'us-east-1a' },
      alternative_pools: [{ id: `${type}.us-east-1b`, az: 'us-east-1b', spot_price: 0.03 }],
    });
    expect(await instance.decisions()).toEqual([]);
  });

  it('lists at most five pools to an on-demand agent, none with a price older than 15 minutes', async () => {
    const instance = await rig.primary({ type: newType() });
    await instance.report(0.1, { 'us-east-1z': 0.01 });
    rig.pass(600);
    await instance.report(0.1, Object.fromEntries([...'abcdefg'].map((z, i) => [`us-east-1${z}`, 0.07 - i / 100])));
    rig.pass(600);
    const { current_pool, alternative_pools } = await recommend(instance);
    expect(current_pool).toBeNull();
    expect(alternative_pools.map((pool: { spot_price: number }) => pool.spot_price)).toEqual([
      0.01, 0.02, 0.03, 0.04, 0.05,
    ]);
  });

  it.each([
    ['disabled', { enabled: false }, 'Agent disabled'],
    ['not to be switched', { autoSwitchEnabled: false }, 'Auto-switch is off'],
  ])('recommends a switch to an agent that is %s, and says that it will not happen', async (_, values, reason) => {
    const instance = await priced();
    await instance.set(values);
    const body = await recommend(instance);
    expect(body).toMatchObject({ recommended_action: 'switch_spot', allowed: false, will_auto_execute: false });
    expect(body.reason).toContain(reason);
  });

  it('says stay for an agent without any price', async () => {
    const instance = await rig.primary({ type: newType() });
    expect(await recommend(instance)).toMatchObject({
      recommended_action: 'stay',
      alternative_pools: [],
      risk_score: 0,
    });
  });
});

describe('the decide job', () => {
  it('decides for an agent that has reported, logs the decision and queues an allowed switch (defect 6)', async () => {
    const instance = await priced();
    await rig.runJob('decide');
    const [command, ...rest] = await instance.commands();
    expect(rest).toEqual([]);
    expect(command).toMatchObject({
      commandType: 'switch',
      targetMode: 'spot',
      targetPoolId: `${instance.facts.type}.us-east-1b`,
      priority: 25,
      createdBy: 'model',
      triggerType: 'model',
      status: 'pending',
    });
    expect(await instance.decisions()).toMatchObject([{ source: 'loop', allowed: true, commandId: command!.id }]);
    expect((await instance.agentRow()).decidedAt).toEqual(rig.clock.now());
  });

  it('queues a move to on-demand because of risk at priority 50', async () => {
    const instance = await rig.primary({ type: newType(), mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.081 });
    await rig.runJob('decide');
    expect(await instance.commands()).toMatchObject([{ targetMode: 'ondemand', targetPoolId: null, priority: 50 }]);
  });

  it.each([
    ['disabled', { enabled: false }, 'disabled'],
    ['offline', { status: 'offline' }, 'not_online'],
    ['not to be switched', { autoSwitchEnabled: false }, 'auto_switch_off'],
  ] as const)('logs why it queues nothing for an agent that is %s', async (_, values, failedGate) => {
    const instance = await priced();
    await instance.set(values);
    await rig.runJob('decide');
    expect(await instance.commands()).toEqual([]);
    expect(await instance.decisions()).toMatchObject([{ allowed: false, failedGate }]);
  });

  it('decides on an agent once in five minutes, and only if it has reported since', async () => {
    const instance = await priced();
    await instance.set({ autoSwitchEnabled: false });
    const decided = async () => (await instance.decisions()).reduce((sum, { times }) => sum + times, 0);
    await rig.runJob('decide');
    await rig.runJob('decide');
    expect(await decided()).toBe(1);
    rig.pass(299);
    await instance.report(0.1, zones);
    await rig.runJob('decide');
    expect(await decided()).toBe(1);
    rig.pass(1);
    await rig.runJob('decide');
    expect(await decided()).toBe(2);
    rig.pass(600);
    await rig.runJob('decide');
    expect(await decided()).toBe(2);
  });

  it('queues no second switch while one is open', async () => {
    const instance = await priced();
    await rig.runJob('decide');
    rig.pass(300);
    await instance.report(0.1, zones);
    await rig.runJob('decide');
    expect(await instance.commands()).toHaveLength(1);
    expect((await instance.decisions()).at(-1)).toMatchObject({ failedGate: 'open_command', allowed: false });
  });

  it('queues no move when prices are stale', async () => {
    const instance = await priced();
    rig.pass(901);
    await rig.runJob('decide');
    expect(await instance.commands()).toEqual([]);
    expect(await instance.decisions()).toMatchObject([{ failedGate: 'stale_prices' }]);
  });

  it('queues no move beyond the daily limit of switches', async () => {
    const instance = await priced();
    const next = instance.successor();
    await instance.switchReport(next);
    next.handle = `${instance.agentId}~${next.id}`;
    await instance.set({ maxSwitchesPerDay: 1, minPoolDurationHours: 0 });
    await next.report(0.1, zones);
    await rig.runJob('decide');
    expect((await instance.decisions()).at(-1)).toMatchObject({ failedGate: 'daily_limit' });
    rig.pass(86_400);
    await next.report(0.1, zones);
    await rig.runJob('decide');
    expect((await instance.decisions()).at(-1)).toMatchObject({ allowed: true });
  });

  it('never decides for a deleted agent, or one that has not reported', async () => {
    const silent = await rig.primary({ type: newType() });
    const deleted = await priced();
    await deleted.set({ status: 'deleted' });
    await rig.runJob('decide');
    expect(await silent.decisions()).toEqual([]);
    expect(await deleted.decisions()).toEqual([]);
  });
});
