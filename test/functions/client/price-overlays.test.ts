import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let instance: TestInstance;
let types = 0;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const minute = 60;
const hour = 60 * minute;

/** Runs a job as if it were due twelve minutes from now. */
const run = (job: 'accrue-savings' | 'accrue-savings-again' = 'accrue-savings') =>
  rig.controlPlane.runJob({ job, time: new Date(rig.clock.now().getTime() + 12 * minute * 1000).toISOString() });

/** A Spot primary that costs $0.03 an hour, where on-demand costs $0.10. */
async function newInstance() {
  instance = await rig.primary({ type: `o${++types}.large`, mode: 'spot' });
  await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.02 });
}

const path = () => `/api/client/${instance.tenant.id}/price-overlays`;
const set = (overlays: unknown) => instance.setPriceOverlays(overlays);
const read = async () => (await rig.request('GET', path(), { token: instance.tenant.token })).body.overlays;
const hoursAgo = (n: number) => new Date(rig.clock.now().getTime() - n * hour * 1000).toISOString();

/** Baseline and actual cost of each of the tenant's hours, oldest first. */
const costs = async () =>
  (
    await rig.db
      .selectFrom('costRecords')
      .select(['baselineCost', 'actualCost'])
      .where('clientId', '=', instance.tenant.id)
      .orderBy('periodStart')
      .execute()
  ).map(({ baselineCost, actualCost }) => `${Number(baselineCost)} - ${Number(actualCost)}`);

const corrections = () =>
  rig.db.selectFrom('savingsCorrections').selectAll().where('clientId', '=', instance.tenant.id).execute();

async function expectSumsToAgree() {
  const own = { clientId: instance.tenant.id };
  const rows = await rig.db.selectFrom('costRecords').select('savings').where('clientId', '=', own.clientId).execute();
  const sum = rows.reduce((all, { savings }) => all + Math.round(Number(savings) * 1e6), 0);
  const client = await rig.db
    .selectFrom('clients')
    .select('totalSavings')
    .where('id', '=', own.clientId)
    .executeTakeFirstOrThrow();
  const days = await rig.db
    .selectFrom('clientSavingsDaily')
    .select('savings')
    .where('clientId', '=', own.clientId)
    .execute();
  expect(Math.round(Number(client.totalSavings) * 1e6)).toBe(sum);
  expect(days.reduce((all, { savings }) => all + Math.round(Number(savings) * 1e6), 0)).toBe(sum);
}

