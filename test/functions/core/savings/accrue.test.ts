import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import type { Tenant } from '../../../support/rig/api.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const minute = 60;
const hour = 60 * minute;
let types = 0;
beforeEach(async () => {
  // Each test begins on an hour of its own, with nothing left to account for.
  rig.pass(26 * hour - ((rig.clock.now().getTime() / 1000) % hour));
  await run();
});

/** Runs the job twelve minutes from now, as it is run twelve minutes after an hour has ended. */
const run = () => {
  const time = new Date(rig.clock.now().getTime() + 12 * minute * 1000).toISOString();
  return rig.controlPlane.runJob({ job: 'accrue-savings', time });
};

/** A Spot primary at 0.03 of 0.10 dollars an hour, which reports its prices now. */
async function primary(tenant?: Tenant) {
  const instance = await rig.primary({ type: `s${++types}.large`, mode: 'spot' }, tenant);
  await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.02 });
  return instance;
}

const records = (of: TestInstance) =>
  rig.db
    .selectFrom('costRecords')
    .select(['instanceId', 'periodStart', 'hoursRunning', 'baselineCost', 'actualCost', 'savings', 'freeReason'])
    .where('clientId', '=', of.tenant.id)
    .orderBy('periodStart')
    .orderBy('instanceId')
    .execute();

const totals = async (of: TestInstance) => {
  const own = { clientId: of.tenant.id };
  const client = rig.db.selectFrom('clients').select('totalSavings').where('id', '=', own.clientId);
  const sums = ['baselineCost', 'actualCost', 'savings', 'switchCount', 'instanceCount'] as const;
  return {
    total: (await client.executeTakeFirstOrThrow()).totalSavings,
    days: await rig.db.selectFrom('clientSavingsDaily').select(sums).where('clientId', '=', own.clientId).execute(),
    months: await rig.db.selectFrom('clientSavingsMonthly').select(sums).where('clientId', '=', own.clientId).execute(),
  };
};

/** Expects the sums of the tenant to equal those of its records, to the last digit. */
async function expectSumsToAgree(of: TestInstance) {
  const micros = (text: string) => Math.round(Number(text) * 1e6);
  const sum = (rows: readonly { savings: string }[]) => rows.reduce((all, { savings }) => all + micros(savings), 0);
  const { total, days, months } = await totals(of);
  expect([micros(total), sum(days), sum(months)]).toEqual(Array(3).fill(sum(await records(of))));
}

describe('an hour that has ended', () => {
  it('is accounted for ten minutes later, instance by instance, and summed up', async () => {
    const instance = await primary();
    rig.pass(hour);
    expect(await rig.runJob('accrue-savings')).toMatchObject({ rows: 0 });
    expect(await run()).toMatchObject({ ran: true, rows: 1 });
    expect(await records(instance)).toMatchObject([
      {
        instanceId: instance.id,
        hoursRunning: '1.000000',
        baselineCost: '0.100000',
        actualCost: '0.030000',
        savings: '0.070000',
      },
    ]);
    const sums = {
      baselineCost: '0.100000',
      actualCost: '0.030000',
      savings: '0.070000',
      switchCount: 0,
      instanceCount: 1,
    };
    expect(await totals(instance)).toEqual({ total: '0.070000', days: [sums], months: [sums] });
  });

  it('is accounted for once, however often the job runs (defect 8)', async () => {
    const instance = await primary();
    rig.pass(hour);
    for (let n = 0; n < 3; n += 1) await run();
    await rig.runJob('accrue-savings-again');
    await run();
    expect(await records(instance)).toHaveLength(1);
    expect(await totals(instance)).toMatchObject({ total: '0.070000' });
  });

  it('is caught up with when runs were missed', async () => {
    const instance = await primary();
    rig.pass(5 * hour);
    await run();
    expect((await records(instance)).map(({ savings }) => savings)).toEqual(Array(5).fill('0.070000'));
    await expectSumsToAgree(instance);
  });

  it('includes the costs of the new instance and of the zombie, and counts the switch', async () => {
    const old = await primary();
    rig.pass(30 * minute);
    const next = old.successor({ mode: 'spot', az: 'us-east-1b' });
    await next.register();
    await old.switchReport(next);
    rig.pass(15 * minute);
    await next.terminationReport(old.id);
    rig.pass(15 * minute);
    await run();
    expect(await records(old)).toMatchObject(
      [
        { instanceId: old.id, hoursRunning: '0.750000', baselineCost: '0.050000', actualCost: '0.022500' },
        { instanceId: next.id, hoursRunning: '0.500000', baselineCost: '0.050000', actualCost: '0.010000' },
      ].toSorted((x, y) => (x.instanceId < y.instanceId ? -1 : 1)),
    );
    expect((await totals(old)).days).toMatchObject([{ switchCount: 1, instanceCount: 2 }]);
    await expectSumsToAgree(old);
  });
});

