import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requests } from '../../build/request-examples.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import { Rig } from '../support/rig/rig.ts';
import { pathWith, type TenantWorld, tenantWorld } from '../support/scenes/tenant-world.ts';

// Every change that a tenant makes from its console adds a row to the audit log. The route table lists the changes.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const changes = Object.values(routes)
  .flatMap((table) => Object.values<Route>(table))
  .filter(({ method, scope }) => method !== 'GET' && [scope].flat().includes('manage'))
  // A12 asks what would be decided, and changes nothing.
  .filter(({ id }) => id !== 'A12')
  .map((route) => ({ route, name: `${route.id} ${route.method} ${route.path}` }));

/** The audit action of each route, and whether the same call once more makes another change. */
const acts: Readonly<Record<string, [action: string, again?: 'changes again']>> = {
  C5: ['agent_disabled'],
  C6: ['agent_configured'],
  C7: ['agent_configured'],
  C8: ['agent_deleted'],
  C17: ['switch_forced', 'changes again'],
  A14: ['switch_issued'],
  R1: ['replica_created'],
  R3: ['replica_promoted'],
  R4: ['replica_deleted'],
  X22: ['agent_configured'],
  X23: ['agent_configured'],
  X24: ['replica_promoted'],
  X30: ['pricing_alert_created', 'changes again'],
  X34: ['pricing_alert_deleted'],
  E11: ['price_overlays_set'],
  E12: ['what_if_started'], // a third run at once is refused
  N5: ['webhook_changed'],
  N6: ['webhook_deleted'],
  N7: ['webhook_tested'],
  N8: ['webhook_redelivered'],
  T1: ['token_created'],
  T3: ['token_revoked'],
};

/** A body that changes something in the world of `worldFor`. */
const bodyOf = ({ id }: Route) => ({
  ...requests[id]?.({}),
  ...(id === 'C5' && { enabled: false }),
  ...(id === 'C6' && { auto_switch_enabled: false }),
  ...(id === 'C7' && { terminateWaitMinutes: 11 }),
  ...(id === 'A14' && { target_mode: 'spot', target_pool_id: 'm5.large.us-east-1b' }),
  ...(id === 'C17' && { target: 'pool', pool_id: 'm5.large.us-east-1b' }),
});

const instanceId = () => `i-${randomUUID().replaceAll('-', '').slice(0, 17)}`;

/** A tenant whose state lets the call change something, such as a standby that is ready or manual mode that is on. */
async function worldFor({ id }: Route): Promise<TenantWorld> {
  const world = await tenantWorld(rig);
  if (id === 'R3' || id === 'X24') {
    await world.instance.putReplica(world.ids.replica_id!, instanceId());
    await world.instance.replicaStatus(world.ids.replica_id!, 'ready');
  }
  const { tenant, ids } = world;
  if (id === 'N8') {
    const dead = { state: 'dead', createdAt: rig.clock.now(), deadAt: rig.clock.now() } as const;
    await rig.db
      .insertInto('webhookMessages')
      .values({ id: randomUUID(), clientId: tenant.id, ...dead })
      .execute();
  }
  if (id === 'R1') {
    await rig.request('POST', `/api/agents/${ids.agent_id}/manual-replica/enable`, { token: tenant.token });
    await rig.db.deleteFrom('replicaInstances').where('agentId', '=', world.instance.agentId).execute();
  }
  if (['A14', 'C17', 'R3', 'X24'].includes(id))
    await rig.db.deleteFrom('commands').where('agentId', '=', world.instance.agentId).execute();
  if (id === 'X23') {
    const path = `/api/agents/${ids.agent_id}/manual-replica/enable`;
    await rig.request('POST', path, { token: tenant.token });
  }
  return world;
}

describe('the audit log of tenants’ changes', () => {
  it.each(changes)('has one row for $name, and none for a repeat that changes nothing', async ({ route }) => {
    const { tenant, ids } = await worldFor(route);
    const made = await rig.request('POST', `/api/client/${tenant.id}/tokens`, {
      token: tenant.token,
      body: { name: 'ops', scope: 'manage' },
    });
    const token: string = made.body.token;
    const call = () => rig.request(route.method, pathWith(route.path, ids), { token, body: bodyOf(route) });
    const rows = async () =>
      (await rig.request('GET', `/api/client/${tenant.id}/audit?actor=token:ops`, { token })).body;
    const [action, again] = acts[route.id]!;

    expect((await call()).status).toBeLessThan(300);
    const first = await rows();
    const act = { time: rig.clock.now().toISOString(), actor: 'token:ops', action, client_id: tenant.id };
    expect(first).toMatchObject([{ ...act, target_id: expect.any(String), source_ip: expect.any(String) }]);
    expect(first[0].before ?? first[0].after).not.toEqual({});
    expect(first[0].before ?? first[0].after).toBeTruthy();

    rig.pass(1);
    await call();
    expect((await rows()).length).toBe(again ? 2 : 1);
    const operators = (await rig.asAdmin('GET', `/api/admin/audit?client_id=${tenant.id}`)).body;
    expect(operators).toEqual(expect.arrayContaining(first));
    expect(JSON.stringify(operators)).not.toMatch(/(token|operator|webhook)-[A-Za-z0-9]{32}/);
  });

  it('shows the old and the new value of a changed setting, and no unchanged ones', async () => {
    const { tenant, instance, ids } = await tenantWorld(rig);
    const body = { terminateWaitMinutes: 7 };
    rig.pass(1);
    await rig.request('POST', `/api/client/agents/${ids.agent_id}/config`, { token: tenant.token, body });
    const [act] = (await rig.request('GET', `/api/client/${tenant.id}/audit`, { token: tenant.token })).body;
    expect(act).toMatchObject({ actor: 'token:main', target_id: instance.agentId });
    expect(act.after).toEqual({ terminateWaitSeconds: 420 });
    expect(act.before).toEqual({ terminateWaitSeconds: expect.any(Number) });
  });

  it('has no row for a refused request', async () => {
    const { tenant, ids } = await tenantWorld(rig);
    const read = async () =>
      (await rig.request('GET', `/api/client/${tenant.id}/audit`, { token: tenant.token })).body.length;
    const before = await read();
    const body = { autoSwitchEnabled: true, manualReplicaEnabled: true };
    const path = `/api/client/agents/${ids.agent_id}/config`;
    expect((await rig.request('POST', path, { token: tenant.token, body })).status).toBe(400);
    expect(await read()).toBe(before);
  });

  it('shows a tenant only its own rows, with the names of operators but not their IP addresses', async () => {
    const [one, other] = [await rig.tenant(), await rig.tenant()];
    const read = (of: string, token: string, query = '') =>
      rig.request('GET', `/api/client/${of}/audit${query}`, { token });
    const answer = await read(one.id, one.token);
    expect(answer.body).toMatchObject([{ action: 'client_created', actor: 'admin', source_ip: null }]);
    expect(answer.calls).toBe(1);
    expect((await read(one.id, rig.controlPlane.adminToken)).body[0].source_ip).toEqual(expect.any(String));
    expect((await read(other.id, one.token)).status).toBe(404);
    expect((await read(randomUUID(), one.token)).body).toEqual((await read(other.id, one.token)).body);
    expect((await read(one.id, one.token, '?action=token_read')).body).toEqual([]);
  });
});
