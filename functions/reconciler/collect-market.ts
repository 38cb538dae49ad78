import { countAsked, type DailySource, type DueRegion, duePlaces, saveAsked } from '../core/pool/collections.ts';
import { recordOfferings } from '../core/pool/offerings.ts';
import { recordPriceList } from '../core/pool/on-demand.ts';
import { recordScores } from '../core/pool/placement-scores.ts';
import type { Db } from '../shared/db.ts';
import { scoreEnv } from '../shared/env.ts';
import { inSteps } from '../shared/in-steps.ts';
import type { RunTime } from '../shared/run-time.ts';
import { dayMs, msBefore } from '../shared/time.ts';
import { collectAdvice } from './collect-advice.ts';
import { collectCapacity } from './collect-capacity.ts';
import { eachRegion } from './each-region.ts';
import { readOfferings } from './offerings.ts';
import { ScoreReader } from './placement-scores.ts';
import { readPriceList } from './price-list.ts';

/**
 * Collects once a day AWS's data on the types and regions that agents are in: in which zones they are offered, what
 * they cost on-demand (docs/adr/0063), how often they are interrupted, and how they score (docs/adr/0064). The next run
 * asks about types that are new, or that were refused.
 * @returns how much was stored
 */
export const collectMarket = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'collecting offerings': (share) => collect(db, 'offerings', offeringsOf, share, now),
      'collecting on-demand prices': (share) => collect(db, 'price-list', pricesOf, share, now),
      "collecting Spot Advisor's bands": (share) => collectAdvice(db, share, now),
      'collecting placement scores': (share) => collectScores(db, share, now),
      'reading Capacity Manager': (share) => collectCapacity(db, share, now),
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

/** Scores as many types a day as the operator has set, those that have waited longest first. */
async function collectScores(db: Db, time: RunTime, now: Date): Promise<number> {
  const most = scoreEnv().PLACEMENT_SCORES_A_DAY;
  if (most === 0) return 0;
  const room = most - (await countAsked(db, 'placement-scores', msBefore(now, dayMs)));
  if (room <= 0) return 0;
  const due = await duePlaces(db, 'placement-scores', now, room);
  const source = 'placement-scores';
  return eachRegion(db, { source, due }, (one) => scoreRegion(db, one, now), time, now);
}

async function scoreRegion(db: Db, { region, instanceTypes }: DueRegion, now: Date): Promise<number> {
  const reader = new ScoreReader(region);
  let kept = 0;
  try {
    for (const instanceType of instanceTypes) {
      const scores = await reader.read(instanceType);
      kept += await recordScores(db, { instanceType, region, scores }, now);
      // One by one: each request counts against the quota, even if the next one is refused.
      await saveAsked(db, 'placement-scores', { region, instanceTypes: [instanceType] }, now);
    }
  } finally {
    reader.close();
  }
  return kept;
}
