import { type DailySource, type DueRegion, duePlaces, saveAsked } from '../core/pool/collections.ts';
import { recordOfferings } from '../core/pool/offerings.ts';
import { recordPriceList } from '../core/pool/on-demand.ts';
import type { Db } from '../shared/db.ts';
import { inSteps } from '../shared/in-steps.ts';
import type { RunTime } from '../shared/run-time.ts';
import { eachRegion } from './each-region.ts';
import { readOfferings } from './offerings.ts';
import { readPriceList } from './price-list.ts';

/**
 * Collects once a day what AWS says of the types and regions that agents are in: in which zones they are offered, and what they
 * cost on-demand (docs/adr/0063). What is new since, or was refused, is asked for by the next run.
 * @returns how much was kept
 */
export const collectMarket = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'collecting offerings': (share) => collect(db, 'offerings', offeringsOf, share, now),
      'collecting on-demand prices': (share) => collect(db, 'price-list', pricesOf, share, now),
    },
    time,
  );

type Collect = (db: Db, due: DueRegion, now: Date) => Promise<number>;

const offeringsOf: Collect = async (db, due, now) =>
  recordOfferings(db, { region: due.region, offerings: await readOfferings(due) }, now);

const pricesOf: Collect = async (db, due, now) =>
  recordPriceList(db, { region: due.region, prices: await readPriceList(due) }, now);

async function collect(db: Db, source: DailySource, keep: Collect, time: RunTime, now: Date): Promise<number> {
  const due = await duePlaces(db, source, now);
  const keepRegion = async (one: DueRegion) => {
    const kept = await keep(db, one, now);
    await saveAsked(db, source, one, now);
    return kept;
  };
  return eachRegion(db, { source, due }, keepRegion, time, now);
}
