/** Runs at most `limit` calls at once; the others queue. */
export class Slots {
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

  /** Hands the slot to the next call in the queue, or frees it. */
  #release(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#whenFree) resolve();
    this.#whenFree = [];
  }
}
