/** A moment by which something has to be done. */
export interface Deadline {
  /** What was allowed in all, milliseconds. */
  readonly ms: number;
  /** What is left of it, milliseconds; 0 when it is over. */
  readonly left: () => number;
}

export function within(ms: number): Deadline {
  const until = performance.now() + ms;
  return { ms, left: () => Math.max(0, until - performance.now()) };
}
