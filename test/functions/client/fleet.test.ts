import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const get = (tenant: Tenant, path: string, token = tenant.token) =>
  rig.request('GET', `/api/client/${tenant.id}${path}`, { token });

/** Agents of one tenant, latest heartbeat first. */
async function agents(count: number): Promise<TestInstance[]> {
  const tenant = await rig.tenant();
  const all: TestInstance[] = [];
  for (let i = 0; i < count; i += 1) {
    all.unshift(await rig.primary({ logicalId: `agent-${i}` }, tenant));
    rig.pass(1);
  }
  return all;
}

describe('the validation of a token (C1)', () => {
  const validate = (token?: string) => rig.request('GET', '/api/client/validate', { token: token! });

  it('returns the tenant’s name, which the install script reads', async () => {
    const tenant = await rig.tenant();
    const body = { valid: true, client_id: tenant.id, name: tenant.name, email: expect.any(String) };
    expect(await validate(tenant.token)).toMatchObject({ status: 200, body });
  });

  it.each([
    ['no token', undefined, 401, 'Missing client token'],
    ['an empty one', '', 401, 'Missing client token'],
    ['one that nobody has', 'token-x', 401, 'Invalid client token'],
  ])('returns `valid: false` for %s', async (_, token, status, error) => {
    expect(await validate(token)).toMatchObject({ status, body: { valid: false, error } });
  });

  it('is a 403 for an inactive tenant', async () => {
    const tenant = await rig.tenant();
    await rig.db.updateTable('clients').set({ isActive: false }).where('id', '=', tenant.id).execute();
    expect(await validate(tenant.token)).toMatchObject({ status: 403, body: { valid: false } });
  });
});

describe('the overview of a tenant (C2)', () => {
  it('counts instances and online agents, leaving out deleted agents', async () => {
    const [last, first, gone] = await agents(3);
    await first!.heartbeat('offline');
    await gone!.set({ status: 'deleted' });
    const answer = await get(last!.tenant, '');
    expect(answer).toMatchObject({ status: 200, calls: 1 });
    expect(answer.body).toEqual({
      id: last!.tenant.id,
      name: last!.tenant.name,
      status: 'active',
      instances: 3,
      agentsOnline: 1,
      agentsTotal: 2,
      totalSavings: 0,
      lastSync: expect.stringMatching(/Z$/),
    });
  });

  it('has zeros for a tenant that has nothing', async () => {
    const tenant = await rig.tenant();
    const zero = { instances: 0, agentsOnline: 0, agentsTotal: 0, totalSavings: 0, lastSync: null };
    expect((await get(tenant, '')).body).toMatchObject(zero);
  });
});

