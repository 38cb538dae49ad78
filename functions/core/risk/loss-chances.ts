import { minuteMs, msSince } from '../../shared/time.ts';

/** Chances that a pool, up now, is lost within these times. */
export interface LossChances {
  readonly halfHour: number;
  readonly hour: number;
  readonly sixHours: number;
}

/** A pool is rated every ten minutes; older chances say nothing about now. */
const freshMs = 30 * minuteMs;

/** @returns `null` for a pool that is down, was not observed, or was not rated lately */
export function lossChances(chances: unknown, ratedAt: Date | null, now: Date): LossChances | null {
  if (!Array.isArray(chances) || msSince(ratedAt, now) > freshMs) return null;
  const [halfHour, hour, sixHours] = chances as [number, number, number];
  return { halfHour, hour, sixHours };
}
