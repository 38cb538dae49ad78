import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { record } from '../../../functions/core/event/events.ts';
import { tablesOfTenants } from '../../../functions/core/tenant/delete-client.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const migrations = join(import.meta.dirname, '../../../functions/migrate/sql');
const tables = readdirSync(migrations).flatMap((file) =>
  [...readFileSync(join(migrations, file), 'utf8').matchAll(/^CREATE TABLE (\w+) \((.*?)^\)/gms)].map(
    ([, name, body]) => ({ name: name!, body: body! }),
  ),
);
const withClient = tables.filter(({ body }) => /^ {2}client_id /m.test(body)).map(({ name }) => name);

const remove = ({ id }: Tenant) => rig.asAdmin('DELETE', `/api/admin/clients/${id}`);
/** How many rows a tenant has in each table but the audit log. Tables without any are left out. */
async function rowsOf(tenant: Tenant): Promise<Record<string, number>> {
  const counts = withClient
    .filter((name) => name !== 'audit_logs')
    .map((name) => sql`(SELECT COUNT(*) FROM ${sql.table(name)} WHERE client_id = ${tenant.id}) AS ${sql.ref(name)}`);
  const { rows } = await sql<Record<string, number>>`SELECT ${sql.join(counts)}`.execute(rig.db);
  return Object.fromEntries(Object.entries(rows[0]!).filter(([, count]) => count > 0));
}

/** A tenant with rows in many tables. */
async function busyTenant(): Promise<TestInstance> {
  const old = await rig.primary();
  const instance = old.successor({ mode: 'spot', az: 'us-east-1b' });
  await old.switchReport(instance);
  await instance.register();
  await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.05 });
  await instance.addReplica();
  await instance.queueSwitch('m5.large.us-east-1a');
  await rig.runJob('decide');
  return instance;
}

describe('a tenant that is deleted (D2)', () => {
  it('is refused everywhere at once, and its name is free', async () => {
    const { tenant } = await busyTenant();
    const answer = await remove(tenant);
    expect(answer).toMatchObject({ status: 200, body: { success: true } });
    expect(answer.body.message).toContain('instances keep running');
    rig.controlPlane.gateway.forgetAuthorizations(); // as happens after a minute
    expect((await rig.request('GET', `/api/client/${tenant.id}`, { token: tenant.token })).status).toBe(403);
    expect((await rig.instance(tenant).register()).status).toBe(403);
    for (const [method, path] of [
      ['DELETE', ''],
      ['GET', '/token'],
      ['POST', '/regenerate-token'],
      ['GET', '/aws-access'],
    ] as const)
      expect((await rig.asAdmin(method, `/api/admin/clients/${tenant.id}${path}`)).status).toBe(404);
    expect((await rig.tenant({ name: tenant.name })).id).not.toBe(tenant.id);
  });

  it('loses every row in every table, while other tenants lose none', async () => {
    const [{ tenant }, other] = [await busyTenant(), await busyTenant()];
    const before = await rowsOf(other.tenant);
    expect(Object.keys(await rowsOf(tenant)).length).toBeGreaterThan(8);
    await remove(tenant);
    await rig.runJob('delete-clients');
    expect(Object.keys(await rowsOf(tenant)).length, 'calls may still be on their way').toBeGreaterThan(8);
    rig.pass(120);
    await rig.runJob('delete-clients');
    expect(await rowsOf(tenant)).toEqual({});
    const own = () => rig.db.selectFrom('clients').select('id').where('id', '=', tenant.id).execute();
    expect(await own(), 'until a run finds nothing more').toHaveLength(1);
    rig.pass(60);
    await rig.runJob('delete-clients');
    expect(await own()).toEqual([]);
    expect(await rowsOf(other.tenant)).toEqual(before);
    rig.controlPlane.gateway.forgetAuthorizations();
    expect((await rig.request('GET', `/api/client/${tenant.id}`, { token: tenant.token })).status).toBe(401);
  });

  it('is deleted at a thousand rows per statement', async () => {
    const instance = await rig.primary();
    const event = { clientId: instance.tenant.id, type: 'test', severity: 'info', message: 'one of many' } as const;
    for (let i = 0; i < 3; i += 1) await record(rig.db, Array(900).fill(event), rig.clock.now());
    await remove(instance.tenant);
    rig.pass(120);
    const deletes: string[] = [];
    rig.controlPlane.dataApi.onCall = ({ sql: text }) => void (text?.trim().startsWith('DELETE') && deletes.push(text));
    await rig.runJob('delete-clients');
    rig.controlPlane.dataApi.onCall = undefined;
    expect(await rowsOf(instance.tenant)).toEqual({});
    expect(deletes.filter((text) => text.includes('system_events'))).toHaveLength(3);
  });

  it('leaves a row in the audit log that says who deleted it, and an event that belongs to no tenant', async () => {
    const tenant = await rig.tenant();
    await remove(tenant);
    const acts = await rig.db
      .selectFrom('auditLogs')
      .selectAll()
      .where('clientId', '=', tenant.id)
      .where('action', '=', 'client_deleted')
      .execute();
    expect(acts).toMatchObject([{ actor: 'admin', beforeState: { name: tenant.name } }]);
    const events = await rig.db
      .selectFrom('systemEvents')
      .select(['clientId', 'metadata'])
      .where('eventType', '=', 'client_deleted')
      .where('dedupeKey', '=', `client_deleted:${tenant.id}`)
      .execute();
    expect(events).toMatchObject([{ clientId: null, metadata: { clientId: tenant.id, name: tenant.name } }]);
  });
});

describe('the list of tables to delete from', () => {
  it('has every table that holds tenants’ rows, except the audit log', () => {
    expect([...tablesOfTenants, 'audit_logs'].toSorted()).toEqual(withClient.toSorted());
  });

  it('has only tables with an index that begins with the tenant', () => {
    const unindexed = tables
      .filter(({ name }) => (tablesOfTenants as readonly string[]).includes(name))
      .filter(({ body }) => !/(?:PRIMARY KEY|KEY \w+) \(client_id[,)]/.test(body))
      .map(({ name }) => name);
    expect(unindexed).toEqual([]);
  });
});
