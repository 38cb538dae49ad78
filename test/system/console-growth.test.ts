import { randomUUID } from 'node:crypto';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RowsExamined, rowsExamined, sumOf } from '../../bench/rows-examined.ts';
import { clientRoutes } from '../../functions/client/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import { parseSql } from '../../local/aws/data-api/named-parameters.ts';
import { bind } from '../../local/aws/data-api/parameters.ts';
import { connectToRig } from '../support/database/beside.ts';
import { seedLargeTenant } from '../support/database/large-tenant.ts';
import type { Answer } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';

// What a console reads depends on what it shows, and not on how much there is of a tenant that has been with us for years.

const size = { agents: 1000, machines: 5, switches: 100_000, events: 1_000_000, priceDays: 90 };

let rig: Rig;
let beside: Connection;
let examined: RowsExamined;
let ids: Record<string, string>;
beforeAll(async () => {
  rig = await Rig.start();
  beside = await connectToRig();
  const client_id = await seedLargeTenant(beside, size, rig.clock.now());
  const [instance] = await beside.query(
    `SELECT i.id, i.agent_id FROM instances AS i WHERE i.is_primary AND i.instance_type = 'm0.large' ORDER BY i.id LIMIT 1`,
  );
  ids = { client_id, instance_id: instance.id, agent_id: await renamed(instance.agent_id) };
  examined = await rowsExamined(beside, rig.database);
}, 180_000);
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

/** Gives an agent an id of the kind that ours have, which those that were seeded are not. */
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

/** As the admin, whose calls take a statement more than the tenant's. */
async function ask(path: string): Promise<Seen> {
  const statements: string[] = [];
  rig.controlPlane.dataApi.onCall = ({ sql, parameters }) => {
    if (sql?.trimStart().match(/^\(?\s*select/i)) statements.push(bind(parseSql(sql), parameters));
  };
  await examined.read();
  const answer = await rig.asAdmin(
    'GET',
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!),
  );
  rig.controlPlane.dataApi.onCall = undefined;
  return { answer, rows: await examined.read(), statements };
}

interface Step {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | null;
}

/** Steps that read a table of the database, and not what another step made. */
async function planOf(statement: string): Promise<Step[]> {
  const steps: Step[] = await beside.query(`EXPLAIN ${statement}`);
  return steps.filter(({ table }) => table !== null && !table.startsWith('<'));
}

/** Items, and what is listed of each in turn. */
const shownIn = ({ body }: Answer): number =>
  body.length +
  body
    .map(
      ({ decisionHistory, recentActivity }: Record<string, { length: number; systemEvents?: unknown[] } | undefined>) =>
        (decisionHistory?.length ?? 0) + (recentActivity?.systemEvents?.length ?? 0),
    )
    .reduce((sum: number, n: number) => sum + n, 0);

const reads = Object.values<Route>(clientRoutes).filter(
  ({ method, access }) => method === 'GET' && access === 'clientOrAdmin',
);
const queries: Record<string, readonly string[]> = {
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
  it.each(cases)('$name takes three calls at most, and each by an index (defect 19)', async ({ path }) => {
    const { answer, statements } = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.calls).toBeLessThanOrEqual(3);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements)
      for (const step of await planOf(statement)) {
        // A table of a few rows is read as it is, whatever its keys.
        if ((step.rows ?? 0) < 100) continue;
        expect(step, statement.slice(0, 2000)).toMatchObject({ key: expect.any(String) });
        expect(['ALL', 'index'], statement.slice(0, 2000)).not.toContain(step.type);
      }
  });

  it.each(cases.filter(({ isPaged }) => isPaged))('$name reads at most ten rows for each that it shows', async ({
    path,
  }) => {
    const { answer, rows } = await ask(path);
    expect(answer.body.length).toBeGreaterThan(0);
    expect(sumOf(rows), JSON.stringify(rows)).toBeLessThanOrEqual(10 * shownIn(answer) + 50);
  });

  it.each([
    '/api/client/{client_id}/agents',
    '/api/client/{client_id}/agents/history',
    '/api/client/{client_id}/agents/decisions',
    '/api/client/{client_id}/instances',
    '/api/client/{client_id}/instances?status=terminated',
    '/api/client/{client_id}/switch-history?limit=500',
    '/api/events?since=2026-01-10T00:00:00Z&limit=500',
  ])('%s costs as little on its third page', async (path) => {
    let cursor = '';
    for (let page = 1; page <= 3; page += 1) {
      const { answer, rows } = await ask(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`);
      expect(answer.body.length).toBeGreaterThan(0);
      expect(sumOf(rows), `page ${page}: ${JSON.stringify(rows)}`).toBeLessThanOrEqual(10 * shownIn(answer) + 50);
      cursor = answer.headers.get('x-next-cursor') ?? '';
      if (cursor === '') return;
    }
  });
});
