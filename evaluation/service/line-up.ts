import {
  alwaysOnDemand,
  cheapest,
  defaultThresholds,
  onePool,
  sticky,
  thresholdRule,
  withStandby,
} from '../../functions/core/backtest/simulator/baselines.ts';
import { alone, policyA } from '../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import type { ServicePolicy } from '../../functions/core/backtest/simulator/service-policy.ts';
import type { Timing } from '../../functions/core/decision/policy-a/input.ts';
import { timingOf } from '../../functions/core/decision/timing.ts';
import type { Policies } from '../policies.ts';
import { referenceEngine } from './reference-engine.ts';

/** A policy that is scored on a group. If it has several variants, such as one for each pool, their mean counts. */
export type Contestant = readonly [name: string, variants: readonly (() => ServicePolicy)[]];

/** The availability SLOs that are scored. */
export const slos = [0.999, 0.9995] as const;

export function serviceLineUp(group: PoolGroup, timing: Timing, { a }: Policies): Contestant[] {
  const one = (name: string, make: () => ServicePolicy): Contestant => [name, [make]];
  const rule = defaultThresholds;
  return [
    one('always on-demand', alwaysOnDemand),
    ['one pool', group.pools.map((_, pool) => () => onePool(pool))],
    one('greedy', () => cheapest(group)),
    one('sticky', () => sticky(group)),
    one('sticky with a hot standby', () => withStandby(group)),
    one('cool-down 2 h', () => sticky(group, 2)),
    one('cool-down 4 h', () => sticky(group, 4)),
    one('thresholds', () => thresholdRule(group)),
    one('thresholds without the weekly cap', () => thresholdRule(group, { ...rule, switchesPerWeek: Infinity })),
    one('thresholds without the risk gate', () => thresholdRule(group, { ...rule, riskBelow: Infinity })),
    one('thresholds without the minimum stay', () => thresholdRule(group, { ...rule, hoursBetween: 0 })),
    one('thresholds without cap and risk gate', () =>
      thresholdRule(group, { ...rule, switchesPerWeek: Infinity, riskBelow: Infinity }),
    ),
    one('reference engine @0.999', () => referenceEngine(group, 0.999, timing, { from: 50, to: 800 })),
    one('reference engine @0.9995', () => referenceEngine(group, 0.9995, timing, { from: 200, to: 800 })),
    one('policy A, no SLO', () => policyA(group, null, timing, a)),
    ...slos.flatMap((availability) => [
      one(`policy A, week @${availability}`, () => policyA(group, { availability, over: 'week' }, timing, a)),
      // In the target profile it believes in its own times from the start.
      one(`policy A, told no times, week @${availability}`, () =>
        policyA(group, { availability, over: 'week' }, timing, a, 'all', { believes: timingOf }),
      ),
      one(`policy A, rolling @${availability}`, () => policyA(group, { availability, over: 'rolling' }, timing, a)),
      one(`policy A, blind, week @${availability}`, () =>
        policyA(group, { availability, over: 'week' }, timing, a, alone),
      ),
      one(`policy A, blind, rolling @${availability}`, () =>
        policyA(group, { availability, over: 'rolling' }, timing, a, alone),
      ),
    ]),
  ];
}

/** The policies that are scored on price histories, where nothing is interrupted and only prices count. */
export function priceLineUp(group: PoolGroup, timing: Timing, { a }: Policies): Contestant[] {
  const one = (name: string, make: () => ServicePolicy): Contestant => [name, [make]];
  return [
    ['one pool', group.pools.map((_, pool) => () => onePool(pool))],
    one('sticky', () => sticky(group)),
    one('thresholds', () => thresholdRule(group)),
    one('15 % cheaper', () => cheapest(group, 0.15)),
    one('5 % cheaper', () => cheapest(group, 0.05)),
    one('2 % cheaper', () => cheapest(group, 0.02)),
    one('greedy', () => cheapest(group)),
    one('policy A, no SLO', () => policyA(group, null, timing, a)),
    one('policy A, week @0.9995', () => policyA(group, { availability: 0.9995, over: 'week' }, timing, a)),
  ];
}
