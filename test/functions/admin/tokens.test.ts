import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const tokensOf = ({ id }: { id: string }) => `/api/client/${id}/tokens`;
const make = (tenant: Tenant, body: object, token = tenant.token) =>
  rig.request('POST', tokensOf(tenant), { token, body });
const list = (tenant: Tenant, query = '') => rig.request('GET', `${tokensOf(tenant)}${query}`, { token: tenant.token });
const revoke = (tenant: Tenant, id: string, token = tenant.token) =>
  rig.request('DELETE', `${tokensOf(tenant)}/${id}`, { token });
/** Empties the authorizer's cache, as happens after a minute. */
const forget = () => rig.controlPlane.gateway.forgetAuthorizations();
const operator = async (role: 'viewer' | 'admin', name: string = randomUUID()) =>
  (await rig.asAdmin('POST', '/api/admin/operators', { name, role })).body;

describe('a tenant’s tokens (T1-T3)', () => {
  it('are shown once and stored as a hash', async () => {
    const tenant = await rig.tenant();
    const made = await make(tenant, { name: 'console', scope: 'read' });
    expect(made).toMatchObject({ status: 201, body: { success: true, name: 'console' } });
    expect(made.body.token).toMatch(/^token-[A-Za-z0-9]{32}$/);
    const rows = await rig.db.selectFrom('clientTokens').selectAll().where('clientId', '=', tenant.id).execute();
    expect(rows).toHaveLength(2);
    expect(JSON.stringify([rows, (await list(tenant)).body])).not.toContain(made.body.token.slice(6));
  });

  it('work side by side while one replaces the other', async () => {
    const tenant = await rig.tenant();
    const instance = await rig.primary({}, tenant);
    const config = (token: string) => rig.request('GET', `/api/agents/${instance.handle}/config`, { token });
    const [first, second] = [
      (await make(tenant, { name: 'agents 2026', scope: 'agent' })).body,
      (await make(tenant, { name: 'agents 2027', scope: 'agent' })).body,
    ];
    for (const { token } of [first, second]) expect((await config(token)).status).toBe(200);
    expect((await revoke(tenant, first.id)).status).toBe(200);
    forget();
    expect(await config(first.token)).toMatchObject({
      status: 401,
      body: { code: 'token_revoked', error: 'This token was revoked; ask for a new one' },
    });
    for (const token of [second.token, tenant.token]) expect((await config(token)).status).toBe(200);
  });

  it('open what their scope covers and nothing else; a refusal names the scope needed', async () => {
    const tenant = await rig.tenant();
    const { handle } = await rig.primary({}, tenant);
    const attempts = {
      agent: () => ['GET', `/api/agents/${handle}/config`] as const,
      read: () => ['GET', `/api/client/${tenant.id}`] as const,
      manage: () => ['DELETE', `${tokensOf(tenant)}/${randomUUID()}`] as const,
    };
    const opened = { agent: ['agent'], read: ['read'], manage: ['read', 'manage'] };
    for (const [scope, opens] of Object.entries(opened)) {
      const { token } = (await make(tenant, { name: scope, scope })).body;
      for (const [needed, request] of Object.entries(attempts)) {
        const [method, path] = request();
        const { status, body } = await rig.request(method, path, { token });
        if (opens.includes(needed)) expect(status).toBe(needed === 'manage' ? 404 : 200);
        else
          expect({ status, body }).toMatchObject({
            status: 403,
            body: {
              code: 'forbidden',
              error: `This needs a token with scope ${needed}; yours has ${opens.join(', ')}`,
              scope_needed: [needed],
            },
          });
      }
    }
  });

  it('cannot register an agent without scope agent', async () => {
    const tenant = await rig.tenant();
    const { token } = (await make(tenant, { name: 'console', scope: 'manage' })).body;
    expect(await rig.instance({ ...tenant, token }).register()).toMatchObject({
      status: 403,
      body: { code: 'forbidden', scope_needed: ['agent'] },
    });
    const agents = (await make(tenant, { name: 'agents', scope: 'agent' })).body.token;
    expect((await rig.instance({ ...tenant, token: agents }).register()).status).toBe(200);
  });

  it('expire at their time, to the millisecond, and the error says so', async () => {
    const tenant = await rig.tenant();
    const expires_at = new Date(rig.clock.now().getTime() + 3600_000).toISOString();
    const { token } = (await make(tenant, { name: 'an hour', scope: 'read', expires_at })).body;
    const look = () => rig.request('GET', `/api/client/${tenant.id}`, { token });
    rig.pass(3599.999);
    expect((await look()).status).toBe(200);
    rig.pass(0.001);
    forget();
    expect(await look()).toMatchObject({ status: 401, body: { code: 'token_expired' } });
    const listed = (await list(tenant)).body.find(({ name }: { name: string }) => name === 'an hour');
    expect(listed).toMatchObject({ status: 'expired', expires_at });
  });

  it.each([
    [{ name: 'x', scope: 'all' }, 'scope'],
    [{ name: 'x' }, 'scope'],
    [{ name: 'Main', scope: 'read' }, 'name'],
    [{ name: ' ', scope: 'read' }, 'name'],
    [{ name: 'operator:ann', scope: 'read' }, 'name'],
    [{ name: 'x'.repeat(65), scope: 'read' }, 'name'],
    [{ name: 'x', scope: 'read', expires_at: 'tomorrow' }, 'expires_at'],
    [{ name: 'x', scope: 'read', expires_at: '2026-03-01T00:00:00Z' }, 'expires_at', 409],
  ])('are not created from %j, which is wrong in %s', async (body, field, status = 400) => {
    const answer = await make(await rig.tenant(), body);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body.details)).toEqual([field]);
  });

  it('have unique names, whatever their case; a revoked token frees its name', async () => {
    const tenant = await rig.tenant();
    const { id } = (await make(tenant, { name: 'console', scope: 'read' })).body;
    expect(await make(tenant, { name: 'CONSOLE', scope: 'read' })).toMatchObject({
      status: 409,
      body: { code: 'token_exists' },
    });
    await revoke(tenant, id);
    expect((await make(tenant, { name: 'console', scope: 'read' })).status).toBe(201);
    const both = await Promise.all([1, 2].map(() => make(tenant, { name: 'race', scope: 'read' })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('are limited to 50 that are not revoked', async () => {
    const tenant = await rig.tenant();
    const statuses = [];
    for (let i = 0; i < 50; i += 1) statuses.push((await make(tenant, { name: `t${i}`, scope: 'read' })).status);
    expect(statuses).toEqual([...Array(49).fill(201), 409]);
  });

  it('are listed newest first, in pages, with the day on which each was last used', async () => {
    const tenant = await rig.tenant();
    for (const name of ['a', 'b']) {
      rig.pass(1);
      await make(tenant, { name, scope: 'read' });
    }
    rig.pass(86_400);
    forget();
    const first = await list(tenant, '?limit=2');
    expect(first.body.map(({ name }: { name: string }) => name)).toEqual(['b', 'a']);
    const second = await list(tenant, `?limit=2&cursor=${first.headers.get('x-next-cursor')}`);
    const today = rig.clock.now().toISOString().slice(0, 10);
    expect(second.body).toMatchObject([{ name: 'main', scope: 'all', status: 'active', last_used_on: today }]);
    expect(first.body).toMatchObject([{ last_used_on: null, created_by: 'token:main' }, {}]);
    expect((await list(tenant, '?cursor=x')).status).toBe(400);
  });

  it('can be created and revoked by an admin too, but not created, listed or revoked by another tenant', async () => {
    const [tenant, other] = [await rig.tenant(), await rig.tenant()];
    const { id } = (await make(tenant, { name: 'by admin', scope: 'read' }, rig.controlPlane.adminToken)).body;
    for (const answer of [
      await make(tenant, { name: 'x', scope: 'read' }, other.token),
      await rig.request('GET', tokensOf(tenant), { token: other.token }),
      await revoke(tenant, id, other.token),
    ])
      expect(answer).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    expect((await rig.request('DELETE', `${tokensOf(other)}/${id}`, { token: other.token })).body.code).toBe(
      'token_not_found',
    );
    expect((await revoke(tenant, id, rig.controlPlane.adminToken)).status).toBe(200);
  });
});

describe('token main', () => {
  it('keeps working beside its successor for as long as the admin says', async () => {
    const tenant = await rig.tenant();
    const path = `/api/admin/clients/${tenant.id}/regenerate-token`;
    const { token } = (await rig.asAdmin('POST', path, { overlap_hours: 2 })).body;
    const look = (by: string) => rig.request('GET', `/api/client/${tenant.id}`, { token: by });
    forget();
    for (const one of [token, tenant.token]) expect((await look(one)).status).toBe(200);
    rig.pass(7200);
    forget();
    expect((await look(tenant.token)).body.code).toBe('token_expired');
    expect((await look(token)).status).toBe(200);
    expect((await rig.asAdmin('GET', `/api/admin/clients/${tenant.id}/token`)).body.token).toBe(token);
  });

  it('can be revoked; then none is shown until there is a new one', async () => {
    const tenant = await rig.tenant();
    const [{ id }] = (await list(tenant)).body;
    expect((await revoke(tenant, id)).status).toBe(200);
    const shown = () => rig.asAdmin('GET', `/api/admin/clients/${tenant.id}/token`);
    expect(await shown()).toMatchObject({ status: 404, body: { code: 'token_not_found' } });
    const { body } = await rig.asAdmin('POST', `/api/admin/clients/${tenant.id}/regenerate-token`);
    expect((await shown()).body.token).toBe(body.token);
  });
});

describe('operators (O1-O3)', () => {
  it('with role viewer can read everything but a tenant’s token, and change nothing', async () => {
    const tenant = await rig.tenant();
    const { token } = await operator('viewer');
    for (const path of [`/api/client/${tenant.id}`, tokensOf(tenant), '/api/admin/operators'])
      expect((await rig.request('GET', path, { token })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/api/admin/clients/create'],
      ['POST', '/api/admin/operators'],
      ['POST', tokensOf(tenant)],
      ['GET', `/api/admin/clients/${tenant.id}/token`],
    ] as const)
      expect(await rig.request(method, path, { token, body: method === 'GET' ? undefined : {} })).toMatchObject({
        status: 403,
        body: { error: expect.stringMatching(/needs a token with scope admin; yours has viewer/) },
      });
  });

  it('with role admin can do what the bootstrap credential can, until they are revoked', async () => {
    const { token, id, name } = await operator('admin');
    expect(token).toMatch(/^operator-[A-Za-z0-9]{32}$/);
    const create = () =>
      rig.request('POST', '/api/admin/clients/create', { token, body: { name: `of ${randomUUID()}` } });
    expect((await create()).status).toBe(201);
    const operators = (await rig.asAdmin('GET', '/api/admin/operators')).body;
    expect(operators.find((one: { id: string }) => one.id === id)).toMatchObject({
      name,
      role: 'admin',
      status: 'active',
      last_used_on: rig.clock.now().toISOString().slice(0, 10),
    });
    expect((await rig.asAdmin('DELETE', `/api/admin/operators/${id}`)).status).toBe(200);
    forget();
    expect(await create()).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
  });

  it('are not tenants, so they cannot register an agent', async () => {
    const { token } = await operator('admin');
    const instance = rig.instance({ ...(await rig.tenant()), token });
    expect(await instance.register()).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
  });

  it('have unique names, whatever their case', async () => {
    const name = `ann ${randomUUID()}`;
    expect((await operator('viewer', name)).id).toBeTruthy();
    expect((await operator('admin', name.toUpperCase())).code).toBe('operator_exists');
    expect(await rig.asAdmin('DELETE', `/api/admin/operators/${randomUUID()}`)).toMatchObject({
      status: 404,
      body: { code: 'operator_not_found' },
    });
  });
});

describe('the authorizer', () => {
  it('reads the database once per cache miss, and writes the day of use once a day per token', async () => {
    const tenant = await rig.tenant();
    const operations: string[] = [];
    const look = async () => {
      forget();
      operations.length = 0;
      rig.controlPlane.dataApi.onCall = ({ operation }) => void operations.push(operation);
      const { calls } = await rig.request('GET', `/api/client/${tenant.id}`, { token: tenant.token });
      rig.controlPlane.dataApi.onCall = undefined;
      return operations.length - calls;
    };
    expect([await look(), await look(), await look()]).toEqual([2, 1, 1]);
    rig.pass(86_400);
    expect([await look(), await look()]).toEqual([2, 1]);
  });
});
