export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Milliseconds from one time to another; negative if `to` is the earlier one. */
export const msBetween = (from: Date, to: Date) => to.getTime() - from.getTime();

/** Milliseconds from a time until now; infinite if there is no such time. */
export const msSince = (time: Date | null | undefined, now: Date) =>
  time ? msBetween(time, now) : Number.POSITIVE_INFINITY;

export const msAfter = (time: Date, ms: number) => new Date(time.getTime() + ms);
export const msBefore = (time: Date, ms: number) => new Date(time.getTime() - ms);

export const earlier = (a: Date, b: Date) => (a < b ? a : b);
export const later = (a: Date, b: Date) => (a > b ? a : b);

/** The start of the period of a time. Periods are counted from midnight UTC: `startOf(hourMs, 10:59)` is 10:00. */
export const startOf = (periodMs: number, time: Date) => new Date(Math.floor(time.getTime() / periodMs) * periodMs);

/** Weeks begin on Monday, UTC; 1970 began on a Thursday. */
export const weekStartOf = (time: Date) => msBefore(startOf(7 * dayMs, msAfter(time, 3 * dayMs)), 3 * dayMs);

/** Seconds since the start of the week. */
export const secondsIntoWeek = (time: Date) => msBetween(weekStartOf(time), time) / secondMs;

/** The day of a time, UTC, as in 2026-03-02. */
export const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/** A time as responses have it; `null` for none. */
export const iso = (time: Date | null | undefined) => time?.toISOString() ?? null;
