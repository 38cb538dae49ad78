import { type DueRegion, type Source, saveCollected, saveFailure } from '../core/pool/collections.ts';
import { pricesAreStale } from '../shared/alarm-lines.ts';
import type { Db } from '../shared/db.ts';
import { forEachIsolated } from '../shared/for-each-isolated.ts';
import { logger } from '../shared/logger.ts';
import type { RunTime } from '../shared/run-time.ts';
import { AwsFailure } from './aws.ts';

/** The most time that a region takes. */
const regionMs = 30_000;

/** Consecutive failures that raise an alarm: the third comes a quarter of an hour after the first. */
const alarmingFailures = 3;

/** Regions at a time. */
const atOnce = 4;

/**
 * Collects AWS data region by region, while there is time. A region that AWS refuses or that does not respond is paused
 * for longer each time, and holds up no other.
 * @param collect returns how much it stored
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