describe('the lists of agents (C3, C11)', () => {
  it('are bare arrays; current agents come latest heartbeat first, and the history has deleted ones too', async () => {
    const [b, a, gone] = await agents(3);
    await gone!.set({ status: 'deleted' });
    await b!.heartbeat('offline');
    const ids = async (path: string) => (await get(a!.tenant, path)).body.map((item: { id: string }) => item.id);
    expect(await ids('/agents')).toEqual([b!.agentId, a!.agentId]);
    expect(await ids('/agents/history')).toEqual([a!.agentId, b!.agentId, gone!.agentId]);
  });

  it('defect: instanceCount was a column that nothing wrote; it is counted', async () => {
    const [agent] = await agents(1);
    const standby = agent!.successor();
    await standby.register(); // waits beside the primary
    expect((await get(agent!.tenant, '/agents')).body).toMatchObject([{ instanceCount: 2 }]);
  });

  it.each([
    [300, 5],
    [0, 1],
    [89, 1],
    [90, 2],
    [3600, 60],
  ])('defect: the wait had two defaults; %i s are %i min everywhere', async (seconds, minutes) => {
    const [agent] = await agents(1);
    await agent!.set({ terminateWaitSeconds: seconds });
    expect((await get(agent!.tenant, '/agents')).body).toMatchObject([{ terminateWaitMinutes: minutes }]);
  });

  it('are paged, with each agent exactly once', async () => {
    const all = await agents(5);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null; pages += 1) {
      const { body, headers, calls } = await get(all[0]!.tenant, `/agents?limit=2&cursor=${cursor}`);
      expect(calls).toBe(1);
      expect(pages).toBeLessThan(3);
      seen.push(...body.map((item: { id: string }) => item.id));
      cursor = headers.get('x-next-cursor');
    }
    expect(seen.toSorted()).toEqual(all.map(({ agentId }) => agentId).toSorted());
  });

  it('refuse a cursor that was altered or issued by another list', async () => {
    const [agent] = await agents(3);
    const { headers } = await get(agent!.tenant, '/agents?limit=1');
    const cursor = headers.get('x-next-cursor')!;
    const bad = [`${cursor}x`, cursor.slice(1), cursor.slice(0, -1), 'x', `${btoa('["a"]')}.x`, '..', "'"];
    for (const changed of bad)
      expect(await get(agent!.tenant, `/agents?cursor=${changed}`)).toMatchObject({
        status: 400,
        body: { details: { cursor: [expect.stringContaining('cursor')] } },
      });
    expect((await get(agent!.tenant, '/agents?cursor=%00')).body.details).toEqual({
      cursor: ['must not contain a NUL character'],
    });
    expect((await get(agent!.tenant, `/agents/history?cursor=${cursor}`)).status).toBe(400);
    expect((await get(agent!.tenant, `/agents?cursor=${cursor}`)).status).toBe(200);
  });

  it.each(['0', '-1', '1001', 'x', '1.5'])('refuse limit=%s', async (limit) => {
    const tenant = await rig.tenant();
    expect(await get(tenant, `/agents?limit=${limit}`)).toMatchObject({
      status: 400,
      body: { details: { limit: [expect.any(String)] } },
    });
  });

  it('return a shorter page, not a 500, when names are as long as their columns', async () => {
    const [agent] = await agents(1);
    const long = '💣'.repeat(255);
    const row = await agent!.agentRow();
    const rows = Array.from({ length: 400 }, (_, i) => {
      const { undecidedSince: _u, listedOf: _l, ...columns } = row;
      const logicalAgentId = `${i}${long.slice(8)}`;
      return { ...columns, id: randomUUID(), logicalAgentId, hostname: long, instanceType: '💣'.repeat(64) };
    });
    for (const part of [rows.slice(0, 200), rows.slice(200)]) await rig.db.insertInto('agents').values(part).execute();
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const { status, body, headers } = await get(agent!.tenant, `/agents?cursor=${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.map((item: { id: string }) => item.id));
      cursor = headers.get('x-next-cursor');
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(401);
  });
});

describe('one agent in full (C21)', () => {
  it('has its settings, its primary, its standbys and its pending commands', async () => {
    const agent = await rig.primary({ type: 'full.large', mode: 'spot' });
    await agent.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
    await agent.queueSwitch('full.large.us-east-1b');
    const replica = await agent.addReplica({ replicaType: 'automatic-rebalance' });
    const answer = await rig.request('GET', `/api/client/agents/${agent.agentId}`, { token: agent.tenant.token });
    expect(answer).toMatchObject({
      status: 200,
      calls: 2,
      body: {
        id: agent.agentId,
        clientId: agent.tenant.id,
        minSavingsPercent: 15,
        riskThreshold: 0.3,
        instanceCount: 1,
        pendingCommands: [{ type: 'switch', targetMode: 'spot', targetPoolId: 'full.large.us-east-1b', priority: 25 }],
        primaryInstance: { id: agent.id, mode: 'spot', spotPrice: 0.05, onDemandPrice: 0.1 },
        replicas: [{ id: replica, instanceId: null, status: 'launching' }],
        replicaCount: 1,
        currentReplicaId: replica,
      },
    });
  });

  it('is returned for a deleted agent too', async () => {
    const [agent] = await agents(1);
    await agent!.set({ status: 'deleted' });
    const answer = await rig.request('GET', `/api/client/agents/${agent!.handle}`, { token: agent!.tenant.token });
    expect(answer).toMatchObject({ status: 200, body: { status: 'deleted', pendingCommands: [] } });
  });
});

describe('the list of instances (C9)', () => {
  async function history() {
    const old = await rig.primary({ type: 'c9.large' });
    rig.pass(10);
    const now = old.successor({ mode: 'spot', az: 'us-east-1b' });
    await old.switchReport(now);
    await now.register();
    await now.report(0.1, { 'us-east-1b': 0.04 });
    return { old, now, tenant: old.tenant };
  }
  const ids = async (tenant: Tenant, query: string) =>
    (await get(tenant, `/instances${query}`)).body.map((item: { id: string }) => item.id);

  it('is newest first, and can be filtered by status, mode, and part of the id or type', async () => {
    const { old, now, tenant } = await history();
    expect(await ids(tenant, '')).toEqual([now.id, old.id]);
    expect(await ids(tenant, '?status=active')).toEqual([now.id]);
    expect(await ids(tenant, '?status=terminated')).toEqual([old.id]);
    expect(await ids(tenant, '?mode=spot')).toEqual([now.id]);
    expect(await ids(tenant, '?mode=ondemand&status=terminated')).toEqual([old.id]);
    expect(await ids(tenant, `?search=${old.id.slice(5, 14)}`)).toEqual([old.id]);
    expect(await ids(tenant, '?search=c9.lar&limit=1')).toEqual([now.id]);
    for (const wild of ['%25', '_', '%5C']) expect(await ids(tenant, `?search=${wild}`)).toEqual([]);
  });

  it('has prices that are numbers, and no saving for an on-demand instance', async () => {
    const { now, old, tenant } = await history();
    const { body } = await get(tenant, '/instances');
    expect(body).toMatchObject([
      { id: now.id, mode: 'spot', poolId: 'c9.large.us-east-1b', spotPrice: 0.04, onDemandPrice: 0.1, isPrimary: true },
      { id: old.id, mode: 'ondemand', poolId: 'n/a', instanceStatus: 'zombie', isPrimary: false },
    ]);
    expect(body[1].spotPrice).toBe(body[1].onDemandPrice);
    const fresh = await rig.primary({ mode: 'spot' });
    expect((await get(fresh.tenant, '/instances')).body).toMatchObject([{ spotPrice: 0, onDemandPrice: 0 }]);
  });

  it('is paged, also when filtered by status', async () => {
    const { tenant, now } = await history();
    let last = now;
    for (let i = 0; i < 3; i += 1) {
      rig.pass(60);
      const next = last.successor();
      await next.register();
      await last.switchReport(next);
      last = next;
    }
    for (const status of ['all', 'terminated']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      do {
        const { body, headers } = await get(tenant, `/instances?status=${status}&limit=2&cursor=${cursor}`);
        seen.push(...body.map((item: { id: string }) => item.id));
        cursor = headers.get('x-next-cursor');
      } while (cursor !== null);
      expect(seen).toEqual(await ids(tenant, `?status=${status}`));
      expect(seen).toHaveLength(status === 'all' ? 5 : 4);
    }
  });
});

describe('the list of active standbys (C10)', () => {
  it('has each with its primary, and an empty string for an instance that is not launched yet', async () => {
    const agent = await rig.primary({ type: 'c10.large', mode: 'spot' });
    await agent.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
    await agent.request('POST', '/manual-replica/enable');
    await agent.addReplica({ replicaType: 'automatic-rebalance', status: 'failed' });
    const { body, calls } = await get(agent.tenant, '/replicas');
    expect(calls).toBe(1);
    expect(body).toMatchObject([
      {
        agentId: agent.agentId,
        primary: { instanceId: agent.id, instanceType: 'c10.large', mode: 'spot' },
        replica: {
          instanceId: '',
          status: 'launching',
          state_transfer_progress: 0,
          pool: { id: 'c10.large.us-east-1b', az: 'us-east-1b' },
          cost: { hourly: 0.03, total: 0 },
          created_at: expect.stringMatching(/Z$/),
        },
      },
    ]);
  });
});

describe('access to a tenant', () => {
  const paths = ['', '/agents', '/agents/history', '/instances', '/replicas'];

  it.each(paths)('the admin sees any tenant’s %s, and a 404 for an unknown tenant', async (path) => {
    const [agent] = await agents(1);
    const admin = rig.controlPlane.adminToken;
    const theirs = await get(agent!.tenant, path, admin);
    expect(theirs.status).toBe(200);
    expect(theirs.calls).toBeLessThanOrEqual(2);
    expect(theirs.body).toEqual((await get(agent!.tenant, path)).body);
    const nobody = await rig.request('GET', `/api/client/${randomUUID()}${path}`, { token: admin });
    expect(nobody).toMatchObject({ status: 404, body: { error: 'Client not found', code: 'client_not_found' } });
  });

  it.each(paths)('defect: nothing checked whose %s was requested; another tenant’s is a 404', async (path) => {
    const [agent] = await agents(1);
    const stranger = await rig.tenant();
    expect(await get(agent!.tenant, path, stranger.token)).toMatchObject({ status: 404 });
  });
});
