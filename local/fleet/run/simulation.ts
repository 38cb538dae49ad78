import { EarliestFirst } from './earliest-first.ts';
import { Slots } from './slots.ts';

/** The clock that the simulation moves and everyone else reads. */
export interface SettableClock {
  set(date: Date): void;
}

export interface SimulationOptions {
  readonly clock: SettableClock;
  readonly start: Date;
  /** How many real calls may run at once; 16 keeps two cores busy. */
  readonly concurrency?: number;
  /** Awaited whenever the clock enters another minute, before anything else happens in that minute. */
  readonly onMinute?: (now: Date) => Promise<unknown>;
}

/** A pause of a process in virtual time. Another process may cut it short. */
export interface Pause {
  readonly over: Promise<void>;
  /** Ends the pause now, as if its time had come. */
  wake(): void;
  /** Ends the pause now; `over` rejects with the reason. */
  abort(reason: Error): void;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  awake: boolean;
  resume(): void;
}

/**
 * Runs many processes on one virtual clock. A process is async code that waits in two ways only: `sleep` and `pause` for
 * virtual time, and `real` for calls that take real time. When every process waits for virtual time, the clock jumps to
 * the earliest moment that one waits for. Processes due in the same second run concurrently, in the order in which they
 * went to sleep.
 *
 * A process must not wait in any other way, such as for a timer or a file: the clock would run ahead of it.
 */
export class Simulation {
  readonly #clock: SettableClock;
  readonly #onMinute: (now: Date) => Promise<unknown>;
  readonly #slots: Slots;
  readonly #sleepers = new EarliestFirst<Sleeper>();
  #now: number;
  #asleep = 0;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;

  constructor({ clock, start, concurrency = 16, onMinute = async () => {} }: SimulationOptions) {
    this.#clock = clock;
    this.#now = Math.ceil(start.getTime() / 1000) * 1000;
    this.#onMinute = onMinute;
    this.#slots = new Slots(concurrency);
    clock.set(this.now);
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** Starts a process. If it throws, `run` rejects: agents handle their own failures, so this is a bug in the simulation. */
  spawn(process: () => Promise<unknown>): void {
    process().catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Waits for virtual time, rounded to whole seconds. */
  sleep(seconds: number): Promise<void> {
    return this.pause(seconds).over;
  }

  /** Waits for virtual time up to a moment; does not wait when it has passed. */
  sleepUntil(time: Date): Promise<void> {
    return this.sleep((time.getTime() - this.#now) / 1000);
  }

  /** As `sleep`, for a process that others may wake or abort. */
  pause(seconds: number): Pause {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper: Sleeper = {
      at: wholeSecond(this.#now + Math.max(0, seconds) * 1000),
      order: this.#asleep++,
      awake: false,
      resume: resolve,
    };
    this.#sleepers.add(sleeper);
    const once = (act: () => void) => {
      if (sleeper.awake) return;
      sleeper.awake = true;
      act();
    };
    return { over: promise, wake: () => once(resolve), abort: (reason) => once(() => reject(reason)) };
  }

  /** Makes a call that takes real time while the clock stands still. */
  real<T>(call: () => Promise<T>): Promise<T> {
    return this.#slots.use(call);
  }

  /** Lets time pass until `end`, or until `stop` is called. @throws whatever a process has thrown */
  async run(end: Date): Promise<void> {
    for (;;) {
      await this.#everyProcessWaits();
      if (this.#failure) throw this.#failure.error;
      if (this.#stopped) return;
      const next = this.#sleepers.first;
      if (!next || next.at > end.getTime()) break;
      if (next.awake) this.#sleepers.removeFirst();
      else if (next.at > this.#now) await this.#moveTo(next.at);
      else this.#wakeAllDue();
    }
    await this.#moveTo(end.getTime());
  }

  /** Ends `run` once the current calls have completed. */
  stop(): void {
    this.#stopped = true;
  }

  async #moveTo(at: number): Promise<void> {
    const minute = at - (at % 60_000);
    if (minute > this.#now) {
      this.#now = minute;
      this.#clock.set(this.now);
      await this.#onMinute(this.now);
    }
    this.#now = Math.max(this.#now, at);
    this.#clock.set(this.now);
  }

  #wakeAllDue(): void {
    for (let next = this.#sleepers.first; next && next.at <= this.#now; next = this.#sleepers.first) {
      this.#sleepers.removeFirst();
      if (!next.awake) next.resume();
      next.awake = true;
    }
  }

  /** All promise continuations run before the next macrotask. So after one without calls, every process sleeps or has ended. */
  async #everyProcessWaits(): Promise<void> {
    await nextMacrotask();
    while (this.#slots.inUse > 0) {
      await this.#slots.allFree();
      await nextMacrotask();
    }
  }
}

const wholeSecond = (milliseconds: number) => Math.round(milliseconds / 1000) * 1000;

const nextMacrotask = () => new Promise<void>((resolve) => setImmediate(resolve));
