import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrimaryCause } from '../../../../functions/core/agent/primary-change.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import type { Tenant } from '../../../support/rig/api.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { failoverScenes } from '../../../support/scenes/failover-scenes.ts';

let rig: Rig;
let tenant: Tenant;
const { primary, launch, withStandby } = failoverScenes(
  () => rig,
  () => tenant,
);

beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

/** Registers a primary and changes it; returns the instance that is the primary afterwards, if any. */
type Change = () => Promise<{ readonly agent: TestInstance; readonly now: TestInstance | undefined }>;

const changes: Record<PrimaryCause, Change> = {
  register: async () => {
    const agent = await primary();
    return { agent, now: agent };
  },
  successor: async () => {
    const agent = await primary();
    rig.pass(91);
    const now = agent.successor();
    await now.register();
    return { agent, now };
  },
  switch: async () => {
    const agent = await primary();
    rig.pass(60);
    const now = agent.successor();
    await agent.switchReport(now);
    now.handle = `${agent.agentId}~${now.id}`;
    return { agent, now };
  },
  promotion: async () => {
    const { instance: agent, id, standby: now } = await withStandby();
    rig.pass(60);
    await agent.promoteReplica(id);
    return { agent, now };
  },
  failover: async () => {
    const { instance: agent, standby: now } = await withStandby();
    rig.pass(60);
    await agent.terminationImminent();
    return { agent, now };
  },
  takeover: async () => {
    const { instance: agent, standby: now } = await withStandby();
    rig.pass(120);
    await now.heartbeat();
    return { agent, now };
  },
  failover_undone: async () => {
    const agent = await primary();
    await agent.emergency('termination-notice');
    const [wanted] = (await agent.listReplicas('launching')).body.replicas;
    await agent.putReplica(wanted.id, agent.successor({ az: wanted.az }).id);
    rig.pass(30);
    await agent.replicaStatus(wanted.id, 'failed', { error_message: 'no capacity' });
    return { agent, now: agent };
  },
  switch_undone: async () => {
    const agent = await primary();
    await agent.queueSwitch(`${agent.facts.type}.us-east-1b`);
    const [command] = (await agent.pendingCommands()).body;
    await agent.successor({ az: 'us-east-1b' }).register();
    rig.pass(60);
    await agent.executed(command.id, { success: false, message: 'Switch failed' });
    return { agent, now: agent };
  },
  ended: async () => {
    const agent = await primary();
    rig.pass(60);
    await agent.request('POST', '/termination', { instance_id: agent.id });
    return { agent, now: undefined };
  },
  deleted: async () => {
    const agent = await primary();
    rig.pass(60);
    await rig.request('DELETE', `/api/client/agents/${agent.agentId}`, { token: tenant.token });
    return { agent, now: undefined };
  },
  released: async () => {
    const agent = await primary();
    rig.pass(60);
    const other = rig.instance(tenant, { ...agent.facts, logicalId: `${agent.facts.logicalId}-other` });
    await other.register();
    return { agent, now: undefined };
  },
};

describe('a change of primary', () => {
  it.each(Object.entries(changes))('by %s is stored with agent and instance, and in the API', async (cause, change) => {
    const { agent, now } = await change();
    const row = await agent.agentRow();
    const at = rig.clock.now();
    expect(row).toMatchObject({ primaryCause: cause, primaryChangedAt: at });
    const primaries = Object.values(await agent.instances()).filter(({ isPrimary }) => isPrimary);
    expect(primaries.map(({ id }) => id)).toEqual(now ? [now.id] : []);
    if (now) expect(await now.row()).toMatchObject({ primaryCause: cause, primarySince: at, isPrimary: true });
    const ask = (path: string) => rig.request('GET', path, { token: tenant.token });
    expect(await ask(`/api/client/agents/${row.id}`)).toMatchObject({
      status: 200,
      body: { primaryCause: cause, primaryChangedAt: at.toISOString() },
    });
    if (cause === 'deleted') return; // agents learn this from a 404
    expect(await ask(`/api/agents/${row.id}`)).toMatchObject({
      status: 200,
      body: { primary_cause: cause, primary_changed_at: at.toISOString() },
    });
  });

  it('keeps its cause when the same instance registers again', async () => {
    const agent = await primary();
    const at = rig.clock.now();
    rig.pass(60);
    await agent.register();
    expect(await agent.agentRow()).toMatchObject({ primaryCause: 'register', primaryChangedAt: at });
    expect(await agent.row()).toMatchObject({ primaryCause: 'register', primarySince: at });
  });

  it('keeps the cause of the registration when the switch behind it is reported later', async () => {
    const agent = await primary();
    rig.pass(91);
    const next = agent.successor();
    await next.register();
    const at = rig.clock.now();
    rig.pass(60);
    await agent.switchReport(next);
    expect(await agent.agentRow()).toMatchObject({
      instanceId: next.id,
      primaryCause: 'successor',
      primaryChangedAt: at,
    });
  });

  it('raises the epoch once, even if it is requested twice', async () => {
    const { instance: agent, id } = await withStandby();
    const { epoch } = await agent.agentRow();
    await agent.promoteReplica(id);
    await agent.promoteReplica(id);
    expect((await agent.agentRow()).epoch).toBe(epoch + 1);
  });
});

describe('an agent whose primary is gone', () => {
  it('is offline until the next instance registers and becomes its primary', async () => {
    const agent = await primary();
    await agent.request('POST', '/termination', { instance_id: agent.id });
    expect(await agent.agentRow()).toMatchObject({ status: 'offline', epoch: 2 });
    const next = agent.successor();
    await next.register();
    expect(await agent.agentRow()).toMatchObject({ status: 'online', instanceId: next.id, primaryCause: 'successor' });
  });

  it('is not taken offline by a standby that ends', async () => {
    const agent = await primary();
    await agent.emergency('rebalance-recommendation');
    const { standby } = await launch(agent);
    await standby.request('POST', '/termination', { instance_id: standby.id });
    expect(await agent.agentRow()).toMatchObject({ status: 'online', instanceId: agent.id });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', isActive: false });
  });
});
