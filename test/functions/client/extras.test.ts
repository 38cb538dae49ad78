import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cursorOf } from '../../../functions/shared/cursor.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
async function primary(): Promise<TestInstance> {
  const instance = await rig.primary({ type: `x${++types}.large`, mode: 'spot' });
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  return instance;
}
const get = ({ token }: Tenant, path: string) => rig.request('GET', path, { token });
const post = ({ token }: Tenant, path: string, body: unknown) => rig.request('POST', path, { token, body });

describe('the statistics of an agent (X14)', () => {
  it('are numbers, and the same under both paths', async () => {
    const instance = await primary();
    await instance.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.01 });
    await rig.runJob('decide');
    const [command] = (await instance.pendingCommands()).body;
    await instance.executed(command.id, { success: false });
    const { body, calls } = await get(instance.tenant, `/api/agents/${instance.handle}/statistics`);
    expect(calls).toBe(1);
    expect(body).toEqual({
      agent_id: instance.agentId,
      decisions: { total: 1, moves: 1, allowed: 1 },
      switches: { total: 0, commands_completed: 0, commands_failed: 1 },
      success_rate: 0,
      savings: 0,
      totalDecisions: 1,
      successRate: 0,
    });
    expect((await get(instance.tenant, `/api/client/agents/${instance.agentId}/statistics`)).body).toEqual(body);
    const fresh = await rig.primary();
    expect((await get(fresh.tenant, `/api/agents/${fresh.handle}/statistics`)).body).toMatchObject({
      totalDecisions: 0,
      successRate: 100,
      savings: 0,
    });
  });
});

it('the emergency status of an agent has counts (X15)', async () => {
  const instance = await primary();
  await instance.addReplica({ replicaType: 'automatic-rebalance' });
  const { body } = await instance.request('GET', '/emergency-status');
  expect(body.counts).toEqual({ active_replicas: 1, emergency_replicas: 1, interruptions_handled: 0 });
});

describe('the log of an instance (X16)', () => {
  it('has its events and switches, newest first, in pages', async () => {
    const instance = await primary();
    rig.pass(60);
    const next = instance.successor();
    await next.register();
    await instance.switchReport(next);
    const path = `/api/client/instances/${instance.id}/logs`;
    const { body, calls } = await get(instance.tenant, path);
    expect(calls).toBe(2);
    const told = body.map(({ event_type }: { event_type: string }) => event_type);
    expect(told).toContain('switch');
    expect(told.at(-1)).toBe('agent_registered');
    for (const { metadata, timestamp } of body) {
      expect(metadata).toBeTypeOf('object');
      expect(timestamp).toMatch(/Z$/);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const page = await get(instance.tenant, `${path}?limit=1&cursor=${cursor}`);
      seen.push(...page.body.map(({ event_type }: { event_type: string }) => event_type));
      cursor = page.headers.get('x-next-cursor');
    } while (cursor !== null);
    expect(seen).toEqual(told);
  });
});

describe('the volatility of prices (X17)', () => {
  it.each([
    [[0.05, 0.05, 0.05], 'very_low'],
    [[0.05, 0.055, 0.06], 'low'],
    [[0.05, 0.06, 0.08], 'medium'],
    [[0.02, 0.06, 0.08], 'high'],
  ])('of %j is %s', async (prices, volatility) => {
    const instance = await rig.primary({ type: `v${++types}.large`, mode: 'spot' });
    for (const price of prices) {
      await instance.report(0.1, { 'us-east-1a': price, 'us-east-1b': 0.04 });
      rig.pass(300);
    }
    const { body, calls } = await get(instance.tenant, `/api/client/instances/${instance.id}/pool-volatility`);
    expect(calls).toBe(2);
    expect(body).toMatchObject({
      current_pool: { az: 'us-east-1a', volatility, data_points: 3 },
      alternative_pools: [{ az: 'us-east-1b', volatility: 'very_low', price: 0.04 }],
    });
  });
});

