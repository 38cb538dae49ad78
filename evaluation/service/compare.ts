import type { ServiceResult } from '../../functions/core/backtest/simulator/ledger.ts';
import { type Eyes, policyA } from '../../functions/core/backtest/simulator/policy-a.ts';
import { simulate } from '../../functions/core/backtest/simulator/simulate.ts';
import type { Availability } from '../../functions/core/decision/policy-a/input.ts';
import { readPoolGroup } from '../data/pool-group.ts';
import { defaultPolicies } from '../policies.ts';
import { profiles } from './profile.ts';

/** What somebody has seen of a pool, by its zone, at a time: milliseconds since the record began. */
export type Seen = (zone: string, at: number) => Availability;

/**
 * What policy A makes of a recorded trace in the simulator, by what it is told of the pools: what one service meets itself,
 * what was seen in a run of a fleet, and all of it.
 * @param target such as 0.9995
 * @param lastsMs how much of the record is played
 */
export function compareOnTrace(path: string, target: number, seen: Seen, lastsMs: number) {
  const recorded = readPoolGroup(path);
  const steps = Math.min(recorded.steps, Math.floor(lastsMs / 1000 / recorded.stepSeconds));
  const group = { ...recorded, steps };
  const slo = { availability: target, over: 'week' } as const;
  const play = (eyes: Eyes): ServiceResult =>
    simulate(group, policyA(group, slo, profiles.target, defaultPolicies.a, eyes), profiles.target);
  return {
    blind: play('own'),
    observed: play((pool, step) => seen(group.pools[pool]!.id, step * group.stepSeconds * 1000)),
    all: play('all'),
  };
}
