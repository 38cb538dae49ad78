/** When and how often an injected fault strikes. */
export interface Occurrence {
  /** Lets this many calls that it concerns pass first; none when left out. */
  readonly after?: number;
  /** Strikes this often and is gone; Infinity: until it is removed. */
  readonly times?: number;
  /** Chance to strike at each call that it concerns, 0…1; 1 when left out. */
  readonly probability?: number;
  /** Source of chance, 0…1; seed it to repeat a run. */
  readonly random?: () => number;
}

interface Rules<Fault, Call> {
  concerns(fault: Fault, call: Call): boolean;
  /** Of a fault that does not say how often it strikes. */
  readonly times: number;
}

/** Errors to answer instead of the truth, in the order they were injected. */
export class Faults<Fault extends Occurrence, Call> {
  readonly #rules: Rules<Fault, Call>;
  readonly #pending = new Map<Fault, { passing: number; left: number }>();

  constructor(rules: Rules<Fault, Call>) {
    this.#rules = rules;
  }

  /** @returns removes it */
  inject(fault: Fault): () => void {
    // A copy: the same object injected twice is two faults.
    const own = { ...fault };
    this.#pending.set(own, { passing: fault.after ?? 0, left: fault.times ?? this.#rules.times });
    return () => this.#pending.delete(own);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** The fault that strikes this call now, if any; it counts as one of its times. */
  strike(call: Call): Fault | undefined {
    for (const [fault, count] of this.#pending) {
      if (!this.#rules.concerns(fault, call) || !happens(fault) || count.passing-- > 0) continue;
      if (--count.left <= 0) this.#pending.delete(fault);
      return fault;
    }
    return undefined;
  }
}

function happens({ probability = 1, random = Math.random }: Occurrence): boolean {
  return probability >= 1 || random() < probability;
}
