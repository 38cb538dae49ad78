/** A job that has to be done by a deadline. Times and work are in seconds; work is measured as running time. */
export interface Deadline {
  /** Time until the deadline. */
  readonly timeLeft: number;
  readonly workLeft: number;
  /** Work that each launch adds. */
  readonly overhead: number;
  /** Time until the next decision. */
  readonly period: number;
}

/**
 * What choice a deadline leaves.
 * `on-demand`: no time for a Spot launch that is lost and an on-demand launch after it. A job already in Spot needs
 * time for the latter alone.
 * `keep`: no time for a launch, but an instance past its overhead may stay in Spot.
 * `free`: any choice.
 */
export function safetyNet(
  { timeLeft, workLeft, overhead, period }: Deadline,
  spot: { readonly overheadLeft: number } | null,
): 'free' | 'keep' | 'on-demand' {
  const time = Math.floor(timeLeft / period) * period;
  const needs = (launches: number) => Math.ceil((workLeft + launches * overhead) / period - 1e-9) * period;
  if (needs(1) >= time) return spot && spot.overheadLeft < 1e-3 ? 'keep' : 'on-demand';
  return needs(2) >= time && !spot ? 'on-demand' : 'free';
}
