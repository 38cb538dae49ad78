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

/** Stores savings of a tenant for this many months, ending with the present one. */
const months = (tenant: Tenant, count: number) =>
  rig.db
    .insertInto('clientSavingsMonthly')
    .values(
      Array.from({ length: count }, (_, i) => {
        const at = new Date(Date.UTC(2026, 2 - i, 1));
        return {
          clientId: tenant.id,
          savingsYear: at.getUTCFullYear(),
          savingsMonth: at.getUTCMonth() + 1,
          baselineCost: 100 + i,
          actualCost: 40,
          savings: 60 + i,
          switchCount: 1,
          instanceCount: 1,
        };
      }),
    )
    .execute();

/** The primary of an agent that has switched this often, first from on-demand to Spot, then from pool to pool. */
async function moved(switches: number): Promise<TestInstance> {
  let instance = await rig.primary({ type: `h${randomUUID().slice(0, 6)}.large` });
  for (let i = 0; i < switches; i += 1) {
    rig.pass(3600);
    const next = instance.successor({ mode: 'spot', az: i % 2 === 0 ? 'us-east-1a' : 'us-east-1b' });
    await instance.switchReport(next, { prices: { on_demand: 0.1, old_spot: 0.05, new_spot: 0.04 } });
    await next.register();
    instance = next;
  }
  return instance;
}

describe('the decisions for agents (C4)', () => {
  const decisions = async (tenant: Tenant) => await get(tenant, '/agents/decisions');

  it('defect 17, 19: were a 500, took four queries an agent and had an unused shape; take two in all', async () => {
    const instance = await rig.primary({ type: 'c4.large', mode: 'spot' });
    for (let i = 0; i < 3; i += 1) await rig.primary({ type: 'c4.large' }, instance.tenant);
    await instance.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.01 });
    await rig.runJob('decide');
    rig.pass(12 * 60);
    await instance.heartbeat();
    const answer = await decisions(instance.tenant);
    expect(answer).toMatchObject({ status: 200, calls: 2 });
    const item = answer.body.find(({ agentId }: { agentId: string }) => agentId === instance.agentId);
    expect(item).toMatchObject({
      agentName: instance.facts.logicalId,
      status: 'online',
      lastDecision: { elapsed: { value: 12, unit: 'min', formatted: '12 min', minutes: 12 } },
      pricingHealth: {
        status: 'unhealthy',
        recentReportsCount: 0,
        recentReports: [{ onDemandPrice: 0.1, spotPrice: 0.09 }],
      },
      currentMode: 'spot',
      isHealthy: true,
      decisionHistory: [{ allowed: true }],
      recentActivity: { pricingReports: 0, systemEvents: [{ type: 'agent_registered' }] },
    });
    expect(['switch_spot', 'switch_ondemand']).toContain(item.lastDecision.type);
    await instance.report(0.1, { 'us-east-1a': 0.05 });
    const [healthy] = (await decisions(instance.tenant)).body;
    expect(healthy.pricingHealth).toMatchObject({ status: 'healthy', recentReportsCount: 1 });
  });

  it('are null where there are none; an on-demand instance has the on-demand price as its spot price', async () => {
    const instance = await rig.primary();
    await instance.report(0.1, {});
    expect((await decisions(instance.tenant)).body).toMatchObject([
      {
        lastDecision: { type: null, elapsed: null, time: null },
        pricingHealth: { recentReports: [{ onDemandPrice: 0.1, spotPrice: 0.1 }] },
        decisionHistory: [],
      },
    ]);
  });

  it('come with at most five events of each of a hundred agents, in two Data API calls', async () => {
    const instance = await rig.primary();
    const row = await instance.agentRow();
    const { undecidedSince: _u, listedOf: _l, ...columns } = row;
    const ids = Array.from({ length: 99 }, () => randomUUID());
    await rig.db
      .insertInto('agents')
      .values(ids.map((id, i) => ({ ...columns, id, logicalAgentId: `many-${i}` })))
      .execute();
    const events = [...ids, instance.agentId].flatMap((agentId) =>
      Array.from({ length: 7 }, (_, i) => ({
        id: randomUUID(),
        clientId: instance.tenant.id,
        agentId,
        eventType: `event_${i}`,
        severity: 'info' as const,
        message: '💣'.repeat(1000),
        createdAt: new Date(rig.clock.now().getTime() + i * 1000),
      })),
    );
    await rig.db.insertInto('systemEvents').values(events).execute();
    const answer = await decisions(instance.tenant);
    expect(answer).toMatchObject({ status: 200, calls: 2 });
    expect(answer.body).toHaveLength(100);
    for (const { recentActivity } of answer.body)
      expect(recentActivity.systemEvents.map(({ type }: { type: string }) => type)).toEqual(
        [6, 5, 4, 3, 2].map((i) => `event_${i}`),
      );
  });
});

