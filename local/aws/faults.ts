/** When and how often an injected fault strikes. */
export interface Occurrence {
  /** Lets this many matching calls pass first; none if omitted. */
  readonly after?: number;
  /** Strikes this many times, then is gone; Infinity: until it is removed. */
  readonly times?: number;
  /** Chance of striking each matching call, 0…1; 1 if omitted. */
  readonly probability?: number;
  /** Source of randomness, 0…1; seed it to repeat a run. */
  readonly random?: () => number;
}

interface Rules<Fault, Call> {
  concerns(fault: Fault, call: Call): boolean;
  /** How often a fault strikes that does not say so itself. */
  readonly times: number;
}

/** Errors to return instead of the real responses, in the order they were injected. */
export class Faults<Fault extends Occurrence, Call> {
  readonly #rules: Rules<Fault, Call>;
  readonly #pending = new Map<Fault, { passing: number; left: number }>();

  constructor(rules: Rules<Fault, Call>) {
    this.#rules = rules;
  }

  /** @returns a function that removes it */
  inject(fault: Fault): () => void {
    // A copy: the same object injected twice is two faults.
    const own = { ...fault };
    this.#pending.set(own, { passing: fault.after ?? 0, left: fault.times ?? this.#rules.times });
    return () => this.#pending.delete(own);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** Returns the fault that strikes this call now, if any, and counts the strike. */
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
