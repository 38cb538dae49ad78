import type { ErrorCode } from './errors.ts';

export type Action = 'AssumeRole' | 'DescribeInstances';

/** One request as faults and observers see it. */
export interface Call {
  readonly action: Action;
  /** The account that is asked about; of AssumeRole, the role's. */
  readonly account: string | undefined;
  /** `undefined` for AssumeRole, which belongs to none. */
  readonly region: string | undefined;
  readonly parameters: URLSearchParams;
}

export interface Fault {
  /** AWS's code, or what happens on the way: the connection breaks, or no answer ever comes. */
  readonly error: ErrorCode | 'disconnect' | 'hang';
  /** Only these calls; any where left out. */
  readonly action?: Action;
  readonly account?: string;
  readonly region?: string;
  /** Lets this many matching calls pass first; none when left out. */
  readonly after?: number;
  /** Strikes this often and is gone; Infinity when left out: until it is removed. */
  readonly times?: number;
}

/** Errors to answer instead of the truth, in the order they were injected. */
export class Faults {
  readonly #pending = new Map<Fault, { passing: number; left: number }>();

  /** @returns removes it */
  inject(fault: Fault): () => void {
    const own = { ...fault };
    this.#pending.set(own, { passing: fault.after ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
    return () => this.#pending.delete(own);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** The fault that strikes this call now, if any; it counts as one of its times. */
  strike(call: Call): Fault['error'] | undefined {
    for (const [fault, count] of this.#pending) {
      if (!concerns(fault, call) || count.passing-- > 0) continue;
      if (--count.left <= 0) this.#pending.delete(fault);
      return fault.error;
    }
    return undefined;
  }
}

const concerns = (fault: Fault, call: Call) =>
  (['action', 'account', 'region'] as const).every((key) => fault[key] === undefined || fault[key] === call[key]);
