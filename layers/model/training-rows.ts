import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { featuresOf } from '../../functions/core/decision/policy-a/features.ts';
import { PoolHistoryTracker } from '../../functions/core/decision/policy-a/pool-history.ts';

/** A pool that is up, at a point in time. */
export interface TrainingRow {
  readonly features: readonly number[];
  /** Hours until the pool is lost; Infinity if it is not lost before the record ends. */
  readonly lostAfter: number;
  /** Hours until the record ends. */
  readonly recorded: number;
  /** The share of the record's rows that come before it. */
  readonly share: number;
  /** Seconds since 1970, or since the start of a record without a date. */
  readonly at: number;
  readonly pool: string;
}

/** Seconds between the rows of a pool. */
export const lookEvery = 600;

/** The rows of a group, with the features that policy A would have seen at the time. */
export function trainingRows(group: PoolGroup): TrainingRow[] {
  const { stepSeconds, steps, pools } = group;
  const hours = (count: number) => (count * stepSeconds) / 3600;
  const trackers = pools.map(() => new PoolHistoryTracker(stepSeconds));
  const lost = pools.map(({ up }) => nextLosses(up));
  const every = Math.max(1, Math.round(lookEvery / stepSeconds));
  const startsAt = group.startUtc === undefined ? 0 : Date.parse(group.startUtc) / 1000;
  const rows: Omit<TrainingRow, 'share'>[] = [];
  for (let step = 0; step < steps; step += 1) {
    for (const [pool, tracker] of trackers.entries()) tracker.observe(pools[pool]!.up[step] ? 'up' : 'down');
    if (step % every !== 0) continue;
    const views = pools.map(({ id, up }, pool) => ({
      id,
      price: 0,
      availability: up[step] ? ('up' as const) : ('down' as const),
      history: trackers[pool]!.history(),
    }));
    for (const [pool, features] of featuresOf(views).entries())
      if (pools[pool]!.up[step])
        rows.push({
          features,
          lostAfter: hours(lost[pool]![step]! - step),
          recorded: hours(steps - 1 - step),
          at: startsAt + step * stepSeconds,
          pool: `${group.id} ${views[pool]!.id}`,
        });
  }
  return rows.map((row, index) => ({ ...row, share: index / rows.length }));
}

/** For each step, the first step from then on in which the pool is down. */
function nextLosses(up: Uint8Array): Float64Array {
  const next = new Float64Array(up.length);
  let at = Number.POSITIVE_INFINITY;
  for (let step = up.length - 1; step >= 0; step -= 1) {
    if (!up[step]) at = step;
    next[step] = at;
  }
  return next;
}
