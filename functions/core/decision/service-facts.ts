import { fromDecimalOrNull } from '../../shared/decimal.ts';
import type { Agent } from '../../shared/schema.ts';
import { secondMs, weekStartOf } from '../../shared/time.ts';
import type { History } from '../agent/state.ts';
import type { ServiceFacts } from './decision-input.ts';
import { downtimeOf, lossSeconds } from './downtime.ts';
import type { PricedPlace } from './priced-pools.ts';
import { defaultTiming, timingOf } from './timing.ts';

export const secondsOf = (at: Date) => Math.floor(at.getTime() / secondMs);

/** The input of policy A for an agent with a target; `null` for one without, or where no model was asked. */
export function serviceFacts(
  agent: Agent,
  history: Pick<History, 'switches' | 'losses'>,
  { pacing, observedShare, told }: PricedPlace,
  now: Date,
): ServiceFacts | null {
  const availability = fromDecimalOrNull(agent.availabilityTarget);
  if (availability === null || told === null) return null;
  return {
    slo: { availability, over: agent.availabilityForm },
    weekStart: secondsOf(weekStartOf(now)),
    downtime: downtimeOf(history, defaultTiming),
    pacing,
    observedShare,
    timing: timingOf(lossSeconds(history, defaultTiming)),
    model: told.model,
    degraded: told.isDegraded,
  };
}
