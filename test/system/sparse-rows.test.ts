import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../support/openapi/schemas.ts';
import { findingOf } from '../support/openapi/verdict.ts';
import { Rig } from '../support/rig/rig.ts';
import { pathWith, type TenantWorld, tenantWorld } from '../support/scenes/tenant-world.ts';

// Where little is known, reads still match the document: a number is a number, both without any rows and with rows
// whose nullable columns are all null.

let rig: Rig;
let world: TenantWorld;
beforeAll(async () => {
  rig = await Rig.start();
  world = await tenantWorld(rig);
  const { tenant, instance } = world;
  const next = instance.successor({ mode: 'spot', az: 'us-east-1b' });
  await instance.switchReport(next);
  await next.register();
  await next.report(0.1, { 'us-east-1a': 0.04 });
  for (const job of ['decide', 'accrue-savings'] as const) await rig.runJob(job);
  await rig.request('GET', `/api/client/${tenant.id}`, { token: tenant.token });
});
afterAll(() => rig.stop());

const queries: Readonly<Record<string, string>> = { X10: '?q=m5', E4: '?q=m5' };
/** Routes that need a link, a file or a ciphertext that no row has. */
const needsMore = new Set(['X28', 'X36', 'X33', 'D4']);
const reads = operations.filter(
  ({ method, operation }) => method === 'GET' && !needsMore.has(operation['x-protocol-id']),
);

async function expectAllRead(ids: Readonly<Record<string, string>>, token: string, isThere: (path: string) => boolean) {
  const findings: string[] = [];
  for (const { path, operation, name } of reads.filter(({ path }) => isThere(path))) {
    const isOperators = operation.security.length > 0 && operation.security.every((one) => 'adminToken' in one);
    const at = pathWith(path, ids) + (queries[operation['x-protocol-id']] ?? '');
    const answer = await rig.request('GET', at, { token: isOperators ? rig.controlPlane.adminToken : token });
    const finding = findingOf(operation, undefined, answer) ?? (answer.status === 200 ? undefined : answer.status);
    if (finding) findings.push(`${name}: ${finding} ${JSON.stringify(answer.body).slice(0, 300)}`);
  }
  expect(findings).toEqual([]);
}

/** @returns how many columns are null now */
async function emptyAllThatMayBe(): Promise<number> {
  const { rows } = await sql<{ table: string; column: string }>`
    SELECT table_name AS ${sql.ref('table')}, column_name AS ${sql.ref('column')} FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name NOT LIKE 'ml_%' AND is_nullable = 'YES' AND generation_expression IS NULL
      AND table_name NOT LIKE 'schema_%' AND NOT (table_name = 'system_events' AND column_name = 'client_id')`.execute(
    rig.db,
  );
  let emptied = 0;
  for (const { table, column } of rows) {
    const empty = sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = NULL`.execute(rig.db);
    // A check constraint may require the column where another is set.
    emptied += await empty.then(
      () => 1,
      () => 0,
    );
  }
  return emptied;
}

describe('every read', () => {
  it('of a tenant that has nothing matches the document', async () => {
    const tenant = await rig.tenant();
    // Without an agent there is no history of its prices.
    const isThere = (path: string) => !/\{(?!client_id)|webhook|pricing-history/.test(path);
    await expectAllRead({ ...world.ids, client_id: tenant.id }, tenant.token, isThere);
  });

  it('of rows whose nullable columns are all null matches the document', async () => {
    await expectAllRead(world.ids, world.tenant.token, () => true);
    expect(await emptyAllThatMayBe()).toBeGreaterThan(100);
    await expectAllRead(world.ids, world.tenant.token, () => true);
  });
});
