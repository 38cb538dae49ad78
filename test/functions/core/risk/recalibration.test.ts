import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bins,
  correctedByAll,
  correctedByPool,
  noBins,
  noTally,
  type Outcome,
  withBinned,
  withOutcome,
} from '../../../../functions/core/risk/recalibration.ts';

const week = 7 * 86_400;
const start = 1_700_000_000;
const outcome = (of: Partial<Outcome> = {}): Outcome => ({ chance: 0.2, isLost: false, at: start, weight: 1, ...of });
const times = (count: number, of: Partial<Outcome>) => Array.from({ length: count }, () => outcome(of));
const tallyOf = (outcomes: readonly Outcome[]) => outcomes.reduce(withOutcome, noTally);
const binsOf = (outcomes: readonly Outcome[]): Bins => outcomes.reduce(withBinned, noBins);

describe('a chance', () => {
  it('is the model’s own without outcomes, and if they were as expected', () => {
    const asExpected = [...times(4, {}), outcome({ isLost: true })];
    for (const outcomes of [[], asExpected]) {
      expect(correctedByPool(0.3, tallyOf(outcomes), start)).toBeCloseTo(0.3, 12);
      expect(correctedByAll(0.3, binsOf(outcomes), start)).toBeCloseTo(0.3, 12);
    }
  });

  it('has its odds multiplied by the pool’s losses over those expected, which begin at eight', () => {
    // 12 losses of 20, where 4 were expected: the odds of 1 to 3 become 20 / 12 times as much.
    const tally = tallyOf([...times(12, { isLost: true }), ...times(8, {})]);
    expect(correctedByPool(0.25, tally, start)).toBeCloseTo(20 / 12 / 3 / (1 + 20 / 12 / 3), 12);
  });

  it('is shifted by the mean error of similar chances, interpolated between the middles of tenths', () => {
    // Ten more losses than expected in 40 of chances between .2 and .3, of which ten weigh as much as the model.
    const bins = binsOf([...times(20, { chance: 0.25, isLost: true }), ...times(20, { chance: 0.25 })]);
    expect(correctedByAll(0.25, bins, start)).toBeCloseTo(0.25 + 10 / 50, 12);
    expect(correctedByAll(0.3, bins, start)).toBeCloseTo(0.3 + 10 / 50 / 2, 12);
    expect(correctedByAll(0.35, bins, start)).toBeCloseTo(0.35, 12);
  });

  it('forgets: after a week outcomes weigh half', () => {
    const outcomes = times(8, { isLost: true, chance: 0.5 });
    const half = tallyOf(times(8, { isLost: true, chance: 0.5, weight: 0.5 }));
    expect(correctedByPool(0.4, tallyOf(outcomes), start + week)).toBeCloseTo(correctedByPool(0.4, half, start), 12);
    const halfOfAll = binsOf(times(8, { isLost: true, chance: 0.5, weight: 0.5 }));
    expect(correctedByAll(0.5, binsOf(outcomes), start + week)).toBeCloseTo(correctedByAll(0.5, halfOfAll, start), 12);
  });

  it('stays a chance whatever comes, and one with more losses is never lower', () => {
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    const some = fc.record({
      chance,
      isLost: fc.boolean(),
      at: fc.integer({ min: start, max: start + 3 * week }),
      weight: fc.double({ min: 0.02, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), chance, (outcomes, given) => {
        const now = start + 3 * week;
        const [tally, bins] = [tallyOf(outcomes), binsOf(outcomes)];
        const worse = outcome({ chance: 0, isLost: true, at: now });
        for (const corrected of [correctedByPool(given, tally, now), correctedByAll(given, bins, now)]) {
          expect(corrected).toBeGreaterThanOrEqual(0);
          expect(corrected).toBeLessThanOrEqual(1);
        }
        expect(correctedByPool(given, withOutcome(tally, worse), now)).toBeGreaterThanOrEqual(
          correctedByPool(given, tally, now) - 1e-12,
        );
      }),
    );
  });
});
