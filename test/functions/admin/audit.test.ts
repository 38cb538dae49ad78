import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requests } from '../../../build/request-examples.ts';
import { adminRoutes } from '../../../functions/admin/routes.ts';
import type { Route } from '../../../functions/shared/route.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const acts = async (query = '') => (await rig.asAdmin('GET', `/api/admin/audit${query}`)).body;
const bulk = (operation: string, agent_ids: readonly string[], token = rig.controlPlane.adminToken) =>
  rig.request('POST', '/api/admin/bulk/execute', { token, body: { operation, agent_ids, confirm: true } });

describe('the audit log', () => {
  const changing = Object.values<Route>(adminRoutes)
    // X35 hands out a link to what its caller may read anyway.
    .filter(({ method, id }) => (method !== 'GET' && id !== 'X35') || id === 'D4')
    .map((route) => ({ route, name: `${route.id} ${route.method} ${route.path}` }));

  it.each(changing)('has a row for $name: who did what to whom, and from where', async ({ route }) => {
    const instance = await rig.primary();
    const made = (await rig.asAdmin('POST', '/api/admin/operators', { name: randomUUID(), role: 'admin' })).body;
    const [token] = (await rig.asAdmin('GET', `/api/client/${instance.tenant.id}/tokens`)).body;
    const ids = { client_id: instance.tenant.id, token_id: token.id, operator_id: made.id } as Record<string, string>;
    const before = await acts(`?actor=operator:${made.name}`);
    expect(before).toEqual([]);
    const about = { client_id: instance.tenant.id, agent_ids: [instance.agentId] };
    const body = { ...requests[route.id]?.({}), ...about, name: `x ${randomUUID()}` };
    const answer = await rig.request(
      route.method,
      route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!),
      { token: made.token, body: route.method === 'GET' ? undefined : body },
    );
    expect(answer.status).toBeLessThan(300);
    const rows = await acts(`?actor=operator:${made.name}`);
    expect(rows).toMatchObject([
      {
        time: rig.clock.now().toISOString(),
        action: expect.stringMatching(/^[a-z_]+$/),
        source_ip: expect.any(String),
      },
    ]);
    if (route.path.includes('{client_id}')) expect(rows[0].client_id).toBe(instance.tenant.id);
    if (route.id !== 'D4') expect(rows[0].before ?? rows[0].after).toBeTruthy();
    expect(JSON.stringify(rows)).not.toMatch(/(token|operator)-[A-Za-z0-9]{32}/);
  });

  it('shows the state before and after, and which of a tenant’s tokens made the change', async () => {
    const { tenant } = await rig.primary();
    const { token } = (
      await rig.request('POST', `/api/client/${tenant.id}/tokens`, {
        token: tenant.token,
        body: { name: 'ops', scope: 'manage' },
      })
    ).body;
    const { id } = (
      await rig.request('POST', `/api/client/${tenant.id}/tokens`, { token, body: { name: 'x', scope: 'read' } })
    ).body;
    rig.pass(1);
    await rig.request('DELETE', `/api/client/${tenant.id}/tokens/${id}`, { token });
    expect(await acts(`?client_id=${tenant.id}&actor=token:ops`)).toMatchObject([
      { action: 'token_revoked', target_id: id, before: { name: 'x', revokedAt: null } },
      { action: 'token_created', target_id: id, before: null, after: { name: 'x', scope: 'read' } },
    ]);
  });

  it('can be filtered by actor, action and tenant, and is paged', async () => {
    const [one, other] = [await rig.tenant(), await rig.tenant()];
    for (let i = 0; i < 3; i += 1) {
      rig.pass(1);
      for (const { id } of [one, other]) await rig.asAdmin('GET', `/api/admin/clients/${id}/token`);
    }
    const query = `?client_id=${one.id}&action=token_read&limit=2`;
    const first = await rig.asAdmin('GET', `/api/admin/audit${query}`);
    const cursor = first.headers.get('x-next-cursor')!;
    const second = await rig.asAdmin('GET', `/api/admin/audit${query}&cursor=${cursor}`);
    const times = [...first.body, ...second.body].map(({ time }) => time);
    expect(times).toHaveLength(3);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(second.headers.get('x-next-cursor')).toBeNull();
    expect(await acts(`?client_id=${one.id}&actor=nobody`)).toEqual([]);
    expect(first.calls).toBe(1);
  });

  it('refuses a cursor that was altered, truncated or issued by another list', async () => {
    for (let i = 0; i < 2; i += 1) await rig.tenant();
    const cursor = (await rig.asAdmin('GET', '/api/admin/audit?limit=1')).headers.get('x-next-cursor')!;
    const others = (await rig.asAdmin('GET', '/api/admin/clients?limit=1')).headers.get('x-next-cursor')!;
    const refused = async (bad: string) =>
      (await rig.asAdmin('GET', `/api/admin/audit?cursor=${encodeURIComponent(bad)}`)).status;
    for (const bad of [cursor.slice(0, -1), `A${cursor.slice(1)}`, others, "' OR 1=1", '.', `${cursor}.x`])
      expect(await refused(bad), bad).toBe(400);
  });
});

describe('many agents at once (X13)', () => {
  it('are disabled, enabled and deleted, whoever owns them, each with its own result', async () => {
    const [one, other] = [await rig.primary(), await rig.primary()];
    const nobody = randomUUID();
    const answer = await bulk('disable_agents', [one.agentId, nobody, other.handle, one.agentId]);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: false,
        operation: 'disable_agents',
        succeeded: 2,
        failed: 1,
        results: [
          { agent_id: one.agentId, success: true },
          { agent_id: nobody, success: false, error: `Agent not found: ${nobody}` },
          { agent_id: other.handle, success: true },
        ],
      },
    });
    expect((await one.config()).body.enabled).toBe(false);
    expect((await bulk('enable_agents', [one.agentId])).body.success).toBe(true);
    expect((await one.config()).body.enabled).toBe(true);
    expect((await bulk('delete_agents', [one.agentId])).body.success).toBe(true);
    expect((await one.heartbeat()).status).toBe(404);
    expect((await bulk('delete_agents', [one.agentId])).body).toMatchObject({ success: false, failed: 1 });
    expect((await acts(`?client_id=${one.tenant.id}`)).map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['agent_deleted', 'agent_enabled', 'agent_disabled']),
    );
  });

  it('are limited to 50, and need a confirmation', async () => {
    const { agentId } = await rig.primary();
    const send = (body: object) => rig.asAdmin('POST', '/api/admin/bulk/execute', body);
    const valid = { operation: 'enable_agents', agent_ids: [agentId], confirm: true };
    expect((await send(valid)).status).toBe(200);
    for (const wrong of [{ confirm: false }, { confirm: undefined }, { agent_ids: [] }, { operation: 'drop' }])
      expect((await send({ ...valid, ...wrong })).status).toBe(400);
    expect((await send({ ...valid, agent_ids: Array(51).fill(agentId) })).status).toBe(400);
    const many = await send({ ...valid, agent_ids: Array.from({ length: 50 }, () => randomUUID()) });
    expect(many.body).toMatchObject({ failed: 50, succeeded: 0 });
  });
});
