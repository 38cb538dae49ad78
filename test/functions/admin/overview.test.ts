import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const get = async (path: string) => {
  const answer = await rig.asAdmin('GET', `/api/admin${path}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.calls).toBeLessThanOrEqual(3);
  return answer;
};
const save = ({ id }: Tenant, totalSavings: number) =>
  rig.db.updateTable('clients').set({ totalSavings }).where('id', '=', id).execute();
/** A tenant with this many agents, each with a primary and a zombie. */
async function tenantWith(agents: number): Promise<Tenant> {
  const tenant = await rig.tenant();
  for (let i = 0; i < agents; i += 1) {
    const old = await rig.primary({ mode: 'spot' }, tenant);
    await old.switchReport(old.successor({ mode: 'spot', az: 'us-east-1b' }));
  }
  return tenant;
}

describe('an empty control plane', () => {
  it.each([
    ['/clients', []],
    ['/clients/growth', []],
    ['/activity', []],
    ['/instances', { instances: [], total: 0, nextCursor: null }],
    ['/agents', { agents: [], total: 0, nextCursor: null }],
    ['/pools/statistics', { total_pools: 0, active_pools: 0, regions: [], instance_types: [] }],
    ['/agents/health-summary', { total: 0, online: 0, offline: 0, deleted: 0, by_client: [], recent_offline: [] }],
    ['/search?q=xx', { total_results: 0, clients: [], instances: [], agents: [] }],
    ['/audit', []],
  ])('returns empty lists and zeros at %s', async (path, expected) => {
    const { body } = await get(path);
    if (Array.isArray(expected)) expect(body).toEqual(expected);
    else expect(body).toMatchObject(expected);
  });

  it('returns a number for every figure in the stats (D6)', async () => {
    expect((await get('/stats')).body).toEqual({
      totalAccounts: 0,
      agentsOnline: 0,
      agentsTotal: 0,
      poolsCovered: 0,
      totalSavings: 0,
      totalSwitches: 0,
      manualSwitches: 0,
      modelSwitches: 0,
      backendHealth: 'Healthy',
      decisionEngineLoaded: true,
      mlModelsLoaded: false,
    });
  });
});

describe('the list of tenants (D5)', () => {
  it('counts agents and instances separately, because a join would multiply them', async () => {
    const tenant = await tenantWith(3);
    await save(tenant, 12.5);
    const [listed] = (await get('/clients?limit=1')).body;
    expect(listed).toEqual({
      id: tenant.id,
      name: tenant.name,
      status: 'active',
      agentsOnline: 3,
      agentsTotal: 3,
      instances: 3,
      totalSavings: 12.5,
      lastSync: rig.clock.now().toISOString(),
    });
  });

  it('is paged newest first, with each tenant exactly once', async () => {
    for (let i = 0; i < 5; i += 1) {
      if (i % 2) rig.pass(1);
      await rig.tenant();
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await get(`/clients?limit=2&cursor=${cursor}`);
      seen.push(...page.body.map(({ id }: { id: string }) => id));
      cursor = page.headers.get('x-next-cursor');
    }
    const all = await rig.db
      .selectFrom('clients')
      .select('id')
      .orderBy('createdAt', 'desc')
      .orderBy('id', 'desc')
      .execute();
    expect(seen).toEqual(all.map(({ id }) => id));
  });
});

describe('the stats (D6)', () => {
  it('count a tenant’s savings once, however many agents it has (defect 21)', async () => {
    const before = (await get('/stats')).body;
    const tenant = await tenantWith(3);
    await save(tenant, 100.25);
    const { totalSavings, totalAccounts, agentsTotal, agentsOnline } = (await get('/stats')).body;
    expect(totalSavings - before.totalSavings).toBeCloseTo(100.25, 6);
    expect([totalAccounts, agentsTotal, agentsOnline]).toEqual(
      [1, 3, 3].map((n, i) => n + [before.totalAccounts, before.agentsTotal, before.agentsOnline][i]),
    );
  });

  it('count each switch once by its trigger, adding the daily snapshots and the switches since then', async () => {
    const before = (await get('/stats')).body;
    const record = async (trigger: string) => {
      const old = await rig.primary();
      await old.switchReport(old.successor());
      await rig.db.updateTable('switches').set({ eventTrigger: trigger }).where('agentId', '=', old.agentId).execute();
    };
    for (const trigger of ['manual', 'model', 'model', 'emergency']) await record(trigger);
    const expected = {
      totalSwitches: before.totalSwitches + 4,
      modelSwitches: before.modelSwitches + 2,
      manualSwitches: before.manualSwitches + 1,
    };
    expect((await get('/stats')).body).toMatchObject(expected);
    rig.pass(86_400);
    await rig.runJob('snapshot-clients');
    await rig.runJob('snapshot-clients');
    expect((await get('/stats')).body).toMatchObject(expected);
    await record('manual');
    rig.pass(2 * 86_400); // a day is missed
    await rig.runJob('snapshot-clients');
    expect((await get('/stats')).body).toMatchObject({
      totalSwitches: expected.totalSwitches + 1,
      manualSwitches: expected.manualSwitches + 1,
    });
  });
});

describe('growth (D7)', () => {
  it('has each day’s final count in the field that the chart reads (defect 17), and invents nothing', async () => {
    rig.pass(86_400 - ((rig.clock.now().getTime() / 1000) % 86_400) + 300); // 00:05
    const { totalAccounts } = (await get('/stats')).body;
    await rig.runJob('snapshot-clients');
    const kept = (await get('/clients/growth')).body;
    rig.pass(3600);
    const [first, second] = [await rig.tenant(), await rig.tenant()];
    await rig.db.updateTable('clients').set({ isActive: false }).where('id', '=', first.id).execute();
    await rig.asAdmin('DELETE', `/api/admin/clients/${second.id}`);
    rig.pass(86_400 - 3600);
    await rig.tenant(); // of the new day
    await rig.runJob('snapshot-clients');
    await rig.runJob('snapshot-clients');
    const date = new Date(rig.clock.now().getTime() - 86_400_000).toISOString().slice(0, 10);
    const { body } = await get('/clients/growth');
    expect(body.slice(0, kept.length)).toEqual(kept);
    expect(body.slice(kept.length)).toEqual([
      { date, count: totalAccounts + 1, total: totalAccounts + 1, new: 1, active: expect.any(Number) },
    ]);
    expect(body.at(-1).active).toBe(kept.at(-1).active);
    expect((await get('/clients/growth?days=1')).body.map((day: { date: string }) => day.date)).toEqual([date]);
  });

  it.each(['0', '366', 'x'])('refuses days=%s', async (days) => {
    expect((await rig.asAdmin('GET', `/api/admin/clients/growth?days=${days}`)).status).toBe(400);
  });
});

describe('activity (D8)', () => {
  it('covers all tenants, newest first; each entry has its own id, a type and a time in UTC (defect 22)', async () => {
    rig.pass(1);
    const old = await rig.primary();
    rig.pass(1);
    await old.switchReport(old.successor());
    const { body } = await get('/activity?limit=10');
    expect(body[0].time).toBe(rig.clock.now().toISOString());
    const types = body.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(['switch', 'agent', 'event']));
    expect(new Set(body.map(({ id }: { id: string }) => id)).size).toBe(body.length);
    expect(body.map(({ time }: { time: string }) => time)).toEqual(
      body.map(({ time }: { time: string }) => time).toSorted((a: string, b: string) => b.localeCompare(a)),
    );
  });
});

describe('the instances of all tenants (D9)', () => {
  const ids = async (query: string) =>
    (await get(`/instances${query}`)).body.instances.map(({ id }: { id: string }) => id);

  it('are shown with their tenant and agent, newest first', async () => {
    rig.pass(1);
    const instance = await rig.primary({ mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.03 });
    const { body } = await get('/instances?limit=1');
    expect(body).toMatchObject({ total: 1, filters: { status: 'all', mode: 'all', region: '', search: '' } });
    expect(body.instances[0]).toMatchObject({
      id: instance.id,
      clientName: instance.tenant.name,
      logicalAgentId: instance.facts.logicalId,
      agentStatus: 'online',
      currentMode: 'spot',
      ondemandPrice: 0.1,
      isActive: true,
      isPrimary: true,
      createdAt: rig.clock.now().toISOString(),
    });
  });

  it('can be filtered by status, mode, region, and part of the id, the type or the tenant’s name', async () => {
    const tenant = await tenantWith(1);
    const rows = await rig.db
      .selectFrom('instances')
      .select(['id', 'isPrimary'])
      .where('clientId', '=', tenant.id)
      .execute();
    const live = rows.find(({ isPrimary }) => isPrimary)!.id;
    const zombie = rows.find(({ isPrimary }) => !isPrimary)!.id;
    const odd = await rig.primary({ region: 'eu-west-1', az: 'eu-west-1a', type: 'z1d.metal', mode: 'ondemand' });
    expect(await ids('?status=active')).toContain(live);
    expect(await ids('?status=active')).not.toContain(zombie);
    expect(await ids('?status=terminated')).toContain(zombie);
    expect(await ids('?region=eu-west-1')).toEqual([odd.id]);
    expect(await ids('?mode=ondemand&search=z1d')).toEqual([odd.id]);
    expect(await ids('?mode=spot&search=z1d')).toEqual([]);
    expect(await ids(`?search=${live.slice(4, 16)}`)).toEqual([live]);
    expect((await ids(`?search=${encodeURIComponent(tenant.name.slice(8, 30))}`)).toSorted()).toEqual(
      [live, zombie].toSorted(),
    );
    expect(await ids('?search=%25')).toEqual([]);
  });

  it('are paged, each exactly once', async () => {
    const all = await ids('?status=active');
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await get(`/instances?status=active&limit=3&cursor=${cursor}`);
      seen.push(...body.instances.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(all.length).toBeGreaterThan(6);
    expect(seen).toEqual(all);
  });
});

describe('the agents of all tenants (D10)', () => {
  it('are ordered by latest heartbeat first, without deleted ones unless requested', async () => {
    rig.pass(1);
    const [silent, deleted, latest] = [await rig.primary(), await rig.primary(), await rig.primary()];
    await rig.asAdmin('DELETE', `/api/client/agents/${deleted.handle}`);
    rig.pass(1);
    await latest.heartbeat();
    await silent.heartbeat('offline');
    rig.pass(1);
    await latest.heartbeat();
    const { body } = await get('/agents?limit=200');
    const listed = body.agents.map(({ id }: { id: string }) => id);
    expect(listed[0]).toBe(latest.agentId);
    expect(listed).toContain(silent.agentId);
    expect(listed).not.toContain(deleted.agentId);
    expect(body.agents[0]).toMatchObject({
      clientName: latest.tenant.name,
      hostname: expect.any(String),
      instanceId: latest.id,
      version: expect.any(String),
      enabled: true,
      lastHeartbeatAt: rig.clock.now().toISOString(),
    });
    const ofStatus = async (status: string) =>
      (await get(`/agents?status=${status}`)).body.agents.map(({ id }: { id: string }) => id);
    expect(await ofStatus('deleted')).toContain(deleted.agentId);
    expect(await ofStatus('offline')).toEqual([silent.agentId]);
  });
});

describe('the health of the system (D11, X26, X0)', () => {
  it('shows how the last run of each job went', async () => {
    await rig.runJob('expire-agents');
    const { jobs } = (await get('/jobs')).body;
    expect(jobs.find(({ job }: { job: string }) => job === 'expire-agents')).toMatchObject({
      status: 'succeeded',
      schedule: 'rate(1 minute)',
      finished_at: rig.clock.now().toISOString(),
      error: null,
    });
    expect(jobs.find(({ job }: { job: string }) => job === 'cap-launches').status).toBe('never run');
    await rig.db.updateTable('jobRuns').set({ error: 'Error: no' }).where('job', '=', 'expire-agents').execute();
    const { body } = await get('/system-health');
    expect(body).toMatchObject({
      database: 'Connected',
      decisionEngineStatus: { loaded: true, type: 'rules', riskModel: null, calibration: null },
      modelStatus: { loaded: false, filesUploaded: 0, activeModels: [] },
      backgroundJobs: { failing: ['expire-agents'] },
    });
  });

  it('is public at /health, in the shape that consoles expect', async () => {
    const { status, body } = await rig.request('GET', '/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      version: expect.any(String),
      database: 'connected',
      decision_engine_loaded: true,
      components: { endpoints_total: 63, endpoints_active: expect.any(Number), background_jobs: expect.any(String) },
    });
  });
});

describe('summaries (X11, X12)', () => {
  it('count pools and agents, under both paths', async () => {
    const tenant = await tenantWith(2);
    for (const path of ['/pools/statistics', '/pool-statistics'])
      expect((await get(path)).body).toMatchObject({ regions: expect.arrayContaining(['us-east-1']) });
    for (const path of ['/agents/health-summary', '/agent-health']) {
      const { body } = await get(path);
      expect(body.total).toBe((await get('/stats')).body.agentsTotal);
      expect(body.by_client.find((one: { client_id: string }) => one.client_id === tenant.id)).toMatchObject({
        total: 2,
        online: 2,
        offline: 0,
      });
      expect(body.recent_offline.length).toBe(body.offline);
    }
  });
});

describe('the search (X10)', () => {
  it('finds tenants by part of the name, and instances and agents by the start of the id', async () => {
    const word = randomUUID().slice(0, 8);
    const tenant = await rig.tenant({ name: `The ${word} company` });
    const instance = await rig.primary({ logicalId: `${word}-web` }, tenant);
    for (const path of ['/api/admin/search', '/api/search']) {
      const find = async (query: string) => (await rig.asAdmin('GET', `${path}?q=${query}`)).body;
      expect(await find(word)).toMatchObject({
        query: word,
        total_results: 2,
        clients: [{ id: tenant.id, name: tenant.name, status: 'active', client: tenant.name }],
        agents: [{ id: instance.agentId, name: `${word}-web`, status: 'online', client: tenant.name }],
        results: { instances: [] },
      });
      expect((await find(instance.id.toUpperCase())).instances).toMatchObject([{ id: instance.id }]);
      expect((await find(`${word}&types=clients`)).agents).toEqual([]);
    }
  });

  it.each(['q=x', 'q=', '', 'q=xx&types=secrets', `q=${'x'.repeat(65)}`])('refuses ?%s', async (query) => {
    expect((await rig.asAdmin('GET', `/api/admin/search?${query}`)).status).toBe(400);
  });

  it.each(['%25%25', '__', "'%20OR%20'1'='1"])('treats %s literally', async (q) => {
    expect((await get(`/search?q=${q}`)).body.total_results).toBe(0);
  });
});

describe('the export (X7)', () => {
  it('is a CSV file of active tenants, largest savings first, with formulas in names escaped', async () => {
    const tenant = await rig.tenant({ name: `=HYPERLINK("x", ${randomUUID()})` });
    await save(tenant, 1_000_000);
    const { body, headers } = await get('/export/global-stats');
    expect(headers.get('content-type')).toContain('text/csv');
    expect(headers.get('content-disposition')).toContain('global_stats.csv');
    const [names, first] = body.split('\r\n');
    expect(names).toBe('Client ID,Name,Email,Total Savings ($),Active Instances,Active Agents,Created At');
    expect(first).toMatch(`${tenant.id},"'${tenant.name.replaceAll('"', '""')}",`);
    expect(first).toContain(',1000000.00,0,0,');
  });

  it('continues after its cursor, with each tenant exactly once', async () => {
    const rows = (text: string) =>
      text
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',')[0]);
    const all = rows((await get('/export/global-stats')).body);
    const seen: (string | undefined)[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await get(`/export/global-stats?limit=4&cursor=${cursor}`);
      seen.push(...rows(page.body));
      cursor = page.headers.get('x-next-cursor');
    }
    expect(seen).toEqual(all);
  });
});

