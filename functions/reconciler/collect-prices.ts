import { recordMarketPrices } from '../core/pool/market-prices.ts';
import { type DueRegion, dueRegions, saveCollected, saveFailure } from '../core/pool/price-collection.ts';
import { pricesAreStale } from '../shared/alarm-lines.ts';
import type { Db } from '../shared/db.ts';
import { forEachIsolated } from '../shared/for-each-isolated.ts';
import { logger } from '../shared/logger.ts';
import type { RunTime } from '../shared/run-time.ts';
import { dayMs, minuteMs, msBefore } from '../shared/time.ts';
import { AwsFailure } from './aws.ts';
import { readSpotPrices } from './spot-prices.ts';

/** EC2 may add a price to its history a little after its time. */
const overlapMs = 10 * minuteMs;

/** Of a region that is new: what a console shows of it at once. */
const firstMs = 7 * dayMs;

/** What a region takes at most. */
const regionMs = 30_000;

/** Runs in a row, of one each five minutes, after which somebody has to look. */
const alarmingFailures = 3;

/** Regions at a time. */
const atOnce = 4;

/**
 * Collects EC2's own Spot prices for the types and regions that agents are in, since the last time. They are trusted for every
 * tenant (docs/adr/0037), so that nobody depends on what agents report. The price that holds is confirmed by each run.
 * @returns how many prices were kept
 */
export async function collectPrices(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  return forEachIsolated('collecting prices', await dueRegions(db, now), (due) => collectRegion(db, due, now), {
    atOnce,
    hasTime: () => hasTime(regionMs),
    name: ({ region }) => ({ region }),
  });
}

async function collectRegion(db: Db, due: DueRegion, now: Date): Promise<number> {
  const { region, instanceTypes, collectedUntil, failures } = due;
  const from = msBefore(collectedUntil ?? now, collectedUntil ? overlapMs : firstMs);
  try {
    const prices = await readSpotPrices({ region, instanceTypes, from, to: now });
    const own = prices.filter(({ az }) => az.startsWith(region));
    // What held when the time began holds still, or was followed by another price.
    const { buckets } = await recordMarketPrices(db, confirmed(own, now), now);
    await saveCollected(db, { region, until: now });
    return buckets;
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    logger.warn('EC2 did not tell its prices', { region, error });
    await saveFailure(db, { region, failures, error: error.code }, now);
    if (failures + 1 >= alarmingFailures) logger.error(pricesAreStale, { region, failures: failures + 1 });
    return 0;
  }
}

/** The prices, and of each pool the newest one again, as seen now: it holds until EC2 says another. */
function confirmed(prices: Awaited<ReturnType<typeof readSpotPrices>>, now: Date) {
  const newest = new Map<string, (typeof prices)[number]>();
  for (const one of prices) {
    const key = `${one.instanceType} ${one.az}`;
    const before = newest.get(key);
    if (!before || before.at < one.at) newest.set(key, one);
  }
  return [...prices, ...[...newest.values()].map((one) => ({ ...one, at: now }))];
}
