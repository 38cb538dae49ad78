import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let instance: TestInstance;
beforeAll(async () => {
  rig = await Rig.start();
  rig.pass(1000 * 86_400);
  instance = await rig.primary({ type: 'd1.large', mode: 'spot' });
});
afterAll(() => rig.stop());

const day = 86_400_000;
const ago = (days: number) => new Date(rig.clock.now().getTime() - days * day);
const own = () => ({ clientId: instance.tenant.id, agentId: instance.agentId });

/** Inserts a row into a table. `at` is the time that its age is counted from. */
const put = {
  system_events: (at: Date, id: string) =>
    rig.db
      .insertInto('systemEvents')
      .values({ id, ...own(), eventType: 'test', severity: 'info', message: 'test', createdAt: at }),
  audit_logs: (at: Date, id: string) =>
    rig.db
      .insertInto('auditLogs')
      .values({ id, clientId: own().clientId, actor: 'test', action: 'test', createdAt: at }),
  commands: (at: Date, id: string) =>
    rig.db.insertInto('commands').values({
      id,
      ...own(),
      commandType: 'switch',
      targetMode: 'ondemand',
      status: 'completed',
      createdBy: 'test',
      triggerType: 'manual',
      completedAt: at,
      createdAt: at,
    }),
  cleanup_logs: (at: Date, id: string) =>
    rig.db.insertInto('cleanupLogs').values({
      id,
      ...own(),
      cleanupType: 'test',
      deletedSnapshotsCount: 0,
      deletedAmisCount: 0,
      failedCount: 0,
      executedAt: at,
    }),
  pool_losses: (at: Date, id: string) => rig.db.insertInto('poolLosses').values({ poolId: id, bucket: at }),
  pool_availability: (at: Date, id: string) =>
    rig.db.insertInto('poolAvailability').values({
      poolId: id,
      bucket: at,
      isUp: true,
      running: 1,
      launches: 0,
      refusals: 0,
      interruptions: 0,
    }),
  pool_states: (at: Date, id: string) =>
    rig.db.insertInto('poolStates').values({ poolId: id, observedAt: at, record: {} }),
  pool_risks: (at: Date, id: string) =>
    rig.db.insertInto('poolRisks').values({ poolId: id, ratedAt: at, state: {}, model: '' }),
  tenant_pool_prices: (at: Date, id: string) =>
    rig.db.insertInto('tenantPoolPrices').values({ poolId: id, clientId: 'c', price: '0.03', seenAt: at }),
} as const;

const key = {
  pool_losses: 'poolId',
  pool_availability: 'poolId',
  pool_states: 'poolId',
  pool_risks: 'poolId',
  tenant_pool_prices: 'poolId',
} as Record<string, string>;
const isThere = async (table: string, id: string) =>
  (await rig.db
    .selectFrom(table.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase()) as 'systemEvents')
    .selectAll()
    .where((key[table] ?? 'id') as 'id', '=', id)
    .executeTakeFirst()) !== undefined;

describe('the job that deletes old rows', () => {
  it.each([
    ['system_events', 90],
    ['audit_logs', 180],
    ['commands', 30],
    ['cleanup_logs', 30],
    ['pool_losses', 40],
    ['pool_availability', 40],
    ['pool_states', 40],
    ['pool_risks', 40],
    ['tenant_pool_prices', 30],
  ] as const)('keeps %s for %d days, to the hour', async (table, days) => {
    const [old, young] = [randomUUID(), randomUUID()];
    await put[table](ago(days + 1 / 24), old).execute();
    await put[table](ago(days - 1 / 24), young).execute();
    await rig.runJob('delete-old-rows');
    expect([await isThere(table, old), await isThere(table, young)]).toEqual([false, true]);
  });

  it('keeps an open command, however old', async () => {
    const id = randomUUID();
    await put.commands(ago(300), id).execute();
    await rig.db.updateTable('commands').set({ status: 'pending' }).where('id', '=', id).execute();
    await rig.runJob('delete-old-rows');
    expect(await isThere('commands', id)).toBe(true);
  });

  it('keeps of month-old prices only the changes, and the first price of each pool and day', async () => {
    const midnight = new Date(Math.floor(ago(31).getTime() / day) * day);
    const prices = [0.03, 0.03, 0.03, 0.04, 0.04, 0.03];
    const price = (at: Date, spotPrice: number) => ({
      poolId: 'd1.large.us-east-1a',
      timeBucket: at,
      spotPrice: String(spotPrice),
      sourceType: 'primary',
      sourcePriority: 4,
      confidenceScore: '1',
      observedAt: at,
    });
    const at = (from: Date, n: number) => new Date(from.getTime() + n * 300_000);
    const recent = ago(20);
    await rig.db
      .insertInto('pricingSnapshotsClean')
      .values([
        ...prices.map((one, n) => price(at(midnight, n), one)),
        ...prices.map((one, n) => price(at(recent, n), one)),
      ])
      .execute();
    for (const _ of ['once', 'again']) await rig.runJob('delete-old-rows');
    const kept = await rig.db
      .selectFrom('pricingSnapshotsClean')
      .select(['timeBucket', 'spotPrice'])
      .where('poolId', '=', 'd1.large.us-east-1a')
      .orderBy('timeBucket')
      .execute();
    expect(kept.map(({ timeBucket }) => timeBucket)).toEqual([
      ...[0, 3, 5].map((n) => at(midnight, n)),
      ...prices.map((_, n) => at(recent, n)),
    ]);
  });

  it('goes on when there are more rows than one statement deletes', async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) => ({ poolId: `p${n}`, bucket: ago(50) }));
    for (let n = 0; n < rows.length; n += 1_000)
      await rig.db
        .insertInto('poolLosses')
        .values(rows.slice(n, n + 1_000))
        .execute();
    expect(await rig.runJob('delete-old-rows')).toMatchObject({ rows: 6_000 });
    expect(await rig.runJob('delete-old-rows')).toMatchObject({ rows: 0 });
  });
});
