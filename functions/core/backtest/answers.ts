import { iso } from '../../shared/time.ts';
import { rounded } from './rounded.ts';
import type { StoredRun, WholeRun } from './runs.ts';
import type { Outcome, Play, WhatIfAsked, WhatIfTotal } from './wire.ts';

/** How runs are shown in responses. */

export const itemOf = (run: StoredRun) => ({
  run_id: run.id,
  client_id: run.clientId,
  status: run.state,
  progress_percent: Math.floor((100 * run.playsDone) / run.playCount),
  created_at: run.createdAt.toISOString(),
  created_by: run.createdBy,
  finished_at: iso(run.finishedAt),
  from: run.periodFrom.toISOString(),
  to: run.periodTo.toISOString(),
  asked: run.asked as WhatIfAsked,
  agents: run.agents,
  agents_left_out: run.agentsLeftOut,
  failure: run.failure,
});

export const runOf = (run: WholeRun) => ({
  ...itemOf(run),
  total: run.state === 'done' ? totalOf(run.plays) : null,
  plays: [...run.plays],
  limits,
});

const limits = [
  'While no agent ran or tried to launch in a pool, it counts as down: nothing launches or stays there. Where observed_percent is low, costs may have been lower, and interruptions fewer by up to interruptions_unseen.',
  'Pools are observed in ten-minute periods, through the agents of all tenants; prices are those known at the start of each period.',
  'A service is simulated as one instance that starts on-demand without earlier history; a launch takes 90 s, a notice comes 120 s before the end, and a cutover takes 5 s.',
  'never_moving stays in the agent’s current pool, and on-demand while that pool is down. Standbys, disruption windows and manual moves are not simulated.',
];

type Strategy = 'as_asked' | 'never_moving' | 'always_cheapest' | 'all_on_demand';

/** All agents that were played together: sums, and the mean availability. `null` where none could be played. */
export function totalOf(plays: readonly Play[]): WhatIfTotal | null {
  const played = plays.flatMap(({ agents, outcome }) => (outcome ? [{ agents, outcome }] : []));
  if (played.length === 0) return null;
  const agents = played.reduce((sum, one) => sum + one.agents, 0);
  const sum = (of: (outcome: NonNullable<Play['outcome']>) => number) =>
    played.reduce((total, one) => total + one.agents * of(one.outcome), 0);
  const onDemandCost = sum(({ all_on_demand }) => all_on_demand.cost);
  const total = (strategy: Strategy): Outcome => {
    const cost = sum((outcome) => outcome[strategy].cost);
    return {
      cost: rounded(cost, 6),
      savings_percent: rounded(onDemandCost > 0 ? 100 * (1 - cost / onDemandCost) : 0, 3),
      availability_percent: rounded(sum((outcome) => outcome[strategy].availability_percent) / agents, 5),
      moves: sum((outcome) => outcome[strategy].moves),
      interruptions: sum((outcome) => outcome[strategy].interruptions),
      interruptions_unseen: sum((outcome) => outcome[strategy].interruptions_unseen),
    };
  };
  return {
    agents,
    observed_percent: rounded(sum(({ observed_percent }) => observed_percent) / agents, 2),
    as_asked: total('as_asked'),
    never_moving: total('never_moving'),
    always_cheapest: total('always_cheapest'),
    all_on_demand: total('all_on_demand'),
  };
}
