/** A job that has to be done by a deadline. Times and work are in seconds; work is the time that it takes to run. */
export interface Deadline {
  /** Until the deadline. */
  readonly timeLeft: number;
  readonly workLeft: number;
  /** Work that each launch adds. */
  readonly overhead: number;
  /** How long until the next decision. */
  readonly period: number;
}

/**
 * What a deadline leaves of the choice: `on-demand` when there is no time for a launch on Spot that is lost and one on-demand
 * after it, `keep` when an instance that is past its overhead may go on in Spot, and `free`.
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
