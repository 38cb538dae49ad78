import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requests } from '../../../build/request-examples.ts';
import { routes } from '../../../functions/routes.ts';
import type { Route } from '../../../functions/shared/route.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const ofTenant = Object.values(routes)
  .flatMap((table) => Object.values<Route>(table))
  .filter(({ id, access }) => id !== '-' && (access === 'client' || access === 'clientOrAdmin'))
  .map((route) => ({ ...route, name: `${route.id} ${route.method} ${route.path}` }));

const config = async (header: string | undefined) => {
  const instance = await rig.primary();
  const headers = header === undefined ? undefined : { authorization: header.replace('TOKEN', instance.tenant.token) };
  return rig.request('GET', `/api/agents/${instance.handle}/config`, { headers });
};

describe('the Authorization header', () => {
  it.each(['Bearer TOKEN', 'bearer TOKEN', 'Bearer   TOKEN', 'TOKEN', '  TOKEN '])('may be "%s"', async (header) => {
    expect((await config(header)).status).toBe(200);
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Basic TOKEN',
    'Bearer TOKEN x',
    'Bearer token-x',
    "' OR '1'='1",
    'Bearer TOKEN%00',
  ])('may not be "%s"', async (header) => {
    expect((await config(header)).status).toBe(401);
  });

  it('may not be missing', async () => {
    expect((await config(undefined)).status).toBe(401);
  });
});

// Every route with every credential: test/system/auth-matrix.test.ts.
describe('a refused caller is told why', () => {
  const told = async (path: string, token: string | undefined) => {
    const { status, body } = await rig.request('GET', path, { token });
    return [status, body.error ?? body.message];
  };

  it('on a tenant’s route', async () => {
    const path = `/api/client/${randomUUID()}/agents`;
    expect(await told(path, undefined)).toEqual([401, 'Unauthorized']);
    expect(await told(path, `token-${randomUUID()}`)).toEqual([401, 'Invalid client token']);
    expect(await told(path, (await inactiveTenant()).token)).toEqual([403, 'Client account is not active']);
  });

  it('on an operator’s route', async () => {
    const path = '/api/admin/clients';
    expect(await told(path, undefined)).toEqual([401, 'Unauthorized']);
    expect(await told(path, `admin-${randomUUID()}`)).toEqual([401, 'Invalid client token']);
    expect(await told(path, (await rig.tenant()).token)).toEqual([403, 'Admin credential required']);
  });
});

async function inactiveTenant(): Promise<Tenant> {
  const tenant = await rig.tenant();
  await rig.db.updateTable('clients').set({ isActive: false }).where('id', '=', tenant.id).execute();
  return tenant;
}

describe('register authenticates by itself', () => {
  const register = async (over: { header?: string; body?: string | undefined }) => {
    const instance = rig.instance(await rig.tenant());
    const { token } = instance.tenant;
    const { instanceId, logicalId, type, region, az } = instance.facts;
    return rig.request('POST', '/api/agents/register', {
      headers: over.header === undefined ? {} : { authorization: over.header.replace('TOKEN', token) },
      body: {
        client_token: over.body?.replace('TOKEN', token),
        logical_agent_id: logicalId,
        instance_id: instanceId,
        instance_type: type,
        region,
        az,
      },
    });
  };

  it.each([
    ['the header alone', { header: 'Bearer TOKEN' }, 200, undefined],
    ['the bare header', { header: 'TOKEN' }, 200, undefined],
    ['the body alone', { body: 'TOKEN' }, 200, undefined],
    ['both', { header: 'Bearer TOKEN', body: 'TOKEN' }, 200, undefined],
    ['a good header and a bad body', { header: 'Bearer TOKEN', body: 'token-x' }, 200, undefined],
    ['a bad header and a good body', { header: 'Bearer token-x', body: 'TOKEN' }, 401, 'Invalid client token'],
    ['an empty header and a good body', { header: 'Bearer', body: 'TOKEN' }, 401, 'Missing client token'],
    ['neither', {}, 401, 'Missing client token'],
    ['a bad body', { body: 'token-x' }, 401, 'Invalid client token'],
  ])('with %s', async (_, over, status, error) => {
    const answer = await register(over);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toBe(error);
  });

  it('refuses an inactive tenant with a 403', async () => {
    const answer = await rig.instance(await inactiveTenant()).register();
    expect(answer).toMatchObject({ status: 403, body: { error: 'Client account is not active' } });
  });

  it('is the only route that takes a token from the body', async () => {
    const instance = await rig.primary();
    const body = { client_token: instance.tenant.token };
    expect((await rig.request('POST', `/api/agents/${instance.handle}/heartbeat`, { body })).status).toBe(401);
  });

  it('does not accept the admin credential', async () => {
    const tenant = { ...(await rig.tenant()), token: rig.controlPlane.adminToken };
    expect((await rig.instance(tenant).register()).status).toBe(401);
  });
});

