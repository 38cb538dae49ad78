import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Availability } from '../../../../functions/core/decision/policy-a/input.ts';
import { noRisk, type PoolRisk, predict, settle } from '../../../../functions/core/risk/pool-risk.ts';
import { correctedByAll, noBins, withBinned } from '../../../../functions/core/risk/recalibration.ts';
import { recalibratedOnline } from '../../../../layers/model/recalibrated-online.ts';

const chances = [0.1, 0.2, 0.6];
/** The periods up to one, of a pool whose first period has the number 0. */
const seenUntil = (periods: readonly Availability[], last: number) => ({ periods: periods.slice(0, last + 1), last });

/** What came of predictions for half an hour, made after a pool's first period. */
function outcomesOf(next: readonly Availability[]) {
  const { risk } = predict(noRisk, chances, 0);
  const periods: Availability[] = ['up', ...next];
  return settle(risk, seenUntil(periods, periods.length - 1)).outcomes[0]!.map(({ isLost, seen }) => [isLost, seen]);
}

describe('a prediction', () => {
  it('waits until its time is over, even if the pool was lost before', () => {
    expect(outcomesOf(['up', 'down'])).toEqual([]);
    expect(outcomesOf(['up', 'down', 'up'])).toEqual([[true, 1]]);
  });

  it('comes true if the pool is down in its time, and not if that is later', () => {
    expect(outcomesOf(['up', 'up', 'down'])).toEqual([[true, 1]]);
    expect(outcomesOf(['up', 'up', 'up', 'down'])).toEqual([[false, 1]]);
  });

  it('counts for as long as the pool was seen up, and for nothing if nobody saw what came', () => {
    expect(outcomesOf(['up', 'unknown', 'up'])).toEqual([[false, 1 / 3]]);
    expect(outcomesOf(['up', 'up', 'unknown'])).toEqual([[false, 2 / 3]]);
    expect(outcomesOf(['unknown', 'down', 'up'])).toEqual([]);
    expect(outcomesOf(['down', 'unknown', 'up'])).toEqual([[true, 1]]);
  });

  it('is not made likelier by gaps in what is seen', () => {
    // Pools are lost once in 20 h; the model knows it, and one period in twenty is not seen.
    let seed = 12_345;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const stays = Math.exp(-0.05 / 6);
    const truth = [3, 6, 36].map((periods) => 1 - stays ** periods);
    const counted = Array.from({ length: 40 }, () => {
      const periods = Array.from(
        { length: 1500 },
        (): Availability => (random() < 0.05 ? 'unknown' : random() < stays ? 'up' : 'down'),
      );
      let risk = noRisk;
      for (const [last, availability] of periods.entries()) {
        ({ risk } = settle(risk, seenUntil(periods, last)));
        if (availability === 'up') ({ risk } = predict(risk, truth, last));
      }
      return risk.tallies;
    });
    for (const n of [0, 1, 2]) {
      const sum = (of: 'expected' | 'lost') => counted.reduce((total, tallies) => total + tallies[n]![of], 0);
      expect(sum('lost') / sum('expected')).toBeGreaterThan(0.8);
      expect(sum('lost') / sum('expected')).toBeLessThan(1.2);
    }
  });

  it('is settled once, however seldom the job runs', () => {
    const availability = fc.constantFrom<Availability[]>('up', 'up', 'up', 'down', 'unknown');
    fc.assert(
      fc.property(
        fc.array(availability, { minLength: 60, maxLength: 120 }),
        fc.infiniteStream(fc.nat(9)),
        (seen, gaps) => {
          const periods: Availability[] = ['up', ...seen];
          const first = predict(noRisk, chances, 0).risk;
          const whole = settle(first, seenUntil(periods, periods.length - 1));
          let risk: PoolRisk = first;
          let settled = 0;
          for (let last = 0; last < periods.length; last += 1 + (gaps.next().value as number)) {
            const step = settle(risk, seenUntil(periods, last));
            risk = step.risk;
            settled += step.outcomes.flat().length;
          }
          const rest = settle(risk, seenUntil(periods, periods.length - 1));
          expect(settled + rest.outcomes.flat().length).toBe(whole.outcomes.flat().length);
          expect(rest.risk.waiting.flat()).toEqual([]);
        },
      ),
    );
  });
});

it('rates a pool as the scores of `npm run train` do', () => {
  const given = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9999 })), { minLength: 80, maxLength: 150 });
  fc.assert(
    fc.property(given, (steps) => {
      const periods = steps.map(([isUp]): Availability => (isUp ? 'up' : 'down'));
      const chanceAt = (period: number) => steps[period]![1] / 10_000;
      const hours = 1;
      const rows = [...periods.keys()].filter((period) => periods[period] === 'up' && period + 6 < periods.length);
      const scored = recalibratedOnline(
        rows.map((period) => {
          const down = periods.indexOf('down', period);
          return {
            pool: 'p',
            at: (period + 1) * 600,
            lostAfter: down < 0 ? Number.POSITIVE_INFINITY : (down - period) / 6,
          };
        }),
        rows.map(chanceAt),
        hours,
      );
      let [risk, bins] = [noRisk, noBins];
      const rated = rows.map((last) => {
        const settled = settle(risk, seenUntil(periods, last));
        bins = settled.outcomes[1]!.reduce(withBinned, bins);
        const next = predict(settled.risk, [0.5, chanceAt(last), 0.5], last);
        risk = next.risk;
        return correctedByAll(next.corrected[1]!, bins, (last + 1) * 600);
      });
      for (const [n, chance] of rated.entries()) expect(chance).toBeCloseTo(scored[n]!, 9);
    }),
    { numRuns: 30 },
  );
});
