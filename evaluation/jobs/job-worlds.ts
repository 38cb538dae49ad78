import type { PoolGroup, RecordedPool } from '../../functions/core/backtest/simulator/pool-group.ts';
import type { JobWorld } from './job-world.ts';

/**
 * A zone's region is its name without the final letter and hyphen: us-east-1 for us-east-1a, us-east4 for us-east4-a.
 */
const regionOf = (zone: string) => zone.replace(/-?[a-z]$/, '');

/** Combines the pools of groups with equal steps into one world. @param regionMove USD */
export function jobWorld(groups: readonly PoolGroup[], regionMove: number): JobWorld {
  const pools = groups.flatMap((group) => group.pools);
  const names = [...new Set(pools.map(({ id }) => regionOf(id)))];
  const [{ stepSeconds, steps }] = groups as [PoolGroup];
  return {
    tickSeconds: stepSeconds,
    ticks: steps,
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

/** A job's work and a launch's overhead for a tick length, in seconds. Both are multiples of `unit`. */
export function jobSizes(tickSeconds: number): { work: number; overhead: number; unit: number } {
  const { overhead, unit } = tickSeconds === 600 ? { overhead: 720, unit: 120 } : { overhead: 780, unit: 195 };
  return { work: Math.ceil((48 * 3600) / unit) * unit, overhead, unit };
}