describe('a link to the export (X35, X36)', () => {
  const operator = async (role: string): Promise<{ id: string; token: string }> =>
    (await rig.asAdmin('POST', '/api/admin/operators', { name: randomUUID(), role })).body;
  const link = (token: string, body: unknown = { export: 'global-stats' }) =>
    rig.request('POST', '/api/admin/export-links', { token, body });
  const open = (url: string) => rig.request('GET', url);
  const invalid = { status: 403, body: { code: 'link_invalid' } };

  it('opens the file without an Authorization header for five minutes, even if a viewer made it', async () => {
    const viewer = await operator('viewer');
    const made = await link(viewer.token);
    expect(made).toMatchObject({
      status: 200,
      body: { success: true, url: expect.stringMatching(/^\/api\/admin\/exports\//) },
    });
    const file = await open(made.body.url);
    expect(file).toMatchObject({ status: 200, body: (await get('/export/global-stats')).body });
    expect(file.calls).toBeLessThanOrEqual(4);
    expect(file.headers.get('content-disposition')).toContain('global_stats.csv');
    rig.pass(300);
    expect(await open(made.body.url)).toMatchObject(invalid);
  });

  it('continues where a previous file ended', async () => {
    await Promise.all([rig.tenant(), rig.tenant()]);
    const { headers, body } = await get('/export/global-stats?limit=1');
    const cursor = headers.get('x-next-cursor');
    const { url } = (await link(rig.controlPlane.adminToken, { export: 'global-stats', cursor })).body;
    const rest = (await open(url)).body as string;
    expect(rest).not.toContain(body.split('\r\n')[1].split(',')[0]);
    const wrong = await link(rig.controlPlane.adminToken, { export: 'global-stats', cursor: 'x' });
    expect(wrong).toMatchObject({ status: 400, body: { details: { cursor: [expect.any(String)] } } });
  });

  it('stops working once its operator is revoked, as do that operator’s links to tenants’ files', async () => {
    const [leaver, tenant] = [await operator('admin'), await rig.tenant()];
    const theirs = `/api/client/${tenant.id}/export-links`;
    const urls = [
      (await link(leaver.token)).body.url,
      (await rig.request('POST', theirs, { token: leaver.token, body: { export: 'savings' } })).body.url,
    ];
    for (const url of urls) expect((await open(url)).status).toBe(200);
    await rig.asAdmin('DELETE', `/api/admin/operators/${leaver.id}`);
    for (const url of urls) expect(await open(url)).toMatchObject(invalid);
  });

  it('is invalid when altered or signed for a tenant, and opens no tenant’s file', async () => {
    const tenant = await rig.tenant();
    const body = { export: 'savings' };
    const path = `/api/client/${tenant.id}/export-links`;
    const theirs = (await rig.request('POST', path, { token: tenant.token, body })).body.url.split('/').at(-1);
    const ours = (await link(rig.controlPlane.adminToken)).body.url.split('/').at(-1);
    expect(await open(`/api/admin/exports/${theirs}`)).toMatchObject(invalid);
    expect(await open(`/api/exports/${ours}`)).toMatchObject(invalid);
    const [payload, mac] = ours.split('.');
    const content = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = (over: object) => Buffer.from(JSON.stringify({ ...content, ...over })).toString('base64url');
    const tokenId = JSON.parse(Buffer.from(theirs.split('.')[0], 'base64url').toString()).tokenId;
    for (const changed of [
      `${forged({ tokenId })}.${theirs.split('.')[1]}`,
      `${forged({ expiresAt: content.expiresAt + 1 })}.${mac}`,
      `${forged({ target: { file: 'savings', clientId: tenant.id } })}.${mac}`,
      `${payload}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'B' : 'A'}`,
      payload,
      'x.y',
    ]) {
      expect(await open(`/api/admin/exports/${changed}`), changed).toMatchObject(invalid);
      expect(await open(`/api/exports/${changed}`), changed).toMatchObject(invalid);
    }
  });

  it('cannot be made by tenants', async () => {
    expect((await link((await rig.tenant()).token)).status).toBe(403);
  });
});
