import { describe, expect, it } from 'vitest';
import type { History } from '../../../../functions/core/backtest/history.ts';
import { eyesOf, settingsPolicy } from '../../../../functions/core/backtest/settings-policy.ts';
import type { Sight } from '../../../../functions/core/backtest/simulator/service-policy.ts';
import { simulate } from '../../../../functions/core/backtest/simulator/simulate.ts';
import type { PlayedSettings } from '../../../../functions/core/backtest/wire.ts';
import { defaultTiming } from '../../../../functions/core/decision/timing.ts';
import fc from '../../../support/fast-check.ts';

const steps = 400;
const stepSeconds = 600;

const plain: PlayedSettings = {
  availability_target: null,
  availability_form: 'week',
  min_savings_percent: 5,
  risk_threshold: 1,
  max_switches_per_week: 100,
  max_switches_per_day: 100,
  min_pool_duration_hours: 0,
  limits_hold: true,
};
const settings: Record<string, PlayedSettings> = {
  rules: plain,
  'rules with limits': { ...plain, max_switches_per_day: 1, min_pool_duration_hours: 6, min_savings_percent: 15 },
  target: { ...plain, availability_target: 99.9, limits_hold: false },
  'target with limits': { ...plain, availability_target: 99, availability_form: 'rolling', max_switches_per_day: 2 },
};

const names = ['down', 'up', 'unknown'] as const;
/** Spells of 1 to 40 steps: how many, what was seen, and the price in percent of on-demand. */
const spells = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 20, max: 90 })),
  { minLength: 60, maxLength: 60 },
);
type Spells = readonly (readonly [number, number, number])[];

function expand(runs: Spells) {
  const all = runs.flatMap(([length, kind, price]) =>
    Array.from({ length }, () => ({ seen: kind > 2 ? ('up' as const) : names[kind]!, price: price / 100 })),
  );
  return Array.from({ length: steps }, (_, step) => all[step] ?? { seen: 'up' as const, price: 0.5 });
}

function historyOf(pools: readonly ReturnType<typeof expand>[]): History {
  return {
    from: new Date('2026-01-01T00:00:00Z'),
    group: {
      id: 'g',
      stepSeconds,
      steps,
      onDemandPrice: 1,
      // What the tenant pays changes as well.
      onDemandPaid: Float64Array.from(pools[0]!, ({ price }) => 0.4 + price / 2),
      pools: pools.map((pool, n) => ({
        id: `p${n}`,
        onDemandPrice: 1,
        up: Uint8Array.from(pool, ({ seen }) => Number(seen === 'up')),
        prices: Float64Array.from(pool, ({ price }) => price),
        paid: Float64Array.from(pool, ({ price }) => 0.9 * price),
      })),
    },
    seen: pools.map((pool) => pool.map(({ seen }) => seen)),
    lossHours: pools.map((pool) => pool.flatMap(({ seen }, step) => (seen === 'down' && step % 6 === 0 ? [step] : []))),
    observedShare: 1,
  };
}

/** What the policy wanted in each step before `end` as it played the history. */
function wantedBefore(history: History, played: PlayedSettings, end: number): string[] {
  const policy = settingsPolicy(history, played);
  const wanted: string[] = [];
  const noted = (what: string, by: (sight: Sight) => readonly number[]) => (sight: Sight) => {
    const targets = by(sight);
    if (sight.now < end * stepSeconds) wanted.push(`${what} ${sight.now} ${targets.join()}`);
    return targets;
  };
  const watched = { ...policy, decide: noted('move', policy.decide), failover: noted('failover', policy.failover) };
  simulate(history.group, watched, defaultTiming);
  return wanted;
}

describe.each(Object.entries(settings))('a back-test of %s', (_, played) => {
  it('does not depend on what happens later', () => {
    fc.assert(
      fc.property(spells, spells, spells, spells, fc.integer({ min: 50, max: steps - 1 }), (a, b, c, d, end) => {
        const [one, two, other, another] = [expand(a), expand(b), expand(c), expand(d)];
        const until = (pool: typeof one, rest: typeof one) => [...pool.slice(0, end), ...rest.slice(end)];
        const before = wantedBefore(historyOf([one, two]), played, end);
        const after = wantedBefore(historyOf([until(one, other), until(two, another)]), played, end);
        expect(after).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });

  it('moves to a pool that is cheap and up', () => {
    const calm = expand(Array.from({ length: 60 }, () => [40, 5, 30] as const));
    const before = wantedBefore(historyOf([calm, calm]), played, steps);
    expect(before.some((one) => /^move \d+ \d/.test(one))).toBe(true);
  });
});

it('a policy is told what was seen in the period before, and never what happens in the current one', () => {
  const seen = [['up', 'down', 'unknown']] as const;
  const eyes = eyesOf({ seen }) as (pool: number, step: number) => string;
  expect([0, 1, 2, 3].map((step) => eyes(0, step))).toEqual(['unknown', 'up', 'down', 'unknown']);
});
