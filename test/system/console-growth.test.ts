import { randomUUID } from 'node:crypto';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RowsExamined, rowsExamined, sumOf } from '../../bench/rows-examined.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import { parseSql } from '../../local/aws/data-api/named-parameters.ts';
import { bind } from '../../local/aws/data-api/parameters.ts';
import { connectToRig } from '../support/database/beside.ts';
import { seedLargeTenant } from '../support/database/large-tenant.ts';
import type { Answer } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';

// How many rows a console request reads depends on what it shows, not on how much data a years-old tenant has.

const { events } = sizes;
const size = { agents: 1000, machines: 5, switches: events / 10, events, priceDays: 90, tenants: 20_000 };

let rig: Rig;
let beside: Connection;
let examined: RowsExamined;
let ids: Record<string, string>;
let token: string;
beforeAll(async () => {
  rig = await Rig.start();
  beside = await connectToRig();
  const client_id = await seedLargeTenant(beside, size, rig.clock.now());
  const [instance] = await beside.query(
    `SELECT i.id, i.agent_id FROM instances AS i WHERE i.is_primary AND i.instance_type = 'm0.large' ORDER BY i.id LIMIT 1`,
  );
  ids = { client_id, instance_id: instance.id, agent_id: await renamed(instance.agent_id) };
  token = (await rig.asAdmin('POST', `/api/admin/clients/${client_id}/regenerate-token`)).body.token;
  await rig.asAdmin('PUT', `/api/client/${client_id}/webhook`, { url: 'https://example.com/hook' });
  const whatIf = await rig.asAdmin('POST', `/api/client/${client_id}/what-if`, {});
  ids.run_id = whatIf.body.run_id;
  examined = await rowsExamined(beside, rig.database);
}, 180_000);
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

/** Gives a seeded agent a UUID as real agents have: seeded ids look different. */
async function renamed(agentId: string): Promise<string> {
  const id = randomUUID();
  await beside.query('UPDATE agents SET id = ? WHERE id = ?', [id, agentId]);
  for (const table of ['instances', 'switches', 'system_events', 'decisions', 'cost_records', 'commands'])
    await beside.query(`UPDATE ${table} SET agent_id = ? WHERE agent_id = ?`, [id, agentId]);
  return id;
}

interface Seen {
  readonly answer: Answer;
  readonly rows: Readonly<Record<string, number>>;
  readonly statements: readonly string[];
}

/** Calls as the admin, which takes one statement more than as the tenant, unless only tenants may call. */
async function ask(path: string, access: Route['access'] = 'clientOrAdmin'): Promise<Seen> {
  const statements: string[] = [];
  rig.controlPlane.dataApi.onCall = ({ sql, parameters }) => {
    if (sql?.trimStart().match(/^\(?\s*select/i)) statements.push(bind(parseSql(sql), parameters));
  };
  await examined.read();
  const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!);
  const answer = await rig.request('GET', at, { token: access === 'client' ? token : rig.controlPlane.adminToken });
  rig.controlPlane.dataApi.onCall = undefined;
  return { answer, rows: await examined.read(), statements };
}

interface Step {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | null;
}

/** Steps of the plan that read a database table, not the result of another step. */
async function planOf(statement: string): Promise<Step[]> {
  const steps: Step[] = await beside.query(`EXPLAIN ${statement}`);
  return steps.filter(({ table }) => table !== null && !table.startsWith('<'));
}

/** Items of a list, nested lists included, or lines of a file. */
const shownIn = ({ body }: Answer): number => (typeof body === 'string' ? body.split('\n').length : itemsIn(body));
const itemsIn = (value: unknown): number =>
  typeof value !== 'object' || value === null
    ? 0
    : Object.values(value).reduce<number>((sum, each) => sum + itemsIn(each), Array.isArray(value) ? value.length : 0);

/** Routes that add up or filter rows read more than they show: at most this many more. */
const readsMore: Readonly<Record<string, number>> = {
  // A day of 1,000 instances is added up.
  E7: 24_000,
  // Only the newest 10,000 of a status are searched, however many there are.
  'D9?mode=spot': 35_000,
  'D9?region=us-east-1': 35_000,
};
/** These may scan a whole table: they add up all tenants, or look through most of the seeded instances. */
const readsAll = new Set(['D6', 'D9?mode=spot', 'D9?region=us-east-1']);

