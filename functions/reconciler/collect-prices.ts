import { type DueRegion, dueRegions } from '../core/pool/collections.ts';
import { recordMarketPrices } from '../core/pool/market-prices.ts';
import type { Db } from '../shared/db.ts';
import type { RunTime } from '../shared/run-time.ts';
import { dayMs, minuteMs, msBefore } from '../shared/time.ts';
import { eachRegion } from './each-region.ts';
import { readSpotPrices } from './spot-prices.ts';

/** EC2 may add a price to its history some time after the price took effect. */
const overlapMs = 10 * minuteMs;

/** How far back a new region is read: what a console shows of it at once. */
const firstMs = 7 * dayMs;

/**
 * Collects EC2's own Spot prices since the last run, for the types and regions that agents are in. They are trusted for
 * every tenant (docs/adr/0037), so that nobody depends on what agents report. Each run also confirms the current price.
 * @returns how many prices were stored
 */
export async function collectPrices(db: Db, time: RunTime, now: Date): Promise<number> {
  const due = await dueRegions(db, now);
  return eachRegion(db, { source: 'spot-prices', due }, (region) => collectRegion(db, region, now), time, now);
}

async function collectRegion(db: Db, { region, instanceTypes, collectedUntil }: DueRegion, now: Date): Promise<number> {
  const from = msBefore(collectedUntil ?? now, collectedUntil ? overlapMs : firstMs);
  const prices = await readSpotPrices({ region, instanceTypes, from, to: now });
  const own = prices.filter(({ az }) => az.startsWith(region));
  // The price in force at `from` is still current, or another of these prices followed it.
  const { buckets } = await recordMarketPrices(db, confirmed(own, now), now);
  return buckets;
}

/** The prices, plus each pool's newest one again as of now: it is in force until EC2 reports another. */
function confirmed(prices: Awaited<ReturnType<typeof readSpotPrices>>, now: Date) {
  const newest = new Map<string, (typeof prices)[number]>();
  for (const one of prices) {
    const key = `${one.instanceType} ${one.az}`;
    const before = newest.get(key);
    if (!before || before.at < one.at) newest.set(key, one);
  }
  return [...prices, ...[...newest.values()].map((one) => ({ ...one, at: now }))];
}