describe('what a move would save (X18)', () => {
  it.each([
    [{}, 'us-east-1b', 0.01, 'switch'],
    [{ target_type: 'ondemand' }, null, -0.05, 'stay'],
    [{ targetPool: 'us-east-1a' }, 'us-east-1a', 0, 'stay'],
  ])('to %j', async (asked, zone, saving, recommendation) => {
    const instance = await primary();
    const pool = (az: string | null) => az && `${instance.facts.type}.${az}`;
    const body = 'targetPool' in asked ? { targetPool: pool(asked.targetPool!) } : asked;
    const before = await instance.commands();
    const answer = await post(instance.tenant, `/api/client/instances/${instance.id}/simulate-switch`, body);
    expect(answer).toMatchObject({ status: 200, calls: 1 });
    expect(answer.body).toMatchObject({ current_price: 0.05, target_pool: pool(zone), recommendation });
    expect(answer.body.hourly_saving).toBeCloseTo(saving, 6);
    expect(answer.body.monthly_saving).toBeCloseTo(saving * 730, 6);
    expect(await instance.commands()).toEqual(before);
  });

  it('is refused for a pool where the instance cannot go', async () => {
    const instance = await primary();
    const body = { target_pool: 'm5.large.us-east-1a' };
    const answer = await post(instance.tenant, `/api/client/instances/${instance.id}/simulate-switch`, body);
    expect(answer).toMatchObject({ status: 400, body: { details: { target_pool: [expect.any(String)] } } });
  });
});

describe('the downtime of workloads (X19)', () => {
  it('is grouped by what triggered the switch', async () => {
    const instance = await primary();
    const next = instance.successor();
    await instance.switchReport(next);
    await rig.db.updateTable('switches').set({ downtimeSeconds: 42 }).where('agentId', '=', instance.agentId).execute();
    const { body, calls } = await get(instance.tenant, `/api/client/${instance.tenant.id}/analytics/downtime`);
    expect(calls).toBe(1);
    expect(body).toMatchObject({
      days: 30,
      total_switches: 1,
      total_downtime_seconds: 42,
      average_downtime_seconds: 42,
      by_trigger: [{ trigger: 'model', switches: 1, downtime_seconds: 42, longest_seconds: 42 }],
      longest: { downtime_seconds: 42 },
    });
    const empty = await rig.tenant();
    expect((await get(empty, `/api/client/${empty.id}/analytics/downtime`)).body).toMatchObject({
      total_switches: 0,
      average_downtime_seconds: 0,
      by_trigger: [],
      longest: null,
    });
  });
});

describe('alerts on prices (X20)', () => {
  it('say whether they are triggered now, and are limited to a hundred', async () => {
    const { tenant, facts } = await primary();
    const path = `/api/client/${tenant.id}/pricing-alerts`;
    const pool_id = `${facts.type}.us-east-1b`;
    expect((await post(tenant, path, { pool_id, threshold: 0.05 })).status).toBe(201);
    rig.pass(1);
    expect((await post(tenant, path, { pool_id, threshold: 0.05, direction: 'above' })).status).toBe(201);
    expect((await get(tenant, path)).body).toMatchObject([
      { direction: 'above', threshold: 0.05, current_price: 0.04, triggered: false },
      { direction: 'below', threshold: 0.05, current_price: 0.04, triggered: true },
    ]);
    expect((await post(tenant, path, { pool_id: 'no.such', threshold: 1 })).status).toBe(404);
    expect((await post(tenant, path, { pool_id, threshold: 0 })).status).toBe(400);
    const more = Array.from({ length: 98 }, () => ({
      id: randomUUID(),
      clientId: tenant.id,
      poolId: pool_id,
      direction: 'below' as const,
      threshold: 1,
      createdAt: rig.clock.now(),
    }));
    await rig.db.insertInto('pricingAlerts').values(more).execute();
    expect(await post(tenant, path, { pool_id, threshold: 1 })).toMatchObject({
      status: 409,
      body: { code: 'alert_limit' },
    });
  });
});

