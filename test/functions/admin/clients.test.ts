import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

describe('tokens (D1, D3, D4)', () => {
  it('are created with the tenant, as "token-" and 32 letters or digits', async () => {
    const { status, body } = await rig.asAdmin('POST', '/api/admin/clients/create', { name: `  ${randomUUID()}  ` });
    expect(status).toBe(201);
    expect(body.client.token).toMatch(/^token-[A-Za-z0-9]{32}$/);
    expect(body.client.name).toBe(body.client.name.trim());
  });

  it('are issued to one tenant per name and email address, whatever their case', async () => {
    const name = `Acme ${randomUUID()}`;
    const create = (body: object) => rig.asAdmin('POST', '/api/admin/clients/create', body);
    const statuses = (await Promise.all([create({ name }), create({ name })])).map((answer) => answer.status);
    expect(statuses.sort()).toEqual([201, 409]);
    expect((await create({ name: name.toUpperCase() })).status).toBe(409);
    const email = `${randomUUID()}@example.org`;
    expect((await create({ name: randomUUID(), email })).status).toBe(201);
    expect((await create({ name: randomUUID(), email: email.toUpperCase() })).status).toBe(409);
  });

  it('stop working when replaced; the new one works, and the tenant is notified', async () => {
    const instance = await rig.primary();
    await instance.config();
    const { status, body } = await rig.asAdmin('POST', `/api/admin/clients/${instance.tenant.id}/regenerate-token`);
    expect(status).toBe(200);
    expect(body.token).not.toBe(instance.tenant.token);
    rig.controlPlane.gateway.forgetAuthorizations(); // as happens after a minute
    expect((await instance.config()).status).toBe(401);
    expect((await instance.register()).status).toBe(401);
    const path = `/api/agents/${instance.handle}/config`;
    expect((await rig.request('GET', path, { token: body.token })).status).toBe(200);
    const told = rig.db.selectFrom('systemEvents').selectAll().where('clientId', '=', instance.tenant.id);
    expect(await told.where('eventType', '=', 'token_regenerated').execute()).toMatchObject([
      { severity: 'warning', notify: true },
    ]);
  });

  it('can be read by an admin, and every read is audited', async () => {
    const tenant = await rig.tenant();
    const read = () => rig.asAdmin('GET', `/api/admin/clients/${tenant.id}/token`);
    expect((await read()).body).toEqual({ token: tenant.token, client_name: tenant.name });
    await read();
    const audit = rig.db
      .selectFrom('auditLogs')
      .selectAll()
      .where('clientId', '=', tenant.id)
      .where('action', '=', 'token_read');
    const readings = await audit.execute();
    expect(readings).toMatchObject([
      { actor: 'admin', action: 'token_read', createdAt: rig.clock.now() },
      { actor: 'admin', action: 'token_read' },
    ]);
    expect(readings[0]!.sourceIp).toBeTruthy();
  });

  it('are never stored in plain text', async () => {
    const tenant = await rig.tenant();
    const rows = await rig.db.selectFrom('clientTokens').selectAll().where('clientId', '=', tenant.id).execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(tenant.token);
  });

  it.each(['regenerate-token', 'token'])('are a 404 for an unknown tenant and not audited: %s', async (what) => {
    const path = `/api/admin/clients/${randomUUID()}/${what}`;
    expect((await rig.asAdmin(what === 'token' ? 'GET' : 'POST', path)).status).toBe(404);
    expect(
      await rig.db.selectFrom('auditLogs').selectAll().where('clientId', '=', path.split('/')[4]!).execute(),
    ).toEqual([]);
  });
});