describe('savings (C18, C20, C22)', () => {
  it('cover at most twelve months, oldest first', async () => {
    const tenant = await rig.tenant();
    await months(tenant, 14);
    const { body, calls } = await get(tenant, '/savings?range=monthly');
    expect(calls).toBe(1);
    expect(body).toHaveLength(12);
    expect(body[0]).toMatchObject({ name: 'April', year: 2025 });
    expect(body.at(-1)).toEqual({
      name: 'March',
      year: 2026,
      month: 3,
      savings: 60,
      onDemandCost: 100,
      modelCost: 40,
    });
    expect((await get(tenant, '/savings?range=weekly')).body).toEqual([]);
    expect((await get(await rig.tenant(), '/savings')).body).toEqual([]);
  });

  it('are charted with instances by mode, and with each of 30 days, even those without a switch', async () => {
    const instance = await moved(2);
    await months(instance.tenant, 2);
    const { body, calls } = await get(instance.tenant, '/stats/charts');
    expect(calls).toBe(2);
    expect(body.savingsTrend).toMatchObject([{ month: 'February' }, { month: 'March', baseline: 100, actual: 40 }]);
    expect(body.modeDistribution).toEqual([{ mode: 'spot', count: 1 }]);
    expect(body.switchFrequency).toHaveLength(30);
    const dates = body.switchFrequency.map(({ date }: { date: string }) => date);
    expect(dates.at(-1)).toBe(rig.clock.now().toISOString().slice(0, 10));
    expect(new Set(dates).size).toBe(30);
    const counts = body.switchFrequency.map(({ switches }: { switches: number }) => switches);
    expect(counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(2);
    const empty = (await get(await rig.tenant(), '/stats/charts')).body;
    expect(empty).toMatchObject({ savingsTrend: [], modeDistribution: [] });
    expect(empty.switchFrequency.every(({ switches }: { switches: number }) => switches === 0)).toBe(true);
  });

  it('defect 17: the export was a 500; it is a CSV file', async () => {
    const tenant = await rig.tenant();
    await months(tenant, 2);
    const { status, headers, body } = await get(tenant, '/export/savings');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="client_${tenant.id}_savings.csv"`);
    expect(body).toBe(
      'Year,Month,Month Name,On-Demand Cost ($),Actual Cost ($),Savings ($)\r\n' +
        '2026,3,March,100.00,40.00,60.00\r\n2026,2,February,101.00,40.00,61.00\r\n',
    );
  });
});

describe('the switches of a tenant (C19, C23)', () => {
  it('defect 17: a switch had no instanceId, so consoles showed a blank; it is the new instance', async () => {
    const instance = await moved(2);
    const { body, calls } = await get(instance.tenant, '/switch-history');
    expect(calls).toBe(1);
    expect(body).toMatchObject([
      { instanceId: instance.id, newInstanceId: instance.id, fromMode: 'spot', toMode: 'spot', price: 0.04 },
      { fromMode: 'ondemand', toMode: 'spot', fromPool: 'n/a', price: 0.04, savingsImpact: 0.06, trigger: 'model' },
    ]);
    for (const { timestamp } of body) expect(timestamp).toMatch(/Z$/);
  });

  it('have zeros where no prices were reported', async () => {
    const instance = await rig.primary();
    await instance.switchReport(instance.successor(), { prices: null });
    expect((await get(instance.tenant, '/switch-history')).body).toMatchObject([{ price: 0, savingsImpact: 0 }]);
  });

  it('can be filtered by an instance that is the old or the new one, and are paged', async () => {
    const instance = await moved(4);
    const all = (await get(instance.tenant, '/switch-history')).body;
    const middle = all[1].newInstanceId;
    const ofMiddle = (await get(instance.tenant, `/switch-history?instance_id=${middle}`)).body;
    expect(ofMiddle.map(({ id }: { id: string }) => id)).toEqual([all[0].id, all[1].id]);
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const page = await get(instance.tenant, `/switch-history?limit=3&cursor=${cursor}`);
      seen.push(...page.body.map(({ id }: { id: string }) => id));
      cursor = page.headers.get('x-next-cursor');
    } while (cursor !== null);
    expect(seen).toEqual(all.map(({ id }: { id: string }) => id));
  });

  it('can be exported to a CSV file in which formulas are escaped', async () => {
    const instance = await rig.primary();
    await instance.switchReport(instance.successor({ instanceId: '=cmd|x', mode: 'spot' }), { prices: null });
    const { body, headers } = await get(instance.tenant, '/export/switch-history');
    const [header, row] = body.split('\r\n');
    expect(header).toBe(
      'Timestamp,Old Instance ID,New Instance ID,From Mode,To Mode,From Pool,To Pool,Trigger,Price ($),Savings Impact ($/hr)',
    );
    expect(row).toMatch(/Z,i-\w+,'=cmd\|x,ondemand,spot,N\/A,m5\.large\.us-east-1a,model,N\/A,N\/A$/);
    expect(headers.get('content-disposition')).toContain(`client_${instance.tenant.id}_switch_history.csv`);
    expect(headers.get('x-next-cursor')).toBeNull();
  });

  it('are split into several files if they are many, with each row in exactly one', async () => {
    const instance = await moved(1);
    const [row] = await instance.switches();
    const many = (from: number) =>
      Array.from({ length: 500 }, (_, i) => ({
        ...row!,
        id: randomUUID(),
        oldInstanceId: `i-old-${from + i}`,
        initiatedAt: new Date(row!.initiatedAt.getTime() - Math.floor((from + i) / 3) * 1000),
      }));
    for (let from = 0; from < 4500; from += 500) await rig.db.insertInto('switches').values(many(from)).execute();
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const { body, headers, calls } = await get(instance.tenant, `/export/switch-history?cursor=${cursor}`);
      expect(calls).toBeLessThanOrEqual(3);
      const rows = body.split('\r\n').slice(1, -1);
      expect(rows.length).toBeLessThanOrEqual(4000);
      seen.push(...rows);
      cursor = headers.get('x-next-cursor');
    } while (cursor !== null);
    expect(seen).toHaveLength(4501);
    expect(new Set(seen).size).toBe(4501);
  });
});

describe('a link to a file (X27, X28)', () => {
  const link = (tenant: Tenant, body: unknown = { export: 'savings' }, token = tenant.token) =>
    rig.request('POST', `/api/client/${tenant.id}/export-links`, { token, body });
  const open = (url: string) => rig.request('GET', url);

  it('opens the file without an Authorization header for five minutes', async () => {
    const tenant = await rig.tenant();
    await months(tenant, 1);
    const made = await link(tenant);
    expect(made).toMatchObject({
      status: 200,
      body: { success: true, url: expect.stringMatching(/^\/api\/exports\//) },
    });
    const file = await open(made.body.url);
    expect(file).toMatchObject({ status: 200, body: (await get(tenant, '/export/savings')).body });
    expect(file.headers.get('content-disposition')).toContain('attachment');
    rig.pass(299);
    expect((await open(made.body.url)).status).toBe(200);
    rig.pass(1);
    expect(await open(made.body.url)).toMatchObject({ status: 403, body: { code: 'link_invalid' } });
  });

  it('refuses a cursor that is not of this file, and without one opens the file from its start', async () => {
    const instance = await moved(2);
    const other = await link(instance.tenant, { export: 'switch-history', cursor: 'x' });
    expect(other).toMatchObject({ status: 400, body: { details: { cursor: [expect.any(String)] } } });
    const { url } = (await link(instance.tenant, { export: 'switch-history' })).body;
    expect((await open(url)).body.split('\r\n')).toHaveLength(4);
  });

  it('is a 403 when any part of it is altered', async () => {
    const [tenant, other] = [await rig.tenant(), await rig.tenant()];
    const { url } = (await link(tenant)).body;
    const theirs = (await link(other)).body.url;
    const [payload, mac] = url.split('/').at(-1).split('.');
    const content = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = (over: object) => Buffer.from(JSON.stringify({ ...content, ...over })).toString('base64url');
    const bad = [
      `${forged({ target: { ...content.target, clientId: other.id } })}.${mac}`,
      `${forged({ expiresAt: content.expiresAt + 1 })}.${mac}`,
      `${forged({ target: { ...content.target, file: 'switch-history' } })}.${mac}`,
      `${forged({ tokenId: 'admin' })}.${mac}`,
      `${payload}.${theirs.split('.').at(-1)}`,
      `${payload}.`,
      `${payload}.${mac}=`,
      `${payload}.${mac}.`,
      `${payload}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'B' : 'A'}`,
      payload,
      'x..y',
      'x.y',
    ];
    for (const changed of bad)
      expect(await open(`/api/exports/${changed}`), changed).toMatchObject({
        status: 403,
        body: { code: 'link_invalid' },
      });
    expect((await open(url)).status).toBe(200);
  });

  it('can be made for the caller’s own files only, and stops working once the tenant is inactive', async () => {
    const [tenant, stranger] = [await rig.tenant(), await rig.tenant()];
    expect((await link(tenant, undefined, stranger.token)).status).toBe(404);
    const { url } = (await link(tenant, undefined, rig.controlPlane.adminToken)).body;
    expect((await open(url)).status).toBe(200);
    await rig.db.updateTable('clients').set({ isActive: false }).where('id', '=', tenant.id).execute();
    expect((await open(url)).status).toBe(403);
  });

  it('stops working with the token that made it, while links of other tokens go on', async () => {
    const tenant = await rig.tenant();
    const tokens = `/api/client/${tenant.id}/tokens`;
    const expires_at = new Date(rig.clock.now().getTime() + 60_000).toISOString();
    const [revoked, expired] = [
      (await rig.asAdmin('POST', tokens, { name: 'a', scope: 'read' })).body,
      (await rig.asAdmin('POST', tokens, { name: 'b', scope: 'read', expires_at })).body,
    ];
    const urlOf = async (token?: string) => (await link(tenant, undefined, token)).body.url;
    const urls = [await urlOf(revoked.token), await urlOf(expired.token), await urlOf()];
    const statuses = async () => Promise.all(urls.map(async (url) => (await open(url)).status));
    expect(await statuses()).toEqual([200, 200, 200]);
    await rig.asAdmin('DELETE', `${tokens}/${revoked.id}`);
    rig.pass(60);
    expect(await statuses()).toEqual([403, 403, 200]);
  });
});

it.each([
  '/agents/decisions',
  '/savings',
  '/switch-history',
  '/stats/charts',
  '/export/savings',
  '/export/switch-history',
])('the admin sees any tenant’s %s in three Data API calls; another tenant gets a 404', async (path) => {
  const tenant = await rig.tenant();
  const answer = await get(tenant, path, rig.controlPlane.adminToken);
  expect(answer.status).toBe(200);
  expect(answer.calls).toBeLessThanOrEqual(3);
  expect((await get(tenant, path, (await rig.tenant()).token)).status).toBe(404);
});
