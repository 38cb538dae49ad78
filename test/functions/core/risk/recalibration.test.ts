import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bins,
  correctedByAll,
  correctedByPool,
  noBins,
  noTally,
  type Outcome,
  shownChances,
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

  it('has its odds multiplied by what they came to for similar chances, interpolated between the middles of tenths', () => {
    // 20 lost of 40, of which 10 were expected, after ten as expected: 22.5 of 50 in place of 12.5 of 50.
    const bins = binsOf([...times(20, { chance: 0.25, isLost: true }), ...times(20, { chance: 0.25 })]);
    const factor = 22.5 / 27.5 / (1 / 3);
    const chanceOf = (odds: number) => odds / (1 + odds);
    expect(correctedByAll(0.25, bins, start)).toBeCloseTo(22.5 / 50, 12);
    expect(correctedByAll(0.3, bins, start)).toBeCloseTo(chanceOf((3 / 7) * Math.sqrt(factor)), 12);
    expect(correctedByAll(0.35, bins, start)).toBeCloseTo(0.35, 12);
  });

  it('counts a time that was not observed whole by its observed share', () => {
    const half = tallyOf([outcome({ chance: 0.36, weight: 0.5, seen: 0.5 })]);
    expect(half).toMatchObject({ weight: 0.5, expected: expect.closeTo(0.2, 12), lost: 0 }); // two halves without: .8²
  });

  it('is never sure, and never higher for less time', () => {
    expect(shownChances([0, 0.2, 1])).toEqual([0.0001, 0.2, 0.9999]);
    expect(shownChances([0.3, 0.2, 0.25])).toEqual([0.3, 0.3, 0.3]);
    const sure = binsOf(times(500, { chance: 1, isLost: true }));
    expect(correctedByAll(1, sure, start)).toBeLessThan(1);
    expect(correctedByAll(0, binsOf(times(500, { chance: 0 })), start)).toBeGreaterThan(0);
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
      seen: fc.constantFrom(1, 0.5),
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
        expect(correctedByAll(given, bins, now)).toBeGreaterThan(0);
        expect(correctedByAll(given, bins, now)).toBeLessThan(1);
        expect(correctedByPool(given, withOutcome(tally, worse), now)).toBeGreaterThanOrEqual(
          correctedByPool(given, tally, now) - 1e-12,
        );
      }),
    );
  });
});
