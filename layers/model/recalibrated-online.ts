import {
  type Bins,
  correctedByAll,
  correctedByPool,
  noBins,
  noTally,
  type Tally,
  withBinned,
  withOutcome,
} from '../../functions/core/risk/recalibration.ts';
import { lookEvery, type TrainingRow } from './training-rows.ts';

/**
 * The chances as the control plane would have corrected them at the time: by what it had predicted for all pools until
 * then, and knew the outcomes of.
 * @param rows rows with a known outcome
 * @param chances a model's chance of a loss within `hours` for each row
 */
export function recalibratedOnline(
  rows: readonly Pick<TrainingRow, 'pool' | 'at' | 'lostAfter'>[],
  chances: readonly number[],
  hours: number,
): number[] {
  const inTime = [...rows.keys()].sort((a, b) => rows[a]!.at - rows[b]!.at);
  const tallies = new Map<string, Tally>();
  let bins: Bins = noBins;
  const tallyOf = (pool: string) => tallies.get(pool) ?? noTally;
  const byPool = new Map<number, number>();
  const corrected: number[] = [];
  let known = 0;
  for (const row of inTime) {
    const { at, pool } = rows[row]!;
    for (; rows[inTime[known]!]!.at + hours * 3600 <= at; known += 1) {
      const earlier = inTime[known]!;
      const of = rows[earlier]!;
      const outcome = { at: of.at + hours * 3600, isLost: of.lostAfter <= hours, weight: lookEvery / (hours * 3600) };
      tallies.set(of.pool, withOutcome(tallyOf(of.pool), { ...outcome, chance: chances[earlier]! }));
      bins = withBinned(bins, { ...outcome, chance: byPool.get(earlier)! });
    }
    byPool.set(row, correctedByPool(chances[row]!, tallyOf(pool), at));
    corrected[row] = correctedByAll(byPool.get(row)!, bins, at);
  }
  return corrected;
}
