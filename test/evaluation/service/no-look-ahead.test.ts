import { describe, expect, it } from 'vitest';
import { profiles } from '../../../evaluation/service/profile.ts';
import { referenceEngine } from '../../../evaluation/service/reference-engine.ts';
import {
  alwaysOnDemand,
  cheapest,
  onePool,
  sticky,
  thresholdRule,
  withStandby,
} from '../../../functions/core/backtest/simulator/baselines.ts';
import { alone, policyA } from '../../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../../functions/core/backtest/simulator/pool-group.ts';
import type { ServicePolicy, Sight } from '../../../functions/core/backtest/simulator/service-policy.ts';
import { simulate } from '../../../functions/core/backtest/simulator/simulate.ts';
import { policyAConfig } from '../../../functions/core/decision/policy-a/config.ts';
import fc from '../../support/fast-check.ts';

const timing = profiles.target;
const stepSeconds = 600;
const steps = 300;

const policies: Record<string, (group: PoolGroup) => ServicePolicy> = {
  'always on-demand': alwaysOnDemand,
  'one pool': () => onePool(1),
  greedy: (group) => cheapest(group),
  sticky: (group) => sticky(group),
  'cool-down': (group) => sticky(group, 2),
  'hot standby': withStandby,
  thresholds: (group) => thresholdRule(group),
  'reference engine': (group) => referenceEngine(group, 0.999, timing, { from: 50, to: 800 }),
  'policy A, week': (group) => policyA(group, { availability: 0.999, over: 'week' }, timing, policyAConfig),
  'policy A, rolling': (group) => policyA(group, { availability: 0.999, over: 'rolling' }, timing, policyAConfig),
  'policy A, blind': (group) => policyA(group, { availability: 0.999, over: 'week' }, timing, policyAConfig, alone),
  'policy A, no SLO': (group) => policyA(group, null, timing, policyAConfig),
};

/** Alternating spells with and without capacity, each as its number of steps and its price in hundredths. */
const spells = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 20, max: 110 })), {
  minLength: 40,
  maxLength: 40,
});

function record(id: string, runs: readonly (readonly [number, number])[]) {
  const up = new Uint8Array(steps);
  const prices = new Float64Array(steps);
  let step = 0;
  for (const [index, [length, price]] of runs.entries()) {
    up.fill(index % 2, step, step + length);
    prices.fill(price / 100, step, step + length);
    step += length;
  }
  prices.fill(0.5, Math.min(step, steps));
  return { id, onDemandPrice: 1, up, prices };
}

const groupOf = (pools: PoolGroup['pools']): PoolGroup => ({
  id: 'random',
  stepSeconds,
  steps,
  onDemandPrice: 1,
  pools,
});

/** What a policy asked for before the step `until`. */
function wishes(group: PoolGroup, make: (group: PoolGroup) => ServicePolicy, until: number): string[] {
  const said: string[] = [];
  const policy = make(group);
  const noted =
    (kind: 'decide' | 'failover' | 'standby') =>
    (sight: Parameters<ServicePolicy['decide']>[0]): readonly number[] => {
      const places = policy[kind]!(sight);
      if (sight.now < until * stepSeconds) said.push(`${kind} at ${sight.now} in ${sight.current}: ${places}`);
      return places;
    };
  const standby = policy.standby ? { standby: noted('standby') } : {};
  simulate(group, { ...policy, decide: noted('decide'), failover: noted('failover'), ...standby }, timing);
  return said;
}

describe('a service policy', () => {
  it.each(Object.entries(policies))('%s does not look ahead: the future changes no earlier decision', (_, make) => {
    const pool = fc.tuple(spells, spells);
    fc.assert(
      fc.property(
        fc.array(pool, { minLength: 2, maxLength: 3 }),
        fc.integer({ min: 1, max: steps - 1 }),
        (pools, from) => {
          const pasts = pools.map(([runs], index) => record(`pool ${index}`, runs));
          const futures = pools.map(([, runs], index) => {
            const past = pasts[index]!;
            const other = record(past.id, runs);
            other.up.set(past.up.subarray(0, from));
            other.prices.set(past.prices.subarray(0, from));
            return other;
          });
          expect(wishes(groupOf(futures), make, from)).toEqual(wishes(groupOf(pasts), make, from));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('that looks ahead would be caught by this test', () => {
    const cheat = (group: PoolGroup): ServicePolicy => ({
      decide: (sight) => (group.pools[0]!.up[sight.step + 1] ? [0] : []),
      failover: () => [],
    });
    const past = record('pool 0', [[1, 50], [99, 50], [200, 50]]); // biome-ignore format: one spell after the other
    const future = { ...past, up: past.up.with(50, 0) };
    expect(wishes(groupOf([future]), cheat, 50)).not.toEqual(wishes(groupOf([past]), cheat, 50));
  });

  it('that is blind looks at no pool but its own', () => {
    fc.assert(
      fc.property(fc.tuple(spells, spells), (runs) => {
        const group = groupOf(runs.map((own, index) => record(`pool ${index}`, own)));
        const policy = policyA(group, { availability: 0.99, over: 'week' }, timing, policyAConfig, alone);
        const covered = (sight: Sight): Sight => ({
          ...sight,
          isUp(pool) {
            expect(pool).toBe(sight.current);
            return sight.isUp(pool);
          },
        });
        simulate(
          group,
          {
            ...policy,
            begin: (sight) => policy.begin!(covered(sight)),
            decide: (sight) => policy.decide(covered(sight)),
            failover: (sight) => policy.failover(covered(sight)),
          },
          timing,
        );
      }),
      { numRuns: 15 },
    );
  });
});