/** Routes that are read page by page: marked as paged, or with a cursor. */
const isList = ({ isPaged, query }: Route) => isPaged === true || 'cursor' in (query?.shape ?? {});

const reads = Object.values(routes)
  .flatMap((table) => Object.values<Route>(table))
  .filter(({ method, access }) => method === 'GET' && access !== 'open');
const queries: Record<string, readonly string[]> = {
  D8: ['', '?limit=200'],
  D9: ['', '?status=active', '?status=terminated', '?mode=spot', '?region=us-east-1'],
  D10: ['', '?status=online', '?status=deleted'],
  N1: ['', '?client_id=00000000-0000-4000-8000-000000000000', '?limit=200'],
  U1: [
    '',
    '?actor=operator:7',
    '?action=token_read',
    `?client_id=${'n'.repeat(35)}1`,
    '?actor=operator:8&action=token_read&client_id=00000000-0000-4000-8000-000000000000',
  ],
  X10: ['?q=tenant', '?q=agent-1', '?q=i-0000'],
  E4: ['?q=tenant'],
  C9: ['', '?status=active', '?status=terminated', '?mode=spot'],
  C14: ['', '?days=90', '?days=90&interval=day'],
  C19: ['', '?instance_id=i-n7', '?limit=500'],
  X21: ['?since=2026-03-01T00:00:00Z', '?since=2026-01-10T00:00:00Z&limit=500'],
};
const cases = reads.flatMap((route) =>
  (queries[route.id] ?? ['']).map((query) => ({
    ...route,
    path: `${route.path}${query}`,
    name: `${route.id}${query}`,
  })),
);

describe(`with ${JSON.stringify(size)}`, () => {
  it.each(cases)('$name takes three calls at most, and each of them uses an index (defect 19)', async ({
    name,
    path,
    access,
  }) => {
    const { answer, statements } = await ask(path, access);
    expect(answer.status).toBe(200);
    expect(answer.calls).toBeLessThanOrEqual(3);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements)
      for (const step of await planOf(statement)) {
        // The database scans a table of a few rows, whatever its keys.
        if ((step.rows ?? 0) < 100 || readsAll.has(name)) continue;
        expect(step, statement.slice(0, 2000)).toMatchObject({ key: expect.any(String) });
        // Across all tenants a whole index may be scanned; the next test limits how far.
        expect(access === 'admin' ? ['ALL'] : ['ALL', 'index'], statement.slice(0, 2000)).not.toContain(step.type);
      }
  });

  it.each(cases.filter(isList))('$name reads at most ten rows for each that it shows', async ({
    name,
    path,
    access,
  }) => {
    const { answer, rows } = await ask(path, access);
    expect(shownIn(answer)).toBeGreaterThan(0);
    const most = 10 * shownIn(answer) + 50 + (readsMore[name] ?? 0);
    expect(sumOf(rows), JSON.stringify(rows)).toBeLessThanOrEqual(most);
  });

  it.each([
    '/api/client/{client_id}/agents',
    '/api/client/{client_id}/agents/history',
    '/api/client/{client_id}/agents/decisions',
    '/api/client/{client_id}/instances',
    '/api/client/{client_id}/instances?status=terminated',
    '/api/client/{client_id}/switch-history?limit=500',
    '/api/events?since=2026-01-10T00:00:00Z&limit=500',
    '/api/client/{client_id}/tokens',
    '/api/client/{client_id}/audit',
    '/api/admin/audit?action=token_read',
    '/api/admin/clients',
    '/api/admin/activity?limit=200',
    '/api/admin/operators',
    '/api/admin/export/global-stats?limit=500',
    '/api/notifications?client_id={client_id}&limit=200',
  ])('%s reads as few rows on its third page as on its first', async (path) => {
    let cursor = '';
    for (let page = 1; page <= 3; page += 1) {
      const { answer, rows } = await ask(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`);
      expect(shownIn(answer)).toBeGreaterThan(0);
      expect(sumOf(rows), `page ${page}: ${JSON.stringify(rows)}`).toBeLessThanOrEqual(10 * shownIn(answer) + 50);
      cursor = answer.headers.get('x-next-cursor') ?? '';
      if (cursor === '') return;
    }
  });
});
