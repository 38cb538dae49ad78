/** The local control plane's source of time: the gateway stamps requests with it, and the scheduler follows it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until it is set, so that a month of events can be played in minutes. */
export class VirtualClock implements Clock {
  #now: Date;

  constructor(start: Date) {
    this.#now = new Date(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** @throws RangeError when `date` is earlier than now: what was decided at a time cannot be undone */
  set(date: Date): void {
    if (!(date >= this.#now))
      throw new RangeError(`the clock stands at ${this.#now.toISOString()} and cannot go back to ${String(date)}`);
    this.#now = new Date(date);
  }
}
