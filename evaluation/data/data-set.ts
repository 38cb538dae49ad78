import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { carryForward, type PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { readPriceFile } from '../../local/market/price-files.ts';
import { DataError } from './data-error.ts';
import { readPoolGroup } from './pool-group.ts';

/** Groups that are recorded for less say more of their beginning than of a policy. */
const leastDays = 5;

/** The JSON files of a folder of the data, by name, that can be scored. */
export function groupFiles(data: string, folder: string): string[] {
  const path = join(data, folder);
  if (!existsSync(path)) throw new DataError(`${path} is missing; --data names a folder that has it`);
  return readdirSync(path)
    .filter((file) => file.endsWith('.json') || /price-history-[a-z].*-[a-z]{2}-[a-z]+-\d\.csv$/.test(file))
    .sort()
    .map((file) => join(path, file));
}

export const isLongEnough = ({ steps, stepSeconds }: PoolGroup) => steps * stepSeconds >= leastDays * 86_400;

/** Seconds between the prices that are taken from a price history. */
const priceStep = 3600;

/** Reads a group of pools, or a price history, whose pools are always up. */
export function readGroup(path: string): PoolGroup {
  if (path.endsWith('.json')) return readPoolGroup(path);
  const { instanceType, region, onDemandPrice, start, end, pools } = readPriceFile(path);
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
