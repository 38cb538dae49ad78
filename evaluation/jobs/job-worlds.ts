import type { PoolGroup, RecordedPool } from '../../functions/core/backtest/simulator/pool-group.ts';
import type { JobWorld } from './job-world.ts';

/**
 * A zone's region is its name without the end: us-east-1 for us-east-1a, us-east4 for us-east4-a, use1 for use1-az2.
 */
const regionOf = (zone: string) => zone.replace(/-az\d+$|-?[a-z]$/, '');

/** Combines the pools of groups that began together into one world, as long as the shortest. @param regionMove USD */
export function jobWorld(groups: readonly PoolGroup[], regionMove: number): JobWorld {
  const pools = groups.flatMap((group) => group.pools);
  const names = [...new Set(pools.map(({ id }) => regionOf(id)))];
  return {
    tickSeconds: groups[0]!.stepSeconds,
    ticks: Math.min(...groups.map(({ steps }) => steps)),
    regionMove,
    regions: names.map((name) => ({
      name,
      onDemandPrice: pools.find(({ id }) => regionOf(id) === name)!.onDemandPrice,
    })),
    pools: pools.map(({ id, up, prices }) => ({ id, region: names.indexOf(regionOf(id)), up, prices })),
  };
}

/** A world with one pool, at its mean price. */
export function onePoolWorld(
  { stepSeconds, steps, onDemandPrice }: PoolGroup,
  { id, up, prices }: RecordedPool,
): JobWorld {
  const mean = prices.reduce((sum, price) => sum + price, 0) / steps;
  return {
    tickSeconds: stepSeconds,
    ticks: steps,
    regionMove: 0,
    regions: [{ name: regionOf(id), onDemandPrice }],
    pools: [{ id, region: 0, up, prices: new Float64Array(steps).fill(mean) }],
  };
}

/** A world with each of the pools, and on-demand in its region. */
export const worldOfEachPool = ({ pools, regions, ...world }: JobWorld): JobWorld[] =>
  pools.map((pool) => ({ ...world, pools: [{ ...pool, region: 0 }], regions: [regions[pool.region]!] }));

/** A launch takes this much work, in seconds, rounded up to whole ticks where those are shorter than ten minutes. */
const launch = 720;

/** A job's work and a launch's overhead for a tick length, in seconds. Both are multiples of `unit`. */
export function jobSizes(tickSeconds: number): { work: number; overhead: number; unit: number } {
  const unit = tickSeconds < 600 ? tickSeconds : greatestCommonDivisor(tickSeconds, launch);
  const roundedUp = (seconds: number) => Math.ceil(seconds / unit) * unit;
  return { work: roundedUp(48 * 3600), overhead: roundedUp(launch), unit };
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
