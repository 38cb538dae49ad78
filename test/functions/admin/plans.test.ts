import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const planOf = ({ id }: { id: string }) => `/api/admin/clients/${id}/plan`;
const setPlan = (tenant: { id: string }, max_agents: number, max_instances = 100) =>
  rig.asAdmin('PUT', planOf(tenant), { max_agents, max_instances });

/** A tenant with the default plan, but for what `plan` sets. */
async function newTenant(plan: object = {}) {
  const name = `Tenant ${randomUUID()}`;
  const { body } = await rig.asAdmin('POST', '/api/admin/clients/create', { name, ...plan });
  return body.client as Tenant;
}

describe('a tenant’s plan (E8, E9)', () => {
  it('allows 1,000 agents and 3,000 instances by default, and shows how many are in use', async () => {
    const tenant = await newTenant();
    await rig.primary({}, tenant);
    expect((await rig.asAdmin('GET', planOf(tenant))).body).toEqual({
      client_id: tenant.id,
      max_agents: 1000,
      max_instances: 3000,
      agents: 1,
      instances: 1,
    });
  });

  it('can be set when the tenant is created', async () => {
    const tenant = await newTenant({ max_agents: 7 });
    expect((await rig.asAdmin('GET', planOf(tenant))).body).toMatchObject({ max_agents: 7, max_instances: 3000 });
  });

  it('can be changed by an operator, and the audit log keeps what it was before', async () => {
    const tenant = await newTenant();
    expect((await setPlan(tenant, 5, 15)).body).toEqual({ success: true, max_agents: 5, max_instances: 15 });
    const row = await rig.db
      .selectFrom('auditLogs')
      .select(['actor', 'beforeState', 'afterState'])
      .where('clientId', '=', tenant.id)
      .where('action', '=', 'plan_set')
      .executeTakeFirstOrThrow();
    expect(row.actor).toBe('admin');
    expect([row.beforeState, row.afterState]).toEqual([
      { maxAgents: 1000, maxInstances: 3000 },
      { maxAgents: 5, maxInstances: 15 },
    ]);
  });

  it('is a 404 for an unknown tenant; an invalid limit changes nothing', async () => {
    expect((await setPlan({ id: randomUUID() }, 5)).status).toBe(404);
    const tenant = await newTenant();
    for (const wrong of [-1, 1.5, 1_000_001]) expect((await setPlan(tenant, wrong)).status).toBe(400);
    expect((await rig.asAdmin('GET', planOf(tenant))).body.max_agents).toBe(1000);
  });
});

describe('a plan that is full', () => {
  it('refuses a new agent, says the limit and what is in use, and stores nothing of the agent', async () => {
    const tenant = await rig.tenant();
    await setPlan(tenant, 1);
    await rig.primary({}, tenant);
    const refused = await rig.instance(tenant).register();
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'plan_limit',
        error: "This client's plan allows 1 agents, and 1 are in use: delete some, or ask for a larger plan",
        limit: 'max_agents',
        allowed: 1,
        used: 1,
      },
    });
    expect((await rig.asAdmin('GET', planOf(tenant))).body).toMatchObject({ agents: 1, instances: 1 });
  });

  it('refuses a new agent when only its instances are used up', async () => {
    const tenant = await rig.tenant();
    await setPlan(tenant, 10, 1);
    await rig.primary({}, tenant);
    const { body } = await rig.instance(tenant).register();
    expect(body).toMatchObject({ limit: 'max_instances', allowed: 1, used: 1 });
  });

  it('accepts the instances that a known agent launches, and its restarts', async () => {
    const tenant = await rig.tenant();
    const agent = await rig.primary({}, tenant);
    await setPlan(tenant, 0, 0);
    expect((await agent.register()).status).toBe(200);
    rig.pass(600); // the primary has fallen silent, so an instance that registers takes over
    const successor = agent.successor();
    expect((await successor.register()).status).toBe(200);
  });

  it('lets a deleted agent return only if there is room', async () => {
    const tenant = await rig.tenant();
    const agent = await rig.primary({}, tenant);
    await rig.request('DELETE', `/api/client/agents/${agent.handle}`, { token: tenant.token });
    await setPlan(tenant, 0);
    expect((await agent.register()).body).toMatchObject({ code: 'plan_limit', used: 0 });
    await setPlan(tenant, 1);
    expect((await agent.register()).status).toBe(200);
  });

  it('counts the instance of a returning agent only once', async () => {
    const tenant = await rig.tenant();
    const agent = await rig.primary({}, tenant);
    await setPlan(tenant, 1, 1);
    await rig.request('DELETE', `/api/client/agents/${agent.handle}`, { token: tenant.token });
    expect((await rig.asAdmin('GET', planOf(tenant))).body).toMatchObject({ agents: 0, instances: 1 });
    expect((await agent.register()).status).toBe(200);
  });

  it('accepts the successor that an unnamed agent launched when EC2 reclaimed its instance, and no other', async () => {
    const tenant = await rig.tenant();
    const nameless = () => {
      const id = `i-${randomUUID().replaceAll('-', '').slice(0, 16)}`;
      return rig.instance(tenant, { instanceId: id, logicalId: id });
    };
    const old = nameless();
    await old.register();
    await setPlan(tenant, 1, 1);
    const notice = { action: 'terminate', detected_at: rig.clock.now().toISOString() };
    expect((await old.request('POST', '/termination-imminent', notice)).status).toBe(200);
    const successor = nameless();
    expect((await successor.register()).status).toBe(409); // nobody was told to launch it yet
    expect((await old.pendingCommands()).body).toHaveLength(1);
    expect((await successor.register()).status).toBe(200); // even if `old` has died before it could report
    expect((await nameless().register()).body).toMatchObject({ code: 'plan_limit' });
    expect((await old.switchReport(successor)).status).toBe(200);
    expect((await rig.asAdmin('GET', planOf(tenant))).body).toMatchObject({ agents: 1 });
  });
});
