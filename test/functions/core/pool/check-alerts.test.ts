import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pool = 'm5.large.us-east-1a';
const reports = (instance: TestInstance, price: number) => instance.report(0.1, { 'us-east-1a': price });
const alertsOf = ({ tenant }: TestInstance) => `/api/client/${tenant.id}/pricing-alerts`;
const setAlert = async (instance: TestInstance, threshold: number, direction = 'below') =>
  (
    await rig.request('POST', alertsOf(instance), {
      token: instance.tenant.token,
      body: { pool_id: pool, threshold, direction },
    })
  ).body.alert_id as string;
const check = () =>
  rig.controlPlane.runJob({ job: 'check-pricing-alerts', time: rig.pass(300).toISOString() }) as Promise<{
    rows: number;
  }>;
const notified = async ({ tenant }: TestInstance) =>
  (
    await rig.db
      .selectFrom('systemEvents')
      .select('message')
      .where('clientId', '=', tenant.id)
      .where('eventType', '=', 'pricing_alert')
      .orderBy('createdAt')
      .execute()
  ).map(({ message }) => message);

describe('the job check-pricing-alerts', () => {
  it('notifies once of a price that meets an alert, and again once it has gone back', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.04);
    await setAlert(instance, 0.035);
    expect(await check()).toMatchObject({ rows: 0 });
    await reports(instance, 0.03);
    expect(await check()).toMatchObject({ rows: 1 });
    expect(await check()).toMatchObject({ rows: 0 });
    expect(await notified(instance)).toEqual([`${pool} costs 0.03 USD an hour, below your alert's 0.035`]);
    const [shown] = (await rig.request('GET', alertsOf(instance), { token: instance.tenant.token })).body;
    expect(shown).toMatchObject({ triggered: true, notified_at: expect.any(String) });

    await reports(instance, 0.04);
    expect(await check()).toMatchObject({ rows: 1 });
    await reports(instance, 0.02);
    await check();
    expect(await notified(instance)).toHaveLength(2);
  });

  it('ignores prices that were seen more than an hour ago', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.03);
    rig.pass(3700);
    await setAlert(instance, 0.05);
    await check();
    expect(await notified(instance)).toEqual([]);
  });

  it('notifies once even if the response to its commit is lost and the run is repeated', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.06);
    await setAlert(instance, 0.05, 'above');
    const heal = rig.faults.inject({
      error: 'InternalServerErrorException',
      when: 'after',
      operation: 'CommitTransaction',
      times: 1,
    });
    await check().catch(() => undefined);
    heal();
    await check();
    expect(await notified(instance)).toHaveLength(1);
  });

  it('sends nothing for an alert that is deleted while it is checked', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.03);
    const [kept, deleted] = [await setAlert(instance, 0.04), await setAlert(instance, 0.05)];
    let isRead = false;
    rig.controlPlane.dataApi.onCall = async ({ sql, operation }) => {
      if (sql?.includes('pricing_alerts')) isRead = true;
      if (!isRead || operation !== 'BeginTransaction') return;
      rig.controlPlane.dataApi.onCall = undefined;
      await rig.db.deleteFrom('pricingAlerts').where('id', '=', deleted).execute();
    };
    await check();
    expect(await notified(instance)).toEqual([`${pool} costs 0.03 USD an hour, below your alert's 0.04`]);
    expect(kept).not.toBe(deleted);
  });

  it('reads up to 500 alerts per statement', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.04);
    const alerts = Array.from({ length: 1200 }, () => ({
      id: randomUUID(),
      clientId: instance.tenant.id,
      poolId: pool,
      direction: 'below' as const,
      threshold: '0.010000',
      metSince: null,
      createdAt: rig.clock.now(),
    }));
    for (let i = 0; i < alerts.length; i += 300)
      await rig.db
        .insertInto('pricingAlerts')
        .values(alerts.slice(i, i + 300))
        .execute();
    let reads = 0;
    rig.controlPlane.dataApi.onCall = ({ sql }) => {
      if (sql?.includes('pricing_alerts')) reads++;
    };
    await check();
    rig.controlPlane.dataApi.onCall = undefined;
    expect(reads).toBe(3);
  });
});

describe('an alert that is set (X30)', () => {
  it('exists once, with one row of the audit log, even if the response to its commit was lost', async () => {
    const instance = await rig.primary();
    await reports(instance, 0.03);
    const error = 'InternalServerErrorException';
    const heal = rig.faults.inject({ error, when: 'after', operation: 'CommitTransaction', times: 1 });
    const id = await setAlert(instance, 0.05);
    heal();
    const { body } = await rig.request('GET', alertsOf(instance), { token: instance.tenant.token });
    expect(body).toMatchObject([{ id }]);
    const audited = rig.db.selectFrom('auditLogs').select('targetId').where('action', '=', 'pricing_alert_created');
    expect(await audited.where('clientId', '=', instance.tenant.id).execute()).toEqual([{ targetId: id }]);

    rig.faults.inject({ error, when: 'after', operation: 'CommitTransaction', times: 1 });
    const path = `${alertsOf(instance)}/${id}`;
    expect((await rig.request('DELETE', path, { token: instance.tenant.token })).status).toBe(200);
    expect((await rig.request('DELETE', path, { token: instance.tenant.token })).status).toBe(404);
  });
});

describe('an alert that is deleted (X34)', () => {
  it('is gone, and can be deleted by its tenant alone', async () => {
    const [instance, other] = [await rig.primary(), await rig.primary()];
    const id = await setAlert(instance, 0.05);
    const remove = ({ tenant }: TestInstance) =>
      rig.request('DELETE', `/api/client/${tenant.id}/pricing-alerts/${id}`, { token: tenant.token });
    expect(await remove(other)).toMatchObject({ status: 404, body: { code: 'alert_not_found' } });
    expect((await remove(instance)).body).toEqual({ success: true });
    expect((await remove(instance)).status).toBe(404);
    expect((await rig.request('GET', alertsOf(instance), { token: instance.tenant.token })).body).toEqual([]);
  });
});
