import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sources } from '../../../../functions/core/pool/price.ts';
import { upsertBuckets } from '../../../../functions/core/pool/price-buckets.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  rig.pass(3 * 3600); // 03:00, when the job is due
});
afterAll(() => rig.stop());

let pools = 0;
/** The time this many minutes after noon of the day before. */
const at = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000);

/** Creates a pool with these prices by minute; of a new instance type unless one is given. */
async function pool(prices: Readonly<Record<number, number>>, type = `g${++pools}.large`): Promise<string> {
  const az = `us-east-1${String.fromCharCode(97 + (++pools % 26))}`;
  const id = `${type}.${az}`;
  const facts = { instanceType: type, region: 'us-east-1', az, poolName: id, createdAt: at(-9999) };
  await rig.db
    .insertInto('spotPools')
    .values({ id, ...facts })
    .execute();
  const rows = Object.entries(prices).map(([minutes, price]) => seenAt(id, Number(minutes), price));
  if (rows.length > 0) await upsertBuckets(rig.db, rows);
  return id;
}

const seenAt = (poolId: string, minutes: number, price: number, source: keyof typeof sources = 'primary') => ({
  poolId,
  timeBucket: at(minutes),
  spotPrice: price.toFixed(6),
  ondemandPrice: '0.100000',
  sourceType: source,
  sourcePriority: sources[source].priority,
  confidenceScore: sources[source].confidence,
  observedAt: at(minutes),
});

const fill = () => rig.runJob('fill-price-gaps') as Promise<{ rows: number }>;

/** What was filled in: minutes, price, method, confidence. */
const filled = async (id: string) =>
  (
    await rig.db
      .selectFrom('pricingSnapshotsClean')
      .select(['timeBucket', 'spotPrice', 'interpolationMethod', 'confidenceScore', 'sourceType', 'sourcePriority'])
      .where('poolId', '=', id)
      .where('interpolationMethod', 'is not', null)
      .orderBy('timeBucket')
      .execute()
  ).map((row) => {
    expect([row.sourceType, row.sourcePriority]).toEqual(['interpolated', 1]);
    const minutes = (row.timeBucket.getTime() - at(0).getTime()) / 60_000;
    return [minutes, Number(row.spotPrice), row.interpolationMethod, Number(row.confidenceScore)];
  });

/** Prices of 0.03 and 0.06 with a gap of this many buckets between them. */
const gapOf = (missing: number) => ({ 0: 0.03, [5 * (missing + 1)]: 0.06 });

