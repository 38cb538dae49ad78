import { fromDecimalOrNull } from '../../shared/decimal.ts';
import type { Agent } from '../../shared/schema.ts';
import { dayMs, secondMs, startOf } from '../../shared/time.ts';
import type { RecordedSwitch } from '../agent/state.ts';
import type { ServiceFacts } from './decision-input.ts';
import type { Downtime, Timing } from './policy-a/input.ts';
import type { PricedPlace } from './priced-pools.ts';
import { defaultTiming } from './timing.ts';

/** Where less of the place's pools was seen in a day, the policy goes by what the agent itself met. */
const enoughObserved = 0.5;

export const secondsOf = (at: Date) => Math.floor(at.getTime() / secondMs);

/** What policy A goes by, of an agent with a target; `null` for one without. */
export function serviceFacts(
  agent: Agent,
  switches: readonly RecordedSwitch[],
  { pacing, observedShare, told }: PricedPlace,
  now: Date,
): ServiceFacts | null {
  const availability = fromDecimalOrNull(agent.availabilityTarget);
  if (availability === null || told === null) return null;
  const timing = defaultTiming;
  const isSeen = pacing !== null && observedShare >= enoughObserved;
  return {
    slo: { availability, over: agent.availabilityForm },
    weekStart: secondsOf(weekStartOf(now)),
    // Without the prices that downtime was accepted at, it tells nothing of what a price leads to: the prior alone does.
    startedAt: secondsOf(isSeen ? agent.createdAt : now),
    downtime: downtimeOf(switches, timing),
    pacing: isSeen ? pacing : null,
    observedShare,
    timing,
    model: told.model,
    degraded: told.isDegraded,
  };
}

/** Weeks begin on Monday, UTC; 1970 did on a Thursday. */
export const weekStartOf = (now: Date) =>
  new Date(startOf(7 * dayMs, new Date(now.getTime() + 3 * dayMs)).getTime() - 3 * dayMs);

/**
 * What an agent was down for, by its own record of the changes of its primary. A report that says less than a cutover takes has
 * not measured it.
 */
const downtimeOf = (switches: readonly RecordedSwitch[], timing: Timing): Downtime[] =>
  switches.map(({ at, seconds, isEmergency }) => ({
    at,
    seconds: Math.max(seconds, isEmergency ? timing.failoverCutover : timing.plannedCutover),
  }));
