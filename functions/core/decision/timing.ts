import type { Timing } from './policy-a/input.ts';

/** How long moves take, as long as nothing else is known: the target profile of docs/policies.md. */
export const defaultTiming: Timing = { launch: 90, notice: 120, attempt: 5, plannedCutover: 5, failoverCutover: 5 };

/** This many losses show what is usual. */
const enough = 3;
/** Of fewer, the longest counts, but no more than this, in seconds: what lasts longer is more likely an outage. */
const mostOfFew = 200;

/**
 * An agent's own times, by what its losses of the last week cost it (docs/adr/0097). Where that was more than a cutover,
 * its launches take longer than the notice, by as much: reports do not say how long, as agents call an instance ready
 * when EC2 does.
 * @param losses seconds of downtime of each loss
 */
export function timingOf(losses: readonly number[]): Timing {
  const sorted = losses.toSorted((a, b) => a - b);
  const longest = sorted.at(-1) ?? 0;
  const usual = sorted.length >= enough ? sorted[Math.floor(sorted.length / 2)]! : Math.min(longest, mostOfFew);
  const { failoverCutover, notice, attempt } = defaultTiming;
  if (usual <= failoverCutover) return defaultTiming;
  return { ...defaultTiming, launch: usual - failoverCutover + notice - attempt };
}
