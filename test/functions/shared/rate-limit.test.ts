import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../functions/routes.ts';
import { classOf, perMinute, perMinuteForEachAgent } from '../../../functions/shared/rate-class.ts';
import type { Route } from '../../../functions/shared/route.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ RATE_LIMITS: 'on' });
});
afterAll(() => rig.stop());

const times = (n: number) => Array.from({ length: n });
const statuses = async (n: number, send: () => Promise<{ status: number }>) => {
  const counts: Record<number, number> = {};
  for (const _ of times(n)) {
    const { status } = await send();
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
};
/** The config request of a new agent. */
const configOf = async () => {
  const instance = await rig.primary();
  return () => instance.config();
};
/** Adds what other containers have counted, as they would write it. */
const othersCount = (requests: number) =>
  rig.db
    .updateTable('rateCounts')
    .set((eb) => ({ requests: eb('requests', '+', requests) }))
    .execute();

describe('an agent', () => {
  it('may send 240 requests a minute, is told when to retry, and may always report that EC2 takes it', async () => {
    rig.pass(120);
    const tenant = await rig.tenant();
    const [agent, other] = [await rig.primary({}, tenant), await rig.primary({}, tenant)];
    expect(await statuses(perMinute.agent, () => agent.config())).toEqual({ 200: perMinute.agent });
    const refused = await agent.config();
    expect(refused).toMatchObject({
      status: 429,
      calls: 0,
      body: { code: 'rate_limited', limit: 'agent', per_minute: 240, retry_after_seconds: expect.any(Number) },
    });
    expect(refused.body.error).toMatch(/^Too many requests: limit `agent` is 240 a minute; try again in 6\d s$/);
    expect(refused.headers.get('retry-after')).toBe(String(refused.body.retry_after_seconds));

    expect((await other.config()).status).toBe(200);
    const notice = await agent.request('POST', '/termination-imminent', {
      action: 'terminate',
      detected_at: rig.clock.now().toISOString(),
    });
    expect(notice.status).toBe(200);
    rig.pass(60);
    expect((await agent.config()).status).toBe(200);
  });

  it('that sends as much as agents do is counted without a statement', async () => {
    rig.pass(60);
    const config = await configOf();
    for (const _ of times(20)) expect((await config()).calls).toBe(1);
  });
});

describe('a token', () => {
  it('has separate limits for reads, for changes and for files', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    const call = (method: string, path: string) => () =>
      rig.request(method, `/api/client/${tenant.id}${path}`, { token: tenant.token });
    const exportFile = call('GET', '/export/savings');
    expect(await statuses(perMinute.export + 2, exportFile)).toEqual({ 200: perMinute.export, 429: 2 });
    expect((await call('DELETE', '/tokens/none')()).status).toBe(404);
    expect((await call('GET', '')()).status).toBe(200);
  });

  it('shares its limits with the tenant’s other tokens, and not with another tenant’s', async () => {
    rig.pass(60);
    const [tenant, stranger] = [await rig.tenant(), await rig.tenant()];
    const body = { name: 'second', scope: 'read' };
    const { token } = (await rig.asAdmin('POST', `/api/client/${tenant.id}/tokens`, body)).body;
    const file =
      ({ id }: { id: string }, token: string) =>
      () =>
        rig.request('GET', `/api/client/${id}/export/savings`, { token });
    const events = (token: string) => () => rig.request('GET', '/api/events?limit=1', { token });
    expect(await statuses(perMinute.export, file(tenant, tenant.token))).toEqual({ 200: perMinute.export });
    expect(await file(tenant, token)()).toMatchObject({ status: 429, calls: 0, body: { limit: 'export' } });
    expect((await file(stranger, stranger.token)()).status).toBe(200);
    expect((await file(tenant, rig.controlPlane.adminToken)()).status).toBe(200);
    expect(await statuses(perMinute.read - 1, events(tenant.token))).toEqual({ 200: perMinute.read - 1 });
    expect(await statuses(2, events(token))).toEqual({ 200: 1, 429: 1 });
  }, 60_000);

  it('opens no more files by links than without them', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    const links = `/api/client/${tenant.id}/export-links`;
    const body = { export: 'savings' };
    const { url } = (await rig.request('POST', links, { token: tenant.token, body })).body;
    const open = () => rig.request('GET', url);
    expect(await statuses(perMinute.export + 2, open)).toEqual({ 200: perMinute.export, 429: 2 });
    expect(await open()).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'export' } });
    // An invalid link does not count, and opens no file.
    expect((await rig.request('GET', `${url}x`)).status).toBe(403);
    const ours = (await rig.asAdmin('POST', '/api/admin/export-links', { export: 'global-stats' })).body.url;
    expect((await rig.request('GET', ours)).status).toBe(200);
  });

  it('for agents shares one limit with the other agent tokens of its tenant', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/plan`, { max_agents: 1, max_instances: 1 });
    const body = { name: 'second', scope: 'agent' };
    const { token } = (await rig.asAdmin('POST', `/api/client/${tenant.id}/tokens`, body)).body;
    let n = 0;
    const madeUp = (token: string) => () => rig.request('GET', `/api/agents/made-up-${n++}/config`, { token });
    expect(await statuses(perMinuteForEachAgent, madeUp(tenant.token))).toEqual({ 404: perMinuteForEachAgent });
    expect(await statuses(1, madeUp(token))).toEqual({ 429: 1 });
  });

  it('may send no more than its tenant’s agents would, whichever agents it names', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/plan`, { max_agents: 2, max_instances: 2 });
    let n = 0;
    const madeUp = () => rig.request('GET', `/api/agents/made-up-${n++}/config`, { token: tenant.token });
    expect(await statuses(2 * perMinuteForEachAgent + 3, madeUp)).toEqual({ 404: 2 * perMinuteForEachAgent, 429: 3 });
    expect((await madeUp()).body).toMatchObject({ limit: 'tenant', per_minute: 60 });
  });

  it('of a console does not use up the limit of its tenant’s agents, however small the plan', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    const agent = await rig.primary({}, tenant);
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/plan`, { max_agents: 1, max_instances: 1 });
    const page = () => rig.request('GET', `/api/client/${tenant.id}`, { token: tenant.token });
    expect(await statuses(60, page)).toEqual({ 200: 60 });
    expect((await agent.pendingCommands()).status).toBe(200);
  });

  it('serves all agents that its tenant runs, even beyond a plan that was made smaller', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    const agents = [await rig.primary({}, tenant), await rig.primary({}, tenant), await rig.primary({}, tenant)];
    await rig.asAdmin('PUT', `/api/admin/clients/${tenant.id}/plan`, { max_agents: 0, max_instances: 0 });
    rig.pass(60);
    for (const agent of agents) expect(await statuses(24, () => agent.heartbeat())).toEqual({ 200: 24 });
  });

  it('has one limit for all agent names that are too long', async () => {
    rig.pass(60);
    const tenant = await rig.tenant();
    const madeUp = (n: number) =>
      rig.request('GET', `/api/agents/${'x'.repeat(8000)}${n}/config`, { token: tenant.token });
    let n = 0;
    expect(await statuses(241, () => madeUp(n++))).toEqual({ 404: 240, 429: 1 });
  });

  it('is held to what all containers have counted, synchronized every tenth of the limit', async () => {
    rig.pass(60);
    await rig.db.deleteFrom('rateCounts').execute();
    const config = await configOf();
    await statuses(perMinute.agent / 10, config);
    await othersCount(200);
    // 24 and 200 by now; this container learns of the 200 with its next 24.
    expect(await statuses(40, config)).toEqual({ 200: 24, 429: 16 });
  });

  it('is admitted when its requests cannot be counted', async () => {
    rig.pass(60);
    const config = await configOf();
    await statuses(perMinute.agent / 10 - 1, config);
    const heal = rig.faults.inject({ error: 'ServiceUnavailableError', when: 'before', sql: /rate_counts/, times: 50 });
    // One call to count, which is not retried, and the request's own.
    expect(await config()).toMatchObject({ status: 200, calls: 2 });
    heal();
  });

  it('does not wait for a slow count: the request itself needs the time', async () => {
    rig.pass(60);
    const agent = await rig.primary();
    await statuses(perMinute.agent / 10 - 1, () => agent.config());
    const { promise: stuck, resolve: free } = Promise.withResolvers<void>();
    rig.controlPlane.dataApi.onCall = ({ sql }) => (sql?.includes('rate_counts') ? stuck : undefined);
    try {
      expect((await agent.config()).status).toBe(200); // a poll has 3 s for all of its statements
    } finally {
      free();
      rig.controlPlane.dataApi.onCall = undefined;
    }
  });
});

it('limits every route with a token, except those that report an interruption or what was done', () => {
  const all = Object.values(routes).flatMap((table) => Object.values<Route>(table));
  const free = all.filter((route) => route.access !== 'open' && !classOf(route)).map(({ id }) => id);
  expect(free.sort()).toEqual(['A10', 'A5', 'A7', 'A8', 'R3', 'R5', 'R6', 'R8', 'R9', 'X2', 'X4']);
});

it('counts are not kept for longer than an hour', async () => {
  await rig.db
    .insertInto('rateCounts')
    .values({ id: 'a'.repeat(64), countedMinute: rig.clock.now(), requests: 1 })
    .execute();
  rig.pass(2 * 3600);
  await rig.controlPlane.runJob({ job: 'delete-old-rows', time: rig.clock.now().toISOString() });
  expect(await rig.db.selectFrom('rateCounts').select('id').execute()).toEqual([]);
});
