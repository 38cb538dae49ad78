import { type DueRegion, type Source, saveCollected, saveFailure } from '../core/pool/collections.ts';
import { pricesAreStale } from '../shared/alarm-lines.ts';
import type { Db } from '../shared/db.ts';
import { forEachIsolated } from '../shared/for-each-isolated.ts';
import { logger } from '../shared/logger.ts';
import type { RunTime } from '../shared/run-time.ts';
import { AwsFailure } from './aws.ts';

/** What a region takes at most. */
const regionMs = 30_000;

/** Runs in a row after which somebody has to look: EC2's Spot prices are asked for each five minutes. */
const alarmingFailures = 3;

/** Regions at a time. */
const atOnce = 4;

/**
 * Collects something of AWS's region by region, as long as there is time. A region that AWS refuses, or does not answer for, is
 * left alone for longer each time, and holds up no other.
 * @param collect says how much it has kept
 * @returns the sum of that
 */
export function eachRegion(
  db: Db,
  { source, due }: { readonly source: Source; readonly due: readonly DueRegion[] },
  collect: (due: DueRegion) => Promise<number>,
  { hasTime }: RunTime,
  now: Date,
): Promise<number> {
  const collectRegion = async (one: DueRegion): Promise<number> => {
    const { region, failures } = one;
    try {
      const kept = await collect(one);
      await saveCollected(db, { source, region }, now);
      return kept;
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      logger.warn('AWS did not tell what is collected', { source, region, error });
      await saveFailure(db, { source, region }, { failures, error: error.code }, now);
      if (source === 'spot-prices' && failures + 1 >= alarmingFailures)
        logger.error(pricesAreStale, { region, failures: failures + 1 });
      return 0;
    }
  };
  return forEachIsolated(`collecting ${source}`, due, collectRegion, {
    atOnce,
    hasTime: () => hasTime(regionMs),
    name: ({ region }) => ({ region }),
  });
}
