/** A time by which something has to be done. */
export interface Deadline {
  /** The time allowed in all, in milliseconds. */
  readonly ms: number;
  /** Milliseconds left; 0 once it has passed. */
  readonly left: () => number;
}

export function within(ms: number): Deadline {
  const until = performance.now() + ms;
  return { ms, left: () => Math.max(0, until - performance.now()) };
}
