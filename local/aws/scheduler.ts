import type { Job, JobEvent, JobName } from '../../functions/jobs.ts';
import type { Clock } from '../clock.ts';

export interface SchedulerOptions {
  jobs: Readonly<Record<string, Pick<Job, 'every'>>>;
  clock: Clock;
  /** Runs one job to its end. */
  run(event: JobEvent): Promise<unknown>;
  /** Told of each run that fails. */
  say(line: string): void;
}

/** @returns the latest time in (`after`, `now`] at which a schedule is due, if there is one */
type Schedule = (after: Date, now: Date) => Date | undefined;

/** How often `start()` looks at the clock. */
const lookEveryMs = 1000;

/**
 * Fires the jobs of a table when its clock says that they are due, as EventBridge Scheduler does in AWS.
 *
 * When the clock has jumped over several runs of a job, only the latest is made: each job reads the whole state and
 * states the wanted one, so the runs before it would change nothing that it does not. Jobs run one after the other in
 * the order of the table, so that a simulation is the same every time; in AWS they may overlap.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #schedules: { job: JobName; schedule: Schedule; after: Date }[];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const after = options.clock.now();
    this.#schedules = Object.entries(options.jobs).map(([job, { every }]) => ({
      job: job as JobName,
      schedule: parseSchedule(every),
      after,
    }));
  }

  /** What `runDue` would run if it were `now`, earliest first. */
  due(now: Date): JobEvent[] {
    return this.#schedules
      .flatMap(({ job, schedule, after }) => {
        const time = schedule(after, now);
        return time ? [{ job, time: time.toISOString() }] : [];
      })
      .sort((a, b) => a.time.localeCompare(b.time));
  }

  /**
   * Runs what is due, after what an earlier call has not finished. A job that fails is reported and left for its next
   * period.
   * @returns what was run, failures included
   */
  runDue(): Promise<JobEvent[]> {
    const run = this.#running.then(() => this.#runDue());
    this.#running = run;
    return run;
  }

  async #runDue(): Promise<JobEvent[]> {
    const now = this.#options.clock.now();
    const events = this.due(now);
    for (const entry of this.#schedules) if (now > entry.after) entry.after = now;
    for (const event of events) await this.#run(event);
    return events;
  }

  async #run(event: JobEvent): Promise<void> {
    try {
      await this.#options.run(event);
    } catch (error) {
      this.#options.say(`job ${event.job} of ${event.time} failed; it runs again at its next period: ${reason(error)}`);
    }
  }

  /** Runs jobs as their time comes, until `stop`. Does not keep the process alive. */
  start(): void {
    if (this.#timer) return;
    const look = async () => {
      await this.runDue();
      if (this.#timer) this.#timer = setTimeout(look, lookEveryMs).unref();
    };
    this.#timer = setTimeout(look, lookEveryMs).unref();
  }

  /** Starts no further run, and waits for the one under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }
}

const reason = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/**
 * Reads an EventBridge Scheduler expression: `rate(5 minutes)`, or `cron(0 3 * * ? *)`, whose fields are single numbers
 * or any (`*`, `?`), in UTC.
 * @throws Error for an expression that AWS may know and we do not
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

/** @returns whether a value is what a field asks for; EventBridge's weekdays are 1 (Sunday) to 7 */
function wanted(expression: string, field: string): (value: number) => boolean {
  if (field === '*' || field === '?') return () => true;
  if (!/^\d+$/.test(field)) throw new Error(`schedule ${expression}: ${field} is neither a number nor *`);
  return (value) => value === Number(field);
}
