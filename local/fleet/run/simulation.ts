/** What the simulation needs of a clock that everyone else only reads. */
export interface SettableClock {
  set(date: Date): void;
}

export interface SimulationOptions {
  readonly clock: SettableClock;
  readonly start: Date;
  /** How many real calls may be under way at once; 16 keeps two cores busy. */
  readonly concurrency?: number;
  /** Called and awaited whenever the clock has moved into another minute, before anything of that minute happens. */
  readonly onMinute?: (now: Date) => Promise<unknown>;
}

/** A pause of one process in virtual time, which another one may cut short. */
export interface Pause {
  readonly over: Promise<void>;
  /** Ends the pause now; the sleeper goes on as if its time had come. */
  wake(): void;
  /** Ends the pause now; the sleeper sees `reason` thrown. */
  abort(reason: Error): void;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  awake: boolean;
  resume(): void;
}

/**
 * Many processes on one virtual clock. A process is straight-line async code that waits in two ways only: `sleep` and
 * `pause` for virtual time, and `real` for calls that take real time. The clock stands still until every process waits
 * for virtual time, and then jumps to the earliest moment that one of them waits for. Those due in the same second run
 * concurrently, in the order in which they went to sleep.
 *
 * A process that waits in any other way (a timer, a file) is not seen, and the clock runs ahead of it.
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

  /** Starts a process. One that throws ends the whole run: an agent handles its own failures, so this is our bug. */
  spawn(process: () => Promise<unknown>): void {
    process().catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Waits for virtual time, rounded to whole seconds. */
  sleep(seconds: number): Promise<void> {
    return this.pause(seconds).over;
  }

  /** As `sleep`, for a process that others may wake or abort meanwhile. */
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

  /** Makes a call that takes real time: the clock waits for it. */
  real<T>(call: () => Promise<T>): Promise<T> {
    return this.#slots.use(call);
  }

  /** Lets time pass until `end`, until nobody waits for anything, or until `stop` is called. */
  async run(end: Date): Promise<void> {
    for (;;) {
      await this.#everyoneWaits();
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

  /** Ends `run` once the calls under way are answered. */
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

  /** Promise continuations all run before a macrotask does, so after one without calls everybody sleeps or has ended. */
  async #everyoneWaits(): Promise<void> {
    await nextMacrotask();
    while (this.#slots.inUse > 0) {
      await this.#slots.allFree();
      await nextMacrotask();
    }
  }
}

const wholeSecond = (milliseconds: number) => Math.round(milliseconds / 1000) * 1000;

const nextMacrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

/** At most `limit` calls at once; the others queue. */
class Slots {
  readonly #limit: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #whenFree: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get inUse(): number {
    return this.#running + this.#queue.length;
  }

  async use<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await call();
    } finally {
      this.#release();
    }
  }

  allFree(): Promise<void> {
    return new Promise((resolve) => this.#whenFree.push(resolve));
  }

  /** Hands the slot to the next in the queue, or frees it. */
  #release(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#whenFree) resolve();
    this.#whenFree = [];
  }
}

/** A binary heap: the sleeper of the earliest time first, and of those the one that fell asleep first. */
class EarliestFirst<T extends { readonly at: number; readonly order: number }> {
  readonly #heap: T[] = [];

  get first(): T | undefined {
    return this.#heap[0];
  }

  add(item: T): void {
    const heap = this.#heap;
    let child = heap.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    heap[0] = last;
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === parent) return;
      [heap[parent], heap[least]] = [heap[least]!, heap[parent]!];
      parent = least;
    }
  }
}

const before = (a: { at: number; order: number }, b: { at: number; order: number }) =>
  a.at < b.at || (a.at === b.at && a.order < b.order);
