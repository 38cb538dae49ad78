import { fromDecimalOrNull } from '../../shared/decimal.ts';
import type { Agent } from '../../shared/schema.ts';
import { secondMs, weekStartOf } from '../../shared/time.ts';
import type { History } from '../agent/state.ts';
import type { ServiceFacts } from './decision-input.ts';
import { downtimeOf } from './downtime.ts';
import type { PricedPlace } from './priced-pools.ts';
import { defaultTiming } from './timing.ts';

/** Where less of the place's pools was seen in a day, the policy goes by what the agent itself met. */
const enoughObserved = 0.5;

export const secondsOf = (at: Date) => Math.floor(at.getTime() / secondMs);

/** What policy A goes by, of an agent with a target; `null` for one without. */
export function serviceFacts(
  agent: Agent,
  history: Pick<History, 'switches' | 'losses'>,
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
    downtime: downtimeOf(history, timing),
    pacing: isSeen ? pacing : null,
    observedShare,
    timing,
    model: told.model,
    degraded: told.isDegraded,
  };
}
