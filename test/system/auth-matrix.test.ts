import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requests } from '../../build/request-examples.ts';
import { routes } from '../../functions/routes.ts';
import { operatorScopeFor } from '../../functions/shared/identity.ts';
import type { Route } from '../../functions/shared/route.ts';
import { Rig } from '../support/rig/rig.ts';
import { isTried, triesAll } from '../support/run/sizes.ts';
import { pathWith, type TenantWorld, tenantWorld } from '../support/scenes/tenant-world.ts';

// Who may call which route on whose data: every identity on every route, with its own ids, another tenant's, and ids
// that do not exist. Expected statuses come from the route table, actual ones from the control plane over HTTP.

let rig: Rig;
let worlds: Readonly<Record<'A' | 'B', TenantWorld>>;
let identities: readonly Identity[];

interface Identity {
  readonly name: string;
  readonly token: string | undefined;
  /** Who owns the token. For an operator, all data counts as its own. */
  readonly of?: 'A' | 'B' | 'operator';
  /** Scopes of the token, or roles of an operator. */
  readonly may: readonly string[];
  /** The status that a token without access gets. */
  readonly refused?: 401 | 403;
}

type Target = 'own' | 'other’s' | 'missing';
/** `admitted`: neither refused nor not found. What the call then does is up to its own tests. */
type Code = number | 'admitted';

const table = Object.values(routes)
  .flatMap((routesOfDomain) => Object.values<Route>(routesOfDomain))
  .filter(({ id }) => id !== '-');

/** Expected statuses of open routes, which authenticate callers themselves or not at all. */
const open: Readonly<Record<string, (identity: Identity) => Code>> = {
  X0: () => 200,
  A1: (identity) => tenantOnly(identity, ['agent']),
  C1: (identity) => tenantOnly(identity, ['agent', 'read']),
  X31: () => 200,
  X32: () => 200,
  X33: () => 200,
  X28: () => 403, // the link is the permission, and this one is invalid
  X36: () => 403,
};
function tenantOnly({ of, may, refused }: Identity, scopes: readonly string[]): Code {
  if (refused) return refused;
  if (of === 'operator') return 401;
  return scopes.some((scope) => may.includes(scope)) ? 200 : 403;
}

/** Routes that need a query. */
const queries: Readonly<Record<string, string>> = { X10: '?q=xx', E4: '?q=xx' };

const hasIds = (route: Route) => route.path.includes('{') && route.access !== 'open';
const targetsOf = (route: Route): readonly Target[] => (hasIds(route) ? ['own', 'other’s', 'missing'] : ['own']);
/** Takes effect without a body. Each such call gets a world of its own, as it may delete what the next cell needs. */
const actsWithoutBody = (route: Route) => route.method !== 'GET' && route.body === undefined;

function expected(route: Route, identity: Identity, target: Target): Code {
  if (route.access === 'open') return open[route.id]!(identity);
  if (identity.refused) return identity.refused;
  const isOperator = identity.of === 'operator';
  if (route.access === (isOperator ? 'client' : 'admin')) return 403;
  const needed =
    isOperator && route.access !== 'admin' ? [operatorScopeFor(route.scope as 'read')] : [route.scope].flat();
  if (!needed.some((scope) => identity.may.includes(scope))) return 403;
  if (target === 'missing' || (target === 'other’s' && !isOperator)) return 404;
  if (route.method === 'GET') return 200;
  return actsWithoutBody(route) ? 'admitted' : 400; // the body is not JSON, so nothing is done
}

const otherOf = { A: 'B', B: 'A' } as const;
function idsOf(identity: Identity, target: Target): Readonly<Record<string, string>> {
  const mine = identity.of === 'B' ? 'B' : 'A';
  if (target === 'own') return worlds[mine].ids;
  if (target === 'other’s') return worlds[otherOf[mine]].ids;
  const missing = Object.fromEntries(Object.keys(worlds.A.ids).map((name) => [name, randomUUID()]));
  return { ...missing, instance_id: instanceId() };
}

/** The id of an instance that nobody has. */
const instanceId = () => `i-${randomUUID().replaceAll('-', '').slice(0, 17)}`;

interface Cell {
  readonly route: Route;
  readonly identity: Identity;
  readonly target: Target;
  readonly expected: Code;
}

async function answer({ route, identity, target, expected: code }: Cell): Promise<number> {
  const world = code === 'admitted' ? await worldFor(route) : undefined;
  const token = world && identity.of !== 'operator' ? await tokenLike(identity, world) : identity.token;
  const ids = world?.ids ?? idsOf(identity, target);
  const about = { commandId: ids.command_id, instanceId: route.id === 'A1' ? instanceId() : ids.instance_id };
  const valid = requests[route.id]?.(about) ?? {};
  const path = pathWith(route.path, ids) + (queries[route.id] ?? '');
  const body = route.method === 'GET' || !route.body ? {} : code === 400 ? { raw: '{' } : { body: valid };
  const answer = await rig.request(route.method, path, { ...(token !== undefined && { token }), ...body });
  // This error proves that the caller was let in: there is one fallback in all, and most calls find none left.
  return answer.body?.code === 'no_fallback' ? 200 : answer.status;
}

/** A fresh world for one call, with what the call needs. */
async function worldFor(route: Route): Promise<TenantWorld> {
  const isOfOperator = route.path.includes('{operator_id}');
  const world = await tenantWorld(rig, isOfOperator ? (await operator('viewer')).id : undefined);
  // Without a standby that can take over, the 404 would be for the standby and not for the agent.
  if (route.id === 'X24') {
    const replica = `/replicas/${world.ids.replica_id}`;
    await world.instance.request('PUT', replica, { instance_id: instanceId(), status: 'syncing' });
    await world.instance.request('POST', `${replica}/status`, requests.R6!({}));
  }
  return world;
}

