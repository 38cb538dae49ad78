import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requests } from '../../build/request-examples.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { connectToRig } from '../support/database/beside.ts';
import type { Answer } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';
import { isTried } from '../support/run/sizes.ts';

let rig: Rig;
let instance: TestInstance;
let ids: Record<string, string>;
let otherClientId: string;
/** A direct connection, not through the Data API: tables are counted after each refusal. */
let beside: Connection;
let countsOfTables: string;
beforeAll(async () => {
  rig = await Rig.start();
  beside = await connectToRig();
  const tables: { name: string }[] = await beside.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
  );
  countsOfTables = `SELECT ${tables.map(({ name }) => `(SELECT COUNT(*) FROM ${name}) AS ${name}`)}`;
});
beforeEach(async () => {
  // If nothing that the previous test sent was accepted, its agent is unchanged and is used again.
  if (counts !== undefined && isDeepStrictEqual(await rowCounts(), counts)) return;
  counts = undefined;
  instance = await rig.primary();
  const replica_id = await instance.addReplica();
  const instance_id = instance.id;
  ids = { agent_id: instance.handle, client_id: instance.tenant.id, command_id: randomUUID(), replica_id, instance_id };
  // Admin routes that take a tenant's id get a tenant other than the instance's.
  otherClientId = (await rig.tenant()).id;
});
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

const all = Object.values(routes)
  .flatMap((table) => Object.values<Route>(table))
  .filter((route) => route.id !== '-')
  .map((route) => ({ route, name: `${route.id} ${route.method} ${route.path}` }));
const indexOf = new Map(all.map(({ route }, index) => [route, index]));
/** The subset of a route's inputs that this run sends. */
const some = <T>(route: Route, things: readonly T[]): T[] =>
  things.filter((_, index) => isTried(index, indexOf.get(route)!));
const withBody = all.filter(({ route }) => route.method !== 'GET');
const withPath = all.filter(({ route }) => route.path.includes('{'));

const pathOf = (route: Route, over: Record<string, string> = {}) =>
  route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => over[name] ?? encodeURIComponent(idFor(route, name)));

const idFor = (route: Route, name: string) =>
  route.access === 'admin' && name === 'client_id' ? otherClientId : (ids[name] ?? name);

const send = (route: Route, { path = pathOf(route), raw }: { path?: string; raw?: string | undefined } = {}) =>
  rig.request(route.method, path, {
    token: route.access === 'admin' ? rig.controlPlane.adminToken : instance.tenant.token,
    raw,
  });

/** What responses must never reveal: SQL, the database's own messages, stack traces, our file names. */
const leaks =
  /sqlstate|error code:|duplicate entry|near '|you have an error|\bat .{1,80}:\d+:\d+|\.ts:\d|index\.js|node_modules|mariadb|rds-data|databaseerror/i;

/** Sends bad input. It is refused as the caller's fault, or accepted as harmless; a refusal changes no table. */
async function expectHarmless(act: () => Promise<Answer>, refused = false) {
  counts ??= await rowCounts();
  const { status, body } = await act();
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  expect(text).not.toMatch(leaks);
  expect(status, text.slice(0, 300)).toBeLessThan(500);
  if (refused) expect(status, text.slice(0, 300)).toBeGreaterThanOrEqual(400);
  if (status >= 400) expect(await rowCounts()).toEqual(counts);
  else counts = undefined;
}

/** Row counts of all tables; `undefined` if a call was accepted since they were counted. */
let counts: unknown;
async function rowCounts(): Promise<unknown> {
  const [row] = await beside.query(countsOfTables);
  return row;
}

const injections = [
  "' OR '1'='1",
  "'; DROP TABLE agents; --",
  '{{7*7}}<%= 7*7 %>',
  '../../etc/passwd',
  '%s%n',
  '\u202E\uD800',
];

