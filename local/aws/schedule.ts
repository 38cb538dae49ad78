/** @returns the latest time in (`after`, `now`] at which a schedule is due, if there is one */
export type Schedule = (after: Date, now: Date) => Date | undefined;

/**
 * Parses an EventBridge Scheduler expression, in UTC: `rate(5 minutes)`, or `cron(0 3 * * ? *)`, whose fields are
 * single numbers or wildcards (`*`, `?`).
 * @throws Error for an expression that AWS may support and we do not
 */
export function parseSchedule(expression: string): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) return everyPeriod(Number(rate[1]) * unitMs[rate[2] as keyof typeof unitMs]);
  const cron = /^cron\((.*)\)$/.exec(expression);
  if (cron) return atTimes(expression, cron[1]!.trim().split(/\s+/));
  throw new Error(`schedule ${expression} is neither rate(<n> minutes|hours|days) nor cron(<six fields>)`);
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const unitMs = { minute: minuteMs, hour: 60 * minuteMs, day: dayMs };

/** Periods are counted from 1970, not from the start of the process, so that a simulation's times are round ones. */
function everyPeriod(periodMs: number): Schedule {
  if (periodMs === 0) throw new Error('a rate of 0 is never due');
  return (after, now) => {
    const latest = new Date(Math.floor(now.getTime() / periodMs) * periodMs);
    return latest > after ? latest : undefined;
  };
}

function atTimes(expression: string, fields: string[]): Schedule {
  if (fields.length !== 6)
    throw new Error(
      `schedule ${expression} has ${fields.length} fields; minute hour day month weekday year are needed`,
    );
  const [minute, hour, day, month, weekday, year] = fields.map((field) => wanted(expression, field));
  const onDay = (t: Date) =>
    day!(t.getUTCDate()) && month!(t.getUTCMonth() + 1) && weekday!(t.getUTCDay() + 1) && year!(t.getUTCFullYear());
  const atMinute = (t: Date) => hour!(t.getUTCHours()) && minute!(t.getUTCMinutes());

  return (after, now) => {
    let time = new Date(Math.floor(now.getTime() / minuteMs) * minuteMs);
    while (time > after) {
      if (!onDay(time)) time = new Date(Math.floor(time.getTime() / dayMs) * dayMs - minuteMs);
      else if (!atMinute(time)) time = new Date(time.getTime() - minuteMs);
      else return time;
    }
    return undefined;
  };
}

/** @returns whether a value matches a field; EventBridge's weekdays are 1 (Sunday) to 7 */
function wanted(expression: string, field: string): (value: number) => boolean {
  if (field === '*' || field === '?') return () => true;
  if (!/^\d+$/.test(field)) throw new Error(`schedule ${expression}: ${field} is neither a number nor *`);
  return (value) => value === Number(field);
}
