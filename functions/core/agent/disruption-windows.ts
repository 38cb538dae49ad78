import { dayMs, minuteMs } from '../../shared/time.ts';

/** When an agent may be moved without need: certain hours of certain weekdays, in a time zone's local time. */
export interface DisruptionWindows {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  readonly windows: readonly Window[];
}

export interface Window {
  /** Weekdays on which the window opens. */
  readonly days: readonly Day[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`; on the next day unless it is later than `from`. */
  readonly to: string;
}

/** Sunday first, as in `Date.getUTCDay`. */
export const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Day = (typeof days)[number];

/** The most windows an agent may have: they fit in its row. */
export const mostWindows = 7;

export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** Whether moves that are not needed are allowed now. Without windows they always are. */
export const isInWindow = (given: DisruptionWindows | null, now: Date): boolean =>
  given === null || spans(given, now, 1).some(({ from, to }) => from <= now && now < to);

/** The windows that are open now or upcoming, in order, `count` at most. */
export const nextWindows = (given: DisruptionWindows | null, now: Date, count: number): Span[] =>
  given === null
    ? []
    : spans(given, now, 7 * count + 1)
        .filter(({ to }) => to > now)
        .slice(0, count);

/** The windows that open from yesterday on: one of yesterday's may end after midnight. */
function spans({ timeZone, windows }: DisruptionWindows, now: Date, ahead: number): Span[] {
  const offset = offsets(timeZone);
  const localNow = now.getTime() + offset(now.getTime());
  const firstDay = Math.floor(localNow / dayMs) * dayMs - dayMs;
  const all = Array.from({ length: ahead + 2 }, (_, n) => firstDay + n * dayMs).flatMap((midnight) =>
    windows
      .filter((window) => window.days.includes(days[new Date(midnight).getUTCDay()]!))
      .map(({ from, to }): Span => {
        const [begins, ends] = [minutesOf(from), minutesOf(to)];
        const lasts = ends > begins ? ends : ends + dayMs / minuteMs;
        return {
          from: instantOf(midnight + begins * minuteMs, offset),
          to: instantOf(midnight + lasts * minuteMs, offset),
        };
      }),
  );
  return all.filter(({ from, to }) => from < to).sort((a, b) => a.from.getTime() - b.from.getTime());
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

type Offset = (at: number) => number;

/**
 * Converts a zone's local time, given as if it were UTC, to an instant. If the time occurs twice, the first one counts.
 * If daylight saving time skips it, it moves forward by as much as the clocks do.
 */
function instantOf(local: number, offset: Offset): Date {
  const [before, after] = [offset(local - dayMs), offset(local + dayMs)];
  const shown = [before, after].map((each) => local - each).filter((at) => at + offset(at) === local);
  return new Date(shown.length > 0 ? Math.min(...shown) : local - before);
}

/** How far a zone's local time is ahead of UTC at a given instant, in ms. */
function offsets(timeZone: string): Offset {
  const format = formatOf(timeZone);
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const shown = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
    return shown - Math.floor(at / 1000) * 1000;
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Cached, because creating a formatter takes as long as using it a thousand times. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}
