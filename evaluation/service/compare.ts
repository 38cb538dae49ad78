import type { ServiceResult } from '../../functions/core/backtest/simulator/ledger.ts';
import { alone, type Eyes, policyA } from '../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { simulate } from '../../functions/core/backtest/simulator/simulate.ts';
import type { Availability } from '../../functions/core/decision/policy-a/input.ts';
import { secondsIntoWeek } from '../../functions/shared/time.ts';
import { readPoolGroup } from '../data/pool-group.ts';
import { defaultPolicies } from '../policies.ts';
import { profiles } from './profile.ts';

/** What is known about a pool, by its zone, at a time in milliseconds since the record began. */
export type Seen = (zone: string, at: number) => Availability;

/** Means over the agents of a run. */
export type Compared = Pick<ServiceResult, 'costRel' | 'availability' | 'onDemandFraction'>;

interface Run {
  /** The recorded trace. */
  readonly path: string;
  /** The availability target, such as 0.9995. */
  readonly target: number;
  readonly seen: Seen;
  /** When the record began for the fleet. Needed because budgets cover calendar weeks. */
  readonly from: Date;
  /** How much of the record is played, milliseconds. */
  readonly lastsMs: number;
  /** Groups of agents, with the zones of their region, from which they may choose. */
  readonly places: readonly { readonly zones: readonly string[]; readonly agents: number }[];
}

/**
 * Simulates policy A on a recorded trace with three views of the pools: only what one service observes itself, what a
 * fleet observed in a run, and everything.
 */
export function compareOnTrace({ path, target, seen, from, lastsMs, places }: Run) {
  const recorded = readPoolGroup(path);
  const steps = Math.min(recorded.steps, Math.floor(lastsMs / 1000 / recorded.stepSeconds));
  const slo = { availability: target, over: 'week' } as const;
  const fleet = places.reduce((sum, { agents }) => sum + agents, 0);
  const play = (eyesOn: (group: PoolGroup) => Eyes): Compared => {
    const parts = places.map(({ zones, agents }) => {
      const pools = recorded.pools.filter(({ id }) => zones.includes(id));
      const group = { ...recorded, intoWeek: secondsIntoWeek(from), steps, pools };
      const policy = policyA(group, slo, profiles.target, defaultPolicies.a, eyesOn(group));
      return { result: simulate(group, policy, profiles.target), share: agents / fleet };
    });
    const mean = (of: keyof Compared) => parts.reduce((sum, { result, share }) => sum + share * result[of], 0);
    return {
      costRel: mean('costRel'),
      availability: mean('availability'),
      onDemandFraction: mean('onDemandFraction'),
    };
  };
  return {
    blind: play(() => alone),
    observed: play(
      ({ pools, stepSeconds }) =>
        (pool, step) =>
          seen(pools[pool]!.id, step * stepSeconds * 1000),
    ),
    all: play(() => 'all'),
  };
}
