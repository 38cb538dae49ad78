import { policyVersion } from '../decision/policy.ts';
import { servicePolicyVersion } from '../decision/recommend-service.ts';
import { defaultTiming } from '../decision/timing.ts';
import type { History } from './history.ts';
import { rounded } from './rounded.ts';
import { both, settingsPolicy } from './settings-policy.ts';
import { alwaysOnDemand, cheapest, onePool } from './simulator/baselines.ts';
import type { ServicePolicy } from './simulator/service-policy.ts';
import { simulate } from './simulator/simulate.ts';
import type { Outcome, Play } from './wire.ts';

/** Plays one agent through a place's history, with its own settings and with three simple rules to compare. */
export type Player = (play: Play) => NonNullable<Play['outcome']>;

/** @returns a player that plays only once what several plays of the place have in common */
export function playerOf(history: History): Player {
  const { group } = history;
  const known = new Map<string, Outcome>();
  const once = (key: string, policy: () => ServicePolicy) => {
    const outcome = known.get(key) ?? outcomeOf(history, policy());
    known.set(key, outcome);
    return outcome;
  };
  return ({ settings, pool_id }) => {
    const pool = group.pools.findIndex(({ id }) => id === pool_id);
    const onDemand = once('on-demand', alwaysOnDemand);
    return {
      as_asked: once(JSON.stringify(settings), () => settingsPolicy(history, settings)),
      never_moving: pool === -1 ? onDemand : once(`in ${pool}`, () => onePool(pool)),
      always_cheapest: once('cheapest', () => cheapest(group)),
      all_on_demand: onDemand,
      policy: settings.availability_target === null ? policyVersion : servicePolicyVersion,
      pools: group.pools.length,
      observed_percent: rounded(100 * history.observedShare, 2),
    };
  };
}

function outcomeOf({ group, seen }: History, policy: ServicePolicy): Outcome {
  let unseen = 0;
  const watched = both(policy, {
    interrupted: (pool, at) => {
      unseen += Number(seen[pool]![at / group.stepSeconds] !== 'down');
    },
  });
  const { cost, costRel, availability, planned, interruptions } = simulate(group, watched, defaultTiming);
  return {
    cost: rounded(cost, 6),
    savings_percent: rounded(100 * (1 - costRel), 3),
    availability_percent: rounded(100 * availability, 5),
    moves: planned,
    interruptions,
    interruptions_unseen: unseen,
  };
}