describe('a console that follows events (X21)', () => {
  const follow = async (tenant: Tenant, query: string) => {
    const { status, body, headers, calls } = await get(tenant, `/api/events?${query}`);
    expect(status).toBe(200);
    expect(calls).toBe(1);
    return { ids: body.map(({ id }: { id: string }) => id) as string[], cursor: headers.get('x-next-cursor')! };
  };
  const event = (tenant: Tenant, at: Date) => ({
    id: randomUUID(),
    clientId: tenant.id,
    eventType: 'test',
    severity: 'info' as const,
    message: 'test',
    createdAt: at,
  });

  it('misses none, not even those stored late, and sees few twice', async () => {
    const tenant = await rig.tenant();
    const made: string[] = [];
    const seen: string[] = [];
    let { cursor } = await follow(tenant, `since=${rig.clock.now().toISOString()}`);
    for (let i = 0; i < 20; i += 1) {
      rig.pass(10);
      // Events of requests that took up to 30 s.
      const late = [0, 7, 30].map((s) => event(tenant, new Date(rig.clock.now().getTime() - s * 1000)));
      await rig.db.insertInto('systemEvents').values(late).execute();
      made.push(...late.map(({ id }) => id));
      const page = await follow(tenant, `cursor=${cursor}`);
      seen.push(...page.ids);
      cursor = page.cursor;
    }
    expect(made.filter((id) => !seen.includes(id))).toEqual([]);
    rig.pass(60);
    await follow(tenant, `cursor=${cursor}`);
    const quiet = await follow(tenant, `cursor=${(await follow(tenant, `cursor=${cursor}`)).cursor}`);
    expect(quiet.ids).toEqual([]);
    expect(seen.length / made.length).toBeLessThan(6);
  });

  it('misses none that are stored late behind a full page', async () => {
    const tenant = await rig.tenant();
    const made: string[] = [];
    const seen = new Set<string>();
    const store = async (...secondsAgo: number[]) => {
      const events = secondsAgo.map((s) => event(tenant, new Date(rig.clock.now().getTime() - s * 1000)));
      await rig.db.insertInto('systemEvents').values(events).execute();
      made.push(...events.map(({ id }) => id));
    };
    rig.pass(60); // the tenant's own first event is not among them
    let query = `since=${rig.clock.now().toISOString()}`;
    const look = async () => {
      const { ids, cursor } = await follow(tenant, `${query}&limit=3`);
      for (const id of ids) seen.add(id);
      query = `cursor=${cursor}`;
      return ids.length;
    };
    rig.pass(30);
    await store(20, 15, 10, 5);
    expect(await look()).toBe(3);
    rig.pass(5);
    await store(30); // of a request that began before all of these
    rig.pass(40);
    for (let i = 0; i < 4; i += 1) await look();
    expect(made.filter((id) => !seen.has(id))).toEqual([]);
  });

  it('pages through many events of the same time, each exactly once', async () => {
    const tenant = await rig.tenant();
    rig.pass(120);
    const at = new Date(rig.clock.now().getTime() - 100_000);
    await rig.db
      .insertInto('systemEvents')
      .values(Array.from({ length: 25 }, () => event(tenant, at)))
      .execute();
    const seen: string[] = [];
    let query = `since=${at.toISOString()}`;
    for (let i = 0; i < 4; i += 1) {
      const { ids, cursor } = await follow(tenant, `${query}&limit=10`);
      seen.push(...ids);
      query = `cursor=${cursor}`;
    }
    expect(seen.length).toBe(25);
    expect(new Set(seen).size).toBe(25);
  });

  it('sees only its own tenant’s events; the admin sees all', async () => {
    const [tenant, other] = [await rig.tenant(), await rig.tenant()];
    const since = `since=${rig.clock.now().toISOString()}`;
    await rig.db.insertInto('systemEvents').values(event(other, rig.clock.now())).execute();
    const own = (await get(tenant, `/api/events?${since}`)).body;
    expect(new Set(own.map(({ client_id }: { client_id: string }) => client_id))).toEqual(new Set([tenant.id]));
    const all = (await rig.asAdmin('GET', `/api/events?limit=500&${since}`)).body;
    expect(new Set(all.map(({ client_id }: { client_id: string }) => client_id)).has(other.id)).toBe(true);
    expect((await get(tenant, '/api/events?since=yesterday')).status).toBe(400);
    // With a time outside MySQL's range, the response has all events or none.
    for (const since of ['0000-02-29T21:33:03.57%2B03:59', '9999-12-31T23:59:59-12:00'])
      expect((await get(tenant, `/api/events?since=${since}`)).status, since).toBe(200);
    expect((await get(tenant, '/api/events?cursor=x')).status).toBe(400);
    // Anybody can compute a cursor's checksum.
    const at = rig.clock.now().toISOString();
    for (const forged of [['x', ''], [at], [at, '', 'x'], ['+012026-03-02T00:00:00Z', ''], [], [1, 2], 'x', null])
      expect((await get(tenant, `/api/events?cursor=${cursorOf('X21', forged as string[])}`)).status).toBe(400);
  });
});