describe('a body that is not a JSON object', () => {
  it.each(withBody)('is refused by $name, or does no harm if the route takes no body', async ({ route }) => {
    const malformed = ['{', '{"a":}', "{'a':1}", 'undefined', 'NaN', '\u0000', '{"a":1}}', '<xml/>', '{"a":"\u0001"}'];
    for (const raw of some(route, malformed))
      await expectHarmless(() => send(route, { raw }), route.body !== undefined);
    for (const raw of some(route, ['null', '[]', '[{}]', '0', '"text"', 'true', '1e999']))
      await expectHarmless(() => send(route, { raw }), route.body !== undefined);
  });
});

describe('an empty body', () => {
  it.each(withBody)('counts as {} for $name', async ({ route }) => {
    for (const raw of ['', '   ', '{}']) await expectHarmless(() => send(route, { raw }));
  });
});

describe('fields of a wrong type', () => {
  const wrong = [
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    '',
    'x'.repeat(100_000),
    [],
    [[]],
    [null],
    {},
    { a: {} },
  ];

  it.each(withBody.filter(({ route }) => route.id in requests))('do no harm to $name, in any field', async ({
    route,
  }) => {
    const valid = requests[route.id]!({ instanceId: instance.id });
    for (const raw of some(route, replacements(valid, wrong))) await expectHarmless(() => send(route, { raw }));
  });

  it.each(withBody.filter(({ route }) => route.id in requests))('are harmless as SQL or a template in $name', async ({
    route,
  }) => {
    const valid = requests[route.id]!({ instanceId: instance.id });
    for (const raw of some(route, replacements(valid, injections))) await expectHarmless(() => send(route, { raw }));
    expect((await instance.agentRow()).clientId).toBe(instance.tenant.id);
  });

  it.each(withBody.filter(({ route }) => route.id in requests))('are refused by $name where they hold a NUL', async ({
    route,
  }) => {
    const valid = requests[route.id]!({ instanceId: instance.id });
    for (const raw of some(route, replacements(valid, ['a\0b'])))
      await expectHarmless(() => send(route, { raw }), true);
    await expectHarmless(() => send(route, { raw: JSON.stringify({ ...valid, 'a\0b': 1 }) }), true);
  });

  it.each(
    withBody.filter(({ route }) => route.id in requests),
  )('are refused by $name where the database cannot store their name', async ({ route }) => {
    const valid = requests[route.id]!({ instanceId: instance.id });
    for (const key of ['k'.repeat(65_536), 'k'.repeat(256), 'a\uD800'])
      await expectHarmless(() => send(route, { raw: JSON.stringify({ ...valid, tags: { [key]: 1 } }) }), true);
  });

  it.each(withBody.filter(({ route }) => route.id in requests))('do not set what is not the caller’s in $name', async ({
    route,
  }) => {
    const other = await rig.tenant();
    const extra = { client_id: other.id, clientId: other.id, is_primary: true, role: 'admin', __proto__: { a: 1 } };
    await send(route, { raw: JSON.stringify({ ...requests[route.id]!({ instanceId: instance.id }), ...extra }) });
    for (const table of ['agents', 'instances', 'commands', 'decisions', 'systemEvents'] as const) {
      const rows = rig.db.selectFrom(table).select('id').where('clientId', '=', other.id);
      // The other tenant's only event is its own creation.
      expect((await rows.execute()).length).toBe(table === 'systemEvents' ? 1 : 0);
    }
  });
});

