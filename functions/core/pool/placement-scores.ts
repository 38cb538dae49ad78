import { sql } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import type { Db } from '../../shared/db.ts';
import { dayMs, msSince } from '../../shared/time.ts';
import { poolIdOf } from './pool-id.ts';

/** EC2's Spot placement score of a zone, 1 to 10: how likely a Spot request there is to succeed. */
export interface PlacementScore {
  readonly az: string;
  readonly score: number;
}

/** A score is valid for two days: the job asks once a day. */
const validMs = 2 * dayMs;

/** A pool's score while it is valid, a tie-breaker between otherwise equal pools; `null` ranks below any score. */
export const scoreNow = (score: number | null, scoredAt: Date | null, now: Date): number | null =>
  score !== null && msSince(scoredAt, now) <= validMs ? score : null;

const isScore = (score: number) => Number.isInteger(score) && score >= 1 && score <= 10;

interface Scored {
  readonly instanceType: string;
  readonly region: string;
  readonly scores: readonly PlacementScore[];
}

/**
 * Stores the scores of a type's pools in a region: one statement. EC2 returns the best ten zones; the other pools'
 * scores are cleared.
 * @returns how many scores were stored
 */
export async function recordScores(db: Db, { instanceType, region, scores }: Scored, now: Date): Promise<number> {
  const usable = scores.filter(({ score }) => isScore(score));
  const values = usable.map(({ az, score }) => [poolIdOf(instanceType, az), score] as const);
  await db
    .updateTable('spotPools')
    .set({
      placementScore: caseOf('id', values, sql`NULL`) as ReturnType<typeof sql<number | null>>,
      placementScoredAt: now,
    })
    .where('instanceType', '=', instanceType)
    .where('region', '=', region)
    .execute();
  return usable.length;
}