describe('a gap between two prices', () => {
  it('of no bucket is not filled', async () => {
    const id = await pool(gapOf(0));
    await fill();
    expect(await filled(id)).toEqual([]);
  });

  it('of one or two buckets is filled by the line between them', async () => {
    const [one, two] = [await pool(gapOf(1)), await pool(gapOf(2))];
    await fill();
    expect(await filled(one)).toEqual([[5, 0.045, 'linear', 0.85]]);
    expect(await filled(two)).toEqual([
      [5, 0.04, 'linear', 0.85],
      [10, 0.05, 'linear', 0.85],
    ]);
  });

  it.each([3, 6])('of %d buckets is filled from the prices within an hour, weighted by distance', async (missing) => {
    const end = 5 * (missing + 1);
    // An hour and a bucket away: too far to count.
    const id = await pool({ ...gapOf(missing), [-5]: 0.05, [end + 65]: 9 });
    await fill();
    const rows = (await filled(id)).filter(([minutes]) => Number(minutes) > 0 && Number(minutes) < end);
    expect(rows.map(([, , ...how]) => how)).toEqual(Array(missing).fill(['weighted', 0.75]));
    const weights: [number, number][] = [
      [0.05, 10],
      [0.03, 5],
      [0.06, end - 5],
    ];
    const mean =
      weights.reduce((sum, [price, distance]) => sum + price / distance, 0) /
      weights.reduce((sum, [, distance]) => sum + 1 / distance, 0);
    expect(rows[0]![1]).toBeCloseTo(mean, 6);
  });

  it('of three to six buckets is filled from six prices at most', async () => {
    const before = Object.fromEntries([5, 10, 15, 20, 25, 30].map((minutes) => [-minutes, 0.03]));
    const id = await pool({ ...before, ...gapOf(3), [-35]: 50 });
    await fill();
    // The six prices nearest to the first missing bucket do not include the 50.
    expect((await filled(id))[0]![1]).toBeLessThan(0.06);
  });

  it.each([7, 24])('of %d buckets is filled as the other pools of the type moved', async (missing) => {
    const type = `x${missing}.large`;
    const end = 5 * (missing + 1);
    const id = await pool(gapOf(missing), type);
    // Their prices where the gap begins and in its third bucket: up by 10, 20 and 90 per cent.
    for (const third of [0.11, 0.12, 0.19]) await pool({ 0: 0.1, 15: third }, type);
    await fill();
    const rows = await filled(id);
    expect(rows).toHaveLength(missing);
    expect(rows[2]).toEqual([15, 0.036, 'cross-pool', 0.7]);
    // Where no other pool was seen, the line counts.
    expect(rows[0]![1]).toBeCloseTo(0.03 + (0.03 * 5) / end, 6);
  });

  it('is filled by the mean of the two middle moves if the number of other pools is even', async () => {
    const id = await pool(gapOf(7), 'even.large');
    for (const third of [0.11, 0.13]) await pool({ 0: 0.1, 15: third }, 'even.large');
    await fill();
    expect((await filled(id))[2]).toEqual([15, 0.036, 'cross-pool', 0.7]);
  });

  it('of 25 buckets stays empty, and so does the time before the first price and after the last', async () => {
    const ids = [await pool(gapOf(25)), await pool({ 0: 0.03 })];
    await fill();
    for (const id of ids) expect(await filled(id)).toEqual([]);
  });

  it('over midnight is filled on both sides', async () => {
    const midnight = 12 * 60;
    const id = await pool({ [midnight - 10 - 1440]: 0.03, [midnight + 5 - 1440]: 0.06 });
    await fill();
    expect((await filled(id)).map(([minutes]) => minutes)).toEqual([midnight - 5 - 1440, midnight - 1440]);
  });

  it('is filled once: another run changes nothing', async () => {
    const id = await pool(gapOf(6));
    await fill();
    const rows = await filled(id);
    expect(await fill()).toMatchObject({ rows: 0 });
    expect(await filled(id)).toEqual(rows);
  });

  it('gives way to a price that is seen late', async () => {
    const id = await pool(gapOf(2));
    await fill();
    await upsertBuckets(rig.db, [seenAt(id, 5, 0.07, 'replica-manual')]);
    expect((await filled(id)).map(([minutes]) => minutes)).toEqual([10]);
  });

  it('takes few calls, however many pools there are', async () => {
    const before = rig.controlPlane.dataApi.calls;
    await fill();
    expect(rig.controlPlane.dataApi.calls - before).toBeLessThanOrEqual(16);
  });
});

describe('a bucket has one price, of the higher priority', () => {
  const names = Object.keys(sources) as (keyof typeof sources)[];
  it.each(
    names.flatMap((first) => names.map((then) => [first, then] as const)),
  )('of %s, then %s', async (first, then) => {
    const id = await pool({});
    await upsertBuckets(rig.db, [seenAt(id, 0, 0.03, first)]);
    await upsertBuckets(rig.db, [seenAt(id, 0, 0.06, then)]);
    const rows = await rig.db.selectFrom('pricingSnapshotsClean').selectAll().where('poolId', '=', id).execute();
    const kept = sources[then].priority > sources[first].priority ? then : first;
    expect(rows).toMatchObject([
      {
        sourceType: kept,
        spotPrice: kept === first ? '0.030000' : '0.060000',
        confidenceScore: sources[kept].confidence,
      },
    ]);
  });
});