describe('what a tenant pays instead of public prices (E10, E11)', () => {
  beforeEach(newInstance);

  it('is stored as sent, with prices rounded to six decimals, and returned the same', async () => {
    expect(await read()).toEqual([]);
    const plan = { name: 'Plan', mode: 'ondemand', multiplier: 0.72, from: '2026-03-01T00:00:00.000Z' };
    const own = { instance_type: 'm5.large', mode: 'spot', hourly_price: 0.0123456 };
    const { status, body } = await set([plan, own]);
    expect(status).toBe(200);
    const none = { name: null, instance_type: null, multiplier: null, hourly_price: null, from: null, until: null };
    const expected = [
      { ...none, ...plan },
      { ...none, ...own, hourly_price: 0.012346 },
    ];
    expect(body).toEqual({ success: true, overlays: expected });
    expect(await read()).toEqual(expected);
    await set([]);
    expect(await read()).toEqual([]);
  });

  it('can change from one period to the next', async () => {
    const [first, next] = [
      { mode: 'ondemand', multiplier: 0.8, until: hoursAgo(1) },
      { mode: 'ondemand', multiplier: 0.6, from: hoursAgo(1) },
    ];
    expect((await set([first, next])).status).toBe(200);
  });

  it.each([
    [
      'two for the same at once',
      [
        { mode: 'spot', multiplier: 1 },
        { mode: 'spot', hourly_price: 1 },
      ],
      'overlays.1',
    ],
    [
      'two that overlap',
      [
        { mode: 'spot', multiplier: 1, until: '2026-03-02T00:00:01Z' },
        { mode: 'spot', multiplier: 0.5, from: '2026-03-02T00:00:00Z' },
      ],
      'overlays.1',
    ],
    ['neither a share nor a price', [{ mode: 'spot' }], 'overlays.0'],
    ['a share and a price', [{ mode: 'spot', multiplier: 1, hourly_price: 1 }], 'overlays.0'],
    ['a share below nothing', [{ mode: 'spot', multiplier: -0.1 }], 'overlays.0.multiplier'],
    ['another mode', [{ mode: 'unknown', multiplier: 1 }], 'overlays.0.mode'],
    [
      'an end before the beginning',
      [{ mode: 'spot', multiplier: 1, from: '2026-03-02T00:00:00Z', until: '2026-03-02T00:00:00Z' }],
      'overlays.0.from',
    ],
    ['no time', [{ mode: 'spot', multiplier: 1, from: 'monday' }], 'overlays.0.from'],
    [
      'too many',
      Array.from({ length: 101 }, (_, i) => ({ instance_type: `t${i}`, mode: 'spot', multiplier: 1 })),
      'overlays',
    ],
    ['no list', 'all', 'overlays'],
  ])('is refused with %s, and changes nothing', async (_, overlays, field) => {
    await set([{ mode: 'spot', multiplier: 0.9 }]);
    const { status, body } = await set(overlays);
    expect([status, body.error]).toEqual([400, 'Validation failed']);
    expect(Object.keys(body.details)).toEqual([field]);
    expect(await read()).toMatchObject([{ multiplier: 0.9 }]);
  });

  it('is visible to its own tenant only: another one gets a 404', async () => {
    const other = await rig.primary();
    for (const method of ['GET', 'PUT'] as const) {
      const of = (id: string) =>
        rig.request(method, `/api/client/${id}/price-overlays`, {
          token: other.tenant.token,
          ...(method === 'PUT' && { body: { overlays: [] } }),
        });
      const [theirs, missing] = [await of(instance.tenant.id), await of('nobody')];
      expect([theirs.status, theirs.body.error]).toEqual([404, 'Client not found']);
      expect(theirs.body).toEqual(missing.body);
    }
  });

  it('is audited with its state before and after each change', async () => {
    await set([{ mode: 'spot', multiplier: 0.9 }]);
    await set([{ mode: 'spot', multiplier: 0.8 }]);
    const acts = await rig.asAdmin('GET', `/api/admin/audit?client_id=${instance.tenant.id}&action=price_overlays_set`);
    const multiplierOf = (state: { overlays: { multiplier: string }[] }) => state.overlays[0]?.multiplier;
    // Both rows have the same time, so they can come in either order.
    expect(
      acts.body.map((act: { before: never; after: never }) => [multiplierOf(act.before), multiplierOf(act.after)]),
    ).toEqual(
      expect.arrayContaining([
        ['0.900000', '0.800000'],
        [undefined, '0.900000'],
      ]),
    );
  });
});

