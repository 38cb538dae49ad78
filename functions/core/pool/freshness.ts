import { minuteMs, msBetween } from '../../shared/time.ts';

/** A price older than this is no ground for a move that nobody has to make (protocol 8.5). */
export const freshMs = 15 * minuteMs;

/** A job that runs late sees prices that are younger than its own time, so either direction counts. */
export const ageMs = (at: Date, now: Date) => Math.abs(msBetween(at, now));

export const isFresh = (at: Date, now: Date) => ageMs(at, now) <= freshMs;