describe('an oversized body', () => {
  it.each(withBody)('of 10 MB or 5 MB is refused by $name', async ({ route }) => {
    for (const megabytes of some(route, [10, 5])) {
      const raw = JSON.stringify({ a: 'x'.repeat(megabytes * 1024 * 1024) });
      await expectHarmless(() => send(route, { raw }), route.body !== undefined || megabytes === 10);
    }
  });

  it.each(withBody.filter(({ route }) => route.id in requests))('nested too deeply does no harm to $name', async ({
    route,
  }) => {
    const valid = requests[route.id]!({ instanceId: instance.id });
    for (const depth of [20, 200, 2_000, 100_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      for (const path of some(route, pathsOf(valid))) {
        const raw = JSON.stringify(replaced(valid, path, '@deep')).replace('"@deep"', deep);
        await expectHarmless(() => send(route, { raw }));
      }
      await expectHarmless(() => send(route, { raw: deep }), route.body !== undefined);
    }
  });

  it('with very long lists does no harm', async () => {
    const many = (n: number, item: (i: number) => unknown) => Array.from({ length: n }, (_, i) => item(i));
    const bodies: [string, object][] = [
      ['/cleanup-report', { snapshots: { deleted: many(50_000, (i) => `snap-${i}`) } }],
      ['/cleanup-report', { snapshots: { error: 'x'.repeat(900_000) }, amis: { [`${'k'.repeat(1000)}`]: 1 } }],
      ['/heartbeat', { monitored_instances: many(100_000, (i) => `i-${i}`) }],
      [
        '/pricing-report',
        { instance: { instance_id: instance.id }, spot_pools: many(5_000, (i) => ({ az: `z-${i}`, price: 0.1 })) },
      ],
    ];
    for (const [path, body] of bodies) await expectHarmless(() => instance.request('POST', path, body));
  });
});

describe('a path', () => {
  const strange = [
    '%00',
    'a%00b',
    '..%2f..%2fetc',
    '%27%20OR%201=1--',
    '~',
    '~~',
    'None',
    'null',
    '%F0%9F%92%A3',
    'x'.repeat(3000),
    randomUUID(),
    `${randomUUID()}~`,
    `${randomUUID()}~%00`,
    `${randomUUID()}~${'i'.repeat(65)}`,
  ];

  it.each(withPath)('of $name with a strange id is refused', async ({ route }) => {
    const raw = route.method === 'GET' ? undefined : JSON.stringify(requests[route.id]?.({}) ?? {});
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    for (const name of names)
      for (const value of some(route, strange))
        await expectHarmless(() => send(route, { path: pathOf(route, { [name]: value }), raw }), true);
  });

  it('of a known agent and an instance with a strange name does no harm', async () => {
    for (const { route } of withPath.filter(({ route }) => route.path.includes('{agent_id}')))
      for (const name of ['%27--', '~', 'i-%E2%80%AE', 'i'.repeat(64)]) {
        const path = pathOf(route, { agent_id: `${instance.agentId}~${name}` });
        const raw = route.method === 'GET' ? undefined : JSON.stringify(requests[route.id]?.({}) ?? {});
        await expectHarmless(() => send(route, { path, raw }));
      }
  });

  it.each([
    '/api/agents',
    '/api/agents/',
    '/api//agents/x',
    '/API/agents/register',
    '/api/agents/x/y/z',
    '/.env',
    '/%2e%2e/',
  ])('that no route has is a 404: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expect((await rig.request(method, path, { token: instance.tenant.token })).status).toBe(404);
  });

  it.each(['%', '%zz', '%c3%28'])('that cannot be decoded is a 400: %s', async (id) => {
    const answer = await rig.request('GET', `/api/agents/${id}/config`, { token: instance.tenant.token });
    expect(answer.status).toBe(400);
  });
});

describe('a query', () => {
  it.each([
    'status=launching&status=ready',
    'status=',
    'status=%00',
    "status='",
    'include_terminated=maybe',
    'x=1&y[]=2',
  ])('does no harm: ?%s', async (query) => {
    await expectHarmless(() => instance.request('GET', `/replicas?${query}`));
  });
});

/** The path of each field of a body, list items included. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .flatMap(([key, field]) => pathsOf(field, [...path, key]));
  return path.length > 0 ? [path, ...inside] : inside;
}

/** One body for each field and each value that replaces it. */
const replacements = (valid: unknown, values: readonly unknown[]) =>
  pathsOf(valid).flatMap((path) => values.map((value) => JSON.stringify(replaced(valid, path, value))));

function replaced(body: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = Array.isArray(body) ? [...body] : { ...(body as object) };
  (copy as Record<string, unknown>)[key] = replaced((body as Record<string, unknown>)[key], rest, value);
  return copy;
}