describe('hours that a change affects', () => {
  // The changes above affect no hour yet. If they were left pending, they would affect a day of each of those tenants.
  beforeAll(() => run());

  // Each test begins in its own hour, with nothing left to account for.
  beforeEach(async () => {
    rig.pass(26 * hour - ((rig.clock.now().getTime() / 1000) % hour));
    await run();
    await newInstance();
  });

  it('are accounted for again by the next run, from the start of the overlay on, and no others', async () => {
    rig.pass(4 * hour);
    await run();
    expect(await costs()).toEqual(Array(4).fill('0.1 - 0.03'));
    await set([{ name: 'Plan', mode: 'ondemand', multiplier: 0.6, from: hoursAgo(2.5) }]);
    expect(await costs()).toEqual(Array(4).fill('0.1 - 0.03'));
    await run();
    expect(await costs()).toEqual(['0.1 - 0.03', '0.08 - 0.03', '0.06 - 0.03', '0.06 - 0.03']);
    await expectSumsToAgree();
    expect(await corrections()).toEqual([]);
    // Nothing is left to do.
    expect(await run()).toMatchObject({ rows: 0 });
  });

  it('include those of an overlay that is removed', async () => {
    await set([{ instance_type: instance.facts.type, mode: 'spot', hourly_price: 0.01 }]);
    rig.pass(2 * hour);
    await run();
    expect(await costs()).toEqual(Array(2).fill('0.1 - 0.01'));
    await set([]);
    await run();
    expect(await costs()).toEqual(Array(2).fill('0.1 - 0.03'));
    await expectSumsToAgree();
  });

  it('are none when only a name changes, or nothing', async () => {
    const line = { mode: 'spot', multiplier: 0.5, from: hoursAgo(1) };
    await set([line]);
    rig.pass(hour);
    await run();
    await set([{ ...line, name: 'Discount' }]);
    await set([{ ...line, name: 'Discount' }]);
    expect(await corrections()).toEqual([]);
    expect(await read()).toMatchObject([{ name: 'Discount' }]);
  });

  it('reach back for 30 days, but not beyond the creation of the tenant', async () => {
    await set([{ mode: 'spot', multiplier: 0.9 }]);
    expect((await corrections())[0]!.nextHour).toEqual(rig.clock.now());
    const longAgo = { createdAt: new Date('2020-01-01T00:00:00Z') };
    await rig.db.updateTable('clients').set(longAgo).where('id', '=', instance.tenant.id).execute();
    await set([{ mode: 'spot', multiplier: 0.5 }]);
    const [row] = await corrections();
    expect(row!.nextHour).toEqual(new Date(rig.clock.now().getTime() - 30 * 24 * hour * 1000));
    // A change that affects only later hours leaves the earlier ones pending.
    await set([
      { mode: 'spot', multiplier: 0.5 },
      { mode: 'ondemand', multiplier: 0.9, from: hoursAgo(0) },
    ]);
    expect((await corrections())[0]!.nextHour).toEqual(row!.nextHour);
    await rig.db.deleteFrom('savingsCorrections').where('clientId', '=', instance.tenant.id).execute();
  });

  it('are accounted for once more if the overlays change during the run', async () => {
    rig.pass(2 * hour);
    await run();
    await set([{ mode: 'spot', multiplier: 0.5, from: hoursAgo(2) }]);
    const [before] = await corrections();
    await run();
    // As if the run had read the first list, and the second list had come before the run ended.
    await set([{ mode: 'spot', multiplier: 0.1, from: hoursAgo(2) }]);
    const [after] = await corrections();
    expect(after!.changeId).not.toBe(before!.changeId);
    await run();
    expect(await costs()).toEqual(Array(2).fill('0.1 - 0.003'));
    await expectSumsToAgree();
  });

  it('list the overlays that applied to them (E7)', async () => {
    await set([
      { name: 'Old', mode: 'ondemand', multiplier: 0.9, until: hoursAgo(48) },
      { name: 'Plan', mode: 'ondemand', multiplier: 0.6, from: hoursAgo(2) },
    ]);
    rig.pass(hour);
    await run();
    const { body } = await rig.request('GET', `/api/client/${instance.tenant.id}/savings/explain`, {
      token: instance.tenant.token,
    });
    expect(body.overlays).toMatchObject([{ name: 'Plan', multiplier: 0.6, until: null }]);
    expect(body.totals).toMatchObject({ baseline_cost: 0.06, actual_cost: 0.03 });
    expect(body.records).toMatchObject([{ baseline_cost: 0.06, overlays: ['Plan'] }]);
  });

  it('list the overlays they were accounted for with, unnamed ones by mode and instance type (E7)', async () => {
    const records = async () =>
      (
        await rig.request('GET', `/api/client/${instance.tenant.id}/savings/explain`, { token: instance.tenant.token })
      ).body.records.map(({ overlays }: { overlays: string[] }) => overlays);
    await set([{ instance_type: instance.facts.type, mode: 'spot', multiplier: 0.5, from: hoursAgo(-1) }]);
    rig.pass(2 * hour);
    await run();
    expect(await records()).toEqual([[`spot, ${instance.facts.type}`], []]);
    await set([]);
    await run();
    expect(await records()).toEqual([[], []]);
  });
});