describe('a refused token', () => {
  const refusals = async () =>
    (await rig.db.selectFrom('systemEvents').selectAll().where('eventType', '=', 'auth_failed').execute()).map((row) =>
      JSON.stringify(row),
    );

  it('is recorded once in ten minutes, however often it is sent, and never in plain text (defect 25)', async () => {
    rig.pass(600 - ((rig.clock.now().getTime() / 1000) % 600));
    const before = (await refusals()).length;
    const token = `token-${randomUUID()}`;
    const stranger = rig.instance({ ...(await rig.tenant()), token });
    const restartsFor = async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 60) {
        expect((await stranger.register()).status).toBe(401);
        expect((await stranger.heartbeat()).status).toBe(401);
        rig.controlPlane.gateway.forgetAuthorizations();
        rig.pass(60);
      }
    };
    await restartsFor(600);
    expect((await refusals()).length).toBe(before + 1);
    await restartsFor(600);
    expect((await refusals()).length).toBe(before + 2);
    expect((await refusals()).join()).not.toContain(token);
  });

  it('is counted, together with all others of the same time, in a bounded number of rows', async () => {
    rig.pass(600 - ((rig.clock.now().getTime() / 1000) % 600));
    const before = (await refusals()).length;
    for (let i = 0; i < 100; i += 1)
      expect((await rig.request('GET', '/api/agents/a/config', { token: randomUUID() })).status).toBe(401);
    expect((await refusals()).length - before).toBeLessThanOrEqual(16);
    const rows = await rig.db
      .selectFrom('systemEvents')
      .select('times')
      .where('createdAt', '=', rig.clock.now())
      .execute();
    expect(rows.reduce((sum, { times }) => sum + times, 0)).toBe(100);
  });
});

describe('another tenant’s ids (defect 4)', () => {
  /** A tenant with two agents, a dispatched command, an instance to terminate, and the other things that paths name. */
  async function world() {
    const instance = await rig.primary();
    const old = await rig.primary({}, instance.tenant);
    await old.switchReport(old.successor());
    await instance.report(0.1, { 'us-east-1b': 0.03 });
    await instance.queueSwitch('m5.large.us-east-1b');
    const [command] = (await instance.pendingCommands()).body;
    const replica_id = await instance.addReplica();
    const { id: token_id } = await rig.db
      .selectFrom('clientTokens')
      .select('id')
      .where('clientId', '=', instance.tenant.id)
      .executeTakeFirstOrThrow();
    const { body: alert } = await rig.request('POST', `/api/client/${instance.tenant.id}/pricing-alerts`, {
      token: instance.tenant.token,
      body: { pool_id: 'm5.large.us-east-1b', threshold: 0.01 },
    });
    const { body: whatIf } = await rig.request('POST', `/api/client/${instance.tenant.id}/what-if`, {
      token: instance.tenant.token,
      body: requests.E12!({}),
    });
    const { id: notif_id } = await rig.db
      .selectFrom('systemEvents')
      .select('id')
      .where('clientId', '=', instance.tenant.id)
      .where('notify', '=', true)
      .limit(1)
      .executeTakeFirstOrThrow();
    const ids = {
      agent_id: instance.handle,
      client_id: instance.tenant.id,
      command_id: command.id,
      replica_id,
      instance_id: instance.id,
      token_id,
      notif_id,
      alert_id: alert.alert_id,
      run_id: whatIf.run_id,
    };
    return { instance, old, ids };
  }

  /** Shared by all routes, because none of their requests changes anything. */
  let made: Promise<{ theirs: Awaited<ReturnType<typeof world>>; stranger: TestInstance }> | undefined;
  const both = () => {
    made ??= world().then(async (theirs) => ({ theirs, stranger: await rig.primary() }));
    return made;
  };

  const withIds = (path: string, ids: Record<string, string>) =>
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      if (!(name in ids)) throw new Error(`world() makes no ${name}: add one`);
      return ids[name]!;
    });

  describe.each(ofTenant.filter((route) => route.path.includes('{')))('on $name', ({ method, path, id }) => {
    it('are the same 404 as unknown ids, and change nothing', async () => {
      const { theirs, stranger } = await both();
      const nobody = Object.fromEntries(Object.keys(theirs.ids).map((name) => [name, randomUUID()]));
      const before = await rowsOf(theirs.instance.tenant.id);
      const call = (ids: Record<string, string>) =>
        rig.request(method, withIds(path, ids), {
          token: stranger.tenant.token,
          body:
            method === 'GET' || method === 'DELETE'
              ? undefined
              : requests[id]?.({ commandId: ids.command_id, instanceId: theirs.old.id }),
        });
      const foreign = await call(theirs.ids);
      const missing = await call(nobody);
      expect(foreign.status, 'a valid body? see support/requests.ts').toBe(404);
      expect(anonymous(foreign.body, theirs.ids)).toEqual(anonymous(missing.body, nobody));
      expect(await rowsOf(theirs.instance.tenant.id)).toEqual(before);
    });
  });

  it('of commands and instances are a 404 under the caller’s own agent too', async () => {
    const theirs = await world();
    const own = await rig.primary();
    expect((await own.executed(theirs.ids.command_id)).status).toBe(404);
    const marked = { command_id: theirs.ids.command_id };
    expect((await own.request('POST', '/mark-command-executed', marked)).status).toBe(404);
    expect((await own.terminationReport(theirs.old.id)).status).toBe(404);
    own.handle = `${own.agentId}~${theirs.instance.id}`;
    expect((await own.pendingCommands()).body).toEqual([]);
    expect((await own.config()).body.enabled).toBe(false);
  });

  const anonymous = (body: unknown, ids: Record<string, string>) =>
    Object.entries(ids).reduce(
      (text, [name, value]) => text.replaceAll(value, name).replaceAll(value.split('~')[0]!, name),
      JSON.stringify(body),
    );

  const rowsOf = async (clientId: string) =>
    Promise.all(
      (
        [
          'agents',
          'instances',
          'commands',
          'switches',
          'replicaInstances',
          'decisions',
          'systemEvents',
          'cleanupLogs',
          'clientTokens',
        ] as const
      ).map((table) => rig.db.selectFrom(table).selectAll().where('clientId', '=', clientId).orderBy('id').execute()),
    );
});