describe('an end that becomes known late', () => {
  it('is corrected on the next day, and so is an interruption', async () => {
    const instance = await primary();
    rig.pass(2 * hour);
    await run();
    expect((await totals(instance)).total).toBe('0.140000');
    const end = new Date(rig.clock.now().getTime() - 90 * minute * 1000);
    await rig.db
      .updateTable('instances')
      .set({ terminatedAt: end, instanceStatus: 'terminated', isPrimary: false, isActive: false, zombieAt: end })
      .where('id', '=', instance.id)
      .execute();
    await rig.db
      .insertInto('spotInterruptionEvents')
      .values({
        id: instance.id,
        clientId: instance.tenant.id,
        agentId: instance.agentId,
        instanceId: instance.id,
        signalType: 'termination-notice',
        terminationTime: end,
        detectedAt: end,
        createdAt: end,
      })
      .execute();
    await rig.runJob('accrue-savings-again');
    await run();
    // It ran for half an hour, and EC2 took it: that half hour is free.
    expect(await records(instance)).toMatchObject([
      { hoursRunning: '0.500000', baselineCost: '0.050000', actualCost: '0.000000', freeReason: 'first-hour' },
    ]);
    await expectSumsToAgree(instance);
    expect((await totals(instance)).total).toBe('0.050000');
  });
});

it('an hour is accounted for at the prices that the tenant pays, if it has given any', async () => {
  const instance = await primary();
  const overlay = {
    clientId: instance.tenant.id,
    instanceType: '',
    mode: 'ondemand',
    multiplier: '0.6',
    position: 0,
  } as const;
  await rig.db.insertInto('clientPriceOverlays').values(overlay).execute();
  rig.pass(hour);
  await run();
  expect(await records(instance)).toMatchObject([{ baselineCost: '0.060000', actualCost: '0.030000' }]);
});

it('takes few Data API calls, however many agents there are', async () => {
  const { tenant } = await primary();
  for (let n = 0; n < 20; n += 1) await primary(tenant);
  rig.pass(hour);
  const before = rig.controlPlane.dataApi.calls;
  await run();
  expect(rig.controlPlane.dataApi.calls - before).toBeLessThanOrEqual(26);
});

describe('an hour on Spot', () => {
  it('is compared with the on-demand price of the price list, from when that was read', async () => {
    const instance = await primary();
    rig.pass(30 * minute);
    const attributes = { operatingSystem: 'Linux', tenancy: 'Shared', preInstalledSw: 'NA', capacitystatus: 'Used' };
    const of = { ...attributes, regionCode: 'us-east-1', instanceType: instance.facts.type };
    rig.controlPlane.priceList.products = () => [{ attributes: of, pricePerUnit: { USD: '0.2000000000' } }];
    await rig.runJob('collect-market');
    rig.pass(15 * minute);
    await instance.report(0.1, { 'us-east-1a': 0.03 });
    rig.pass(15 * minute);
    await run();
    expect(await records(instance)).toMatchObject([{ baselineCost: '0.150000', actualCost: '0.030000' }]);
    rig.pass(hour);
    await run();
    expect((await records(instance))[1]).toMatchObject({ baselineCost: '0.200000' });
  });
});
