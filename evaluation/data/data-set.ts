import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { carryForward, type PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { PricesError } from '../../local/market/market.ts';
import { regionOf } from '../../local/market/price-events.ts';
import { marketOfRows, readPriceRows } from '../../local/market/price-files.ts';
import { DataError } from './data-error.ts';
import { type RecordedGroup, readPoolGroup } from './pool-group.ts';

/** Groups with shorter records are not scored: the result would depend more on their beginning than on the policy. */
export const leastDays = 5;

/** The files of a data folder that may be records, sorted by name: JSON, and with prices also CSV. */
export function groupFiles(data: string, folder: string): string[] {
  const path = join(data, folder);
  if (!existsSync(path)) throw new DataError(`${path} is missing; it should have recorded markets`);
  const ending = folder === 'prices' ? /\.(json|csv|csv\.gz)$/ : /\.json$/;
  return readdirSync(path)
    .filter((file) => ending.test(file))
    .sort()
    .map((file) => join(path, file));
}

export const isLongEnough = ({ steps, stepSeconds }: PoolGroup) => steps * stepSeconds >= leastDays * 86_400;

/** Seconds between the prices sampled from a price history. */
const priceStep = 3600;

/**
 * Reads a group of pools, or a price history, whose pools are up from their first price on.
 * @throws PricesError if a CSV is not the price history of one instance type in one region
 */
export function readGroup(path: string): RecordedGroup {
  if (path.endsWith('.json')) return readPoolGroup(path);
  const rows = readPriceRows(path);
  const markets = new Set(rows.map(({ instanceType, az }) => `${instanceType} in ${regionOf(az)}`));
  if (markets.size > 1) throw new PricesError(`${path} has prices of ${markets.size} types and regions, not of one`);
  const { instanceType, region, onDemandPrice, start, end, pools } = marketOfRows(rows, path);
  const steps = Math.floor((end.getTime() - start.getTime()) / 1000 / priceStep);
  return {
    id: `${instanceType}-${region}`,
    stepSeconds: priceStep,
    steps,
    onDemandPrice,
    pools: pools.map(({ az, steps: prices }) => {
      const sampled = Array.from({ length: steps }, (_, step) => {
        const at = start.getTime() + step * priceStep * 1000;
        return prices.findLast(({ from }) => from <= at)?.price ?? null;
      });
      return {
        id: az,
        onDemandPrice,
        up: Uint8Array.from(sampled, (price) => Number(price !== null)),
        prices: carryForward(sampled, onDemandPrice),
      };
    }),
  };
}