/** A token of the given world's tenant with the same scopes as the identity's. */
const tokenLike = async ({ may }: Identity, { tenant }: TenantWorld): Promise<string> => {
  if (may.length === 3) return tenant.token;
  const scope = may.includes('manage') ? 'manage' : may[0]!;
  return (await rig.asAdmin('POST', `/api/client/${tenant.id}/tokens`, { name: scope, scope })).body.token;
};

const operator = async (role: string): Promise<{ id: string; token: string }> =>
  (await rig.asAdmin('POST', '/api/admin/operators', { name: `${role} ${randomUUID()}`, role })).body;

async function identitiesOf(whose: 'A' | 'B'): Promise<Identity[]> {
  const { tenant } = worlds[whose];
  const scoped = ['agent', 'read', 'manage'].map(async (scope) => {
    const made = await rig.asAdmin('POST', `/api/client/${tenant.id}/tokens`, { name: `my ${scope}`, scope });
    const may = scope === 'manage' ? ['read', 'manage'] : [scope];
    return { name: `${whose} ${scope}`, token: made.body.token, of: whose, may };
  });
  const main = { name: `${whose} main`, token: tenant.token, of: whose, may: ['agent', 'read', 'manage'] };
  return [...(await Promise.all(scoped)), main];
}

/** Identities that are always refused. */
async function refusedIdentities(): Promise<Identity[]> {
  const tokens = `/api/client/${worlds.A.tenant.id}/tokens`;
  const expires_at = new Date(rig.clock.now().getTime() + 1000).toISOString();
  const expired = (await rig.asAdmin('POST', tokens, { name: 'expired', scope: 'manage', expires_at })).body;
  const revoked = (await rig.asAdmin('POST', tokens, { name: 'revoked', scope: 'manage' })).body;
  await rig.asAdmin('DELETE', `${tokens}/${revoked.id}`);
  const former = await operator('admin');
  await rig.asAdmin('DELETE', `/api/admin/operators/${former.id}`);
  const inactive = await rig.tenant();
  await rig.db.updateTable('clients').set({ isActive: false }).where('id', '=', inactive.id).execute();
  rig.pass(2);
  return [
    { name: 'none', token: undefined, may: [], refused: 401 },
    { name: 'garbage', token: `token-${randomUUID()}`, may: [], refused: 401 },
    { name: 'expired', token: expired.token, may: [], refused: 401 },
    { name: 'revoked', token: revoked.token, may: [], refused: 401 },
    { name: 'ex-operator', token: former.token, may: [], refused: 401 },
    { name: 'inactive', token: inactive.token, may: [], refused: 403 },
  ];
}

beforeAll(async () => {
  rig = await Rig.start();
  const spare = await operator('viewer');
  worlds = { A: await tenantWorld(rig, spare.id), B: await tenantWorld(rig, spare.id) };
  identities = [
    ...(await refusedIdentities()),
    ...(await identitiesOf('A')),
    ...(await identitiesOf('B')),
    { name: 'viewer', token: (await operator('viewer')).token, of: 'operator', may: ['viewer'] },
    { name: 'admin', token: (await operator('admin')).token, of: 'operator', may: ['viewer', 'admin'] },
    { name: 'bootstrap', token: rig.controlPlane.adminToken, of: 'operator', may: ['viewer', 'admin'] },
  ];
});
afterAll(() => rig.stop());

/** Concurrent requests. */
const atOnce = 16;

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const rest = items.entries();
  const drain = async () => {
    for (const [i, item] of rest) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, drain));
  return results;
}

const isAdmission = (status: number) => ![401, 403, 404].includes(status) && status < 500;
const isRight = (status: number, code: Code) => (code === 'admitted' ? isAdmission(status) : status === code);

describe('who may call what (defect 3)', () => {
  it('is what the route table says, for every identity, route and owner', async () => {
    const whole = table.flatMap((route) =>
      identities.flatMap((identity) =>
        targetsOf(route).map(
          (target): Cell => ({ route, identity, target, expected: expected(route, identity, target) }),
        ),
      ),
    );
    expect(whole.length).toBeGreaterThan(3000);
    const cells = whole.filter((_, index) => isTried(index, 0, 8));
    const statuses = await inParallel(cells, answer);
    if (triesAll) console.log(printed(cells, statuses));
    const wrong = cells.flatMap(({ route, identity, target, expected: code }, i) =>
      isRight(statuses[i]!, code)
        ? []
        : [`${route.id} ${route.method} ${route.path} by ${identity.name}, ${target}: ${statuses[i]}, not ${code}`],
    );
    expect(wrong).toEqual([]);
  }, 180_000); // half a minute on an idle machine
});

/** One row per route. A cell has the statuses for its own, another's and a missing id, or one if all are equal. */
function printed(cells: readonly Cell[], statuses: readonly number[]): string {
  const width = 12;
  const first = 18;
  const lines = table.map((route) => {
    const shown = identities.map(({ name }) => {
      const codes = cells.flatMap((cell, i) =>
        cell.route === route && cell.identity.name === name ? [String(statuses[i])] : [],
      );
      return new Set(codes).size === 1 ? codes[0]! : codes.join('/');
    });
    return `${`${route.id} ${[route.scope].flat().join('|')}`.padEnd(first)}${shown.map((code) => code.padEnd(width)).join('')}`;
  });
  const head = `${'route, scope'.padEnd(first)}${identities.map(({ name }) => name.padEnd(width)).join('')}`;
  return [head, ...lines, `${cells.length} cells: own/other’s/missing, or one code for all`].join('\n');
}
