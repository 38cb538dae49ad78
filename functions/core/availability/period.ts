import { minuteMs, secondMs } from '../../shared/time.ts';

/** Pools are observed in periods of ten minutes. */
export const periodMs = 10 * minuteMs;
export const periodSeconds = periodMs / secondMs;
