import type { Job, JobEvent, JobName } from '../../functions/jobs.ts';
import type { Clock } from '../clock.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

export interface SchedulerOptions {
  jobs: Readonly<Record<string, Pick<Job, 'every'>>>;
  clock: Clock;
  /** Runs one job to completion. */
  run(event: JobEvent): Promise<unknown>;
  /** Called with a line for each run that fails. */
  say(line: string): void;
}

/** How often `start()` checks the clock. */
const lookEveryMs = 1000;

/** Lambda retries a failed event after this time (lib/jobs.ts lets it retry once). */
const repeatAfterMs = 60_000;

/**
 * Runs the jobs of a table when the clock says they are due, as EventBridge Scheduler does in AWS.
 *
 * If the clock has jumped over several runs of a job, only the latest is made: each job reads the whole state and sets
 * the wanted one, so the earlier runs would change nothing more. Jobs run one after another, earliest first and then in
 * the order of the table, so that a simulation is the same every time; in AWS they may overlap.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #schedules: { job: JobName; schedule: Schedule; after: Date }[];
  /** Runs that failed once, and when they are retried. */
  #repeats: { readonly event: JobEvent; readonly at: Date }[] = [];
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

  /** What `runDue` would run at `now`, earliest first. */
  due(now: Date): JobEvent[] {
    return this.#schedules
      .flatMap(({ job, schedule, after }) => {
        const time = schedule(after, now);
        return time ? [{ job, time: time.toISOString() }] : [];
      })
      .sort((a, b) => a.time.localeCompare(b.time));
  }

  /**
   * Runs what is due, once the runs of earlier calls have finished. A failed run is retried once, a minute later, as
   * Lambda retries an event; then the job waits for its next period.
   * @returns what was run, failures included
   */
  runDue(): Promise<JobEvent[]> {
    const run = this.#running.then(() => this.#runDue());
    this.#running = run;
    return run;
  }

  async #runDue(): Promise<JobEvent[]> {
    const now = this.#options.clock.now();
    const repeats = this.#repeats.filter(({ at }) => at <= now).map(({ event }) => event);
    this.#repeats = this.#repeats.filter(({ at }) => at > now);
    const events = this.due(now);
    for (const entry of this.#schedules) if (now > entry.after) entry.after = now;
    for (const event of repeats) await this.#run(event, () => 'for the second time; it runs again at its next period');
    const repeatAt = new Date(now.getTime() + repeatAfterMs);
    const repeatLater = (event: JobEvent) => {
      this.#repeats.push({ event, at: repeatAt });
      return 'once; it runs again in a minute';
    };
    for (const event of events) await this.#run(event, repeatLater);
    return [...repeats, ...events];
  }

  /** @param failed says what is done about a failure */
  async #run(event: JobEvent, failed: (event: JobEvent) => string): Promise<void> {
    try {
      await this.#options.run(event);
    } catch (error) {
      this.#options.say(`job ${event.job} of ${event.time} failed ${failed(event)}: ${reason(error)}`);
    }
  }

  /** Runs jobs as they become due, until `stop`. Does not keep the process alive. */
  start(): void {
    if (this.#timer) return;
    const look = async () => {
      await this.runDue();
      if (this.#timer) this.#timer = setTimeout(look, lookEveryMs).unref();
    };
    this.#timer = setTimeout(look, lookEveryMs).unref();
  }

  /** Starts no more runs, and waits for the one in progress. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }
}

const reason = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
