import type { Call } from '../../../local/aws/data-api/faults.ts';
import type { DataApi } from '../../../local/aws/data-api/server.ts';
import type { Random } from '../../../local/random.ts';

/** A Data API call that waits to be carried out, or whose response waits to be returned. */
interface Waiting {
  readonly what: string;
  readonly go: () => void;
}

/** Threads that do nothing for this long may wait for a lock. */
const mayBeLockedMs = 2;

/**
 * Lets the Data API calls of concurrent threads, and their responses, through one by one, in a random order that a seed
 * reproduces. The next one goes when all threads stand still: here, or at a lock in the database.
 */
export class Turns {
  readonly #dataApi: DataApi;
  readonly #random: Random;
  /** How many statements wait for a lock now. */
  readonly #lockWaits: () => Promise<number>;
  #threads = 0;
  readonly #waiting: Waiting[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(dataApi: DataApi, random: Random, lockWaits: () => Promise<number>) {
    this.#dataApi = dataApi;
    this.#random = random;
    this.#lockWaits = lockWaits;
  }

  /** @throws the error of the first thread that failed, when all have ended */
  async run(threads: readonly (() => Promise<unknown>)[]): Promise<void> {
    this.#dataApi.onCall = (call) => this.#wait('call', call);
    this.#dataApi.onDone = (call) => this.#wait('done', call);
    const ends: Promise<unknown>[] = [];
    try {
      for (const thread of threads) {
        this.#threads += 1;
        ends.push(thread().finally(() => this.#change(() => (this.#threads -= 1))));
        await this.#standstill();
      }
      while (this.#threads > 0) {
        this.#letOneGo();
        await this.#standstill();
      }
    } finally {
      this.#dataApi.onCall = undefined;
      this.#dataApi.onDone = undefined;
      for (const { go } of this.#waiting.splice(0)) go();
    }
    for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason;
  }

  #wait(when: string, { operation, sql = '' }: Call) {
    return new Promise<void>((go) => {
      this.#change(() => this.#waiting.push({ what: `${when} ${operation} ${sql}`, go }));
    });
  }

  #change(change: () => void) {
    change();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #letOneGo() {
    // A commit and the statement that it unblocks finish at the same time: either may be the first in the list.
    this.#waiting.sort((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : 0));
    const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
    next?.go();
  }

  async #standstill() {
    while (this.#waiting.length < this.#threads) {
      const { promise: changed } = this.#changed;
      const isChanged = await within(mayBeLockedMs, changed);
      if (isChanged || this.#waiting.length === 0) continue;
      const locked = await this.#lockWaits();
      if (this.#waiting.length + locked === this.#threads && !(await within(0, changed))) return;
    }
  }
}

/** @returns whether it came in time */
async function within(ms: number, event: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, ms, false);
  const inTime = await Promise.race([event.then(() => true), late.promise]);
  clearTimeout(timer);
  return inTime;
}
