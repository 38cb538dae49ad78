import { describe, expect, it } from 'vitest';
import { costsOf } from '../../../../../functions/core/decision/policy-a/budget.ts';
import { policyAConfig, week } from '../../../../../functions/core/decision/policy-a/config.ts';
import type { RatedPool } from '../../../../../functions/core/decision/policy-a/input.ts';
import { pacedLambda } from '../../../../../functions/core/decision/policy-a/pacing.ts';
import { PoolHistoryTracker } from '../../../../../functions/core/decision/policy-a/pool-history.ts';
import {
  advanceShadows,
  lambdasOf,
  type Shadows,
  startShadows,
} from '../../../../../functions/core/decision/policy-a/shadows.ts';

const timing = { launch: 90, notice: 120, attempt: 5, plannedCutover: 5, failoverCutover: 5 };
const { pacing } = policyAConfig;
const history = new PoolHistoryTracker(600).history();
const pool = (availability: RatedPool['availability']): RatedPool => ({
  id: 'a',
  price: 0.3,
  hazard: 0.5,
  history,
  availability,
  score: availability === 'down' ? -Infinity : 1,
});

const advance = (shadows: Shadows, now: number, availability: RatedPool['availability']) =>
  advanceShadows(shadows, [pool(availability)], now, timing, costsOf(timing), pacing);

describe('shadow services', () => {
  it('enter a pool if their price of downtime allows it, and pay again when it is lost', () => {
    const entered = advance(startShadows(0, pacing), 0, 'up');
    // A score of 1 on-demand hour is worth 10 s of downtime at less than 360 on-demand seconds each.
    const cheap = lambdasOf(pacing.lambdas).map((lambda) => lambda < 360);
    expect(entered.pools).toEqual(cheap.map((isIn) => (isIn ? 'a' : null)));
    expect(entered.sums).toEqual(cheap.map((isIn) => (isIn ? 5 : 0)));
    const lost = advance(entered, 600, 'down');
    expect(lost.pools.every((place) => place === null)).toBe(true);
    expect(lost.sums).toEqual(cheap.map((isIn) => (isIn ? 10 : 0)));
  });

  it('fail over to a pool that is worth half of an interruption at their price', () => {
    const other = (score: number): RatedPool => ({ ...pool('up'), id: 'b', score });
    const step = (shadows: Shadows, now: number, pools: RatedPool[]) =>
      advanceShadows(shadows, pools, now, timing, costsOf(timing), pacing);
    const entered = step(startShadows(0, pacing), 0, [pool('up'), other(0.2)]);
    expect(entered.pools.filter(Boolean).every((place) => place === 'a')).toBe(true);
    const lost = step(entered, 600, [pool('down'), { ...other(0.2), score: -1 }]);
    // What was known at the notice counts: 0.2 on-demand hours are 5 s at 144 on-demand seconds each, and half of it at 288.
    expect(lost.pools).toEqual(lambdasOf(pacing.lambdas).map((lambda) => (lambda < 288 ? 'b' : null)));
  });

  it('stay where they are while nothing is known, and enter no pool of unknown availability', () => {
    const entered = advance(startShadows(0, pacing), 0, 'up');
    expect(advance(entered, 600, 'unknown').pools).toEqual(entered.pools);
    expect(advance(startShadows(0, pacing), 0, 'unknown').pools.every((place) => place === null)).toBe(true);
  });

  it('forget downtime after a week, and survive being stored', () => {
    let shadows = startShadows(0, pacing);
    for (let step = 0; step < 1100; step += 1)
      shadows = JSON.parse(JSON.stringify(advance(shadows, step * 600, step % 2 === 0 ? 'up' : 'down')));
    const spent = shadows.spent.reduce((sum, { seconds }) => sum + seconds[0]!, 0);
    expect(shadows.sums[0]).toBe(spent);
    expect(shadows.spent[0]!.at).toBe(1099 * 600 - week + 600);
    expect(spent).toBe(5 * 1008);
  });

  it('raise the price of downtime as less of it can be afforded', () => {
    let shadows = startShadows(0, pacing);
    for (let step = 0; step < 1000; step += 1) shadows = advance(shadows, step * 600, step % 10 < 5 ? 'up' : 'down');
    const lambdas = [1, 0.002, 0.001, 0.0005, 0].map((rate) => pacedLambda(rate, shadows, 600_000, pacing));
    expect(lambdas).toEqual([...lambdas].sort((a, b) => a - b));
    expect(lambdas[0]).toBeCloseTo(pacing.lambdas.from, 9);
    expect(lambdas.at(-1)).toBe(pacing.lambdas.to);
  });
});
