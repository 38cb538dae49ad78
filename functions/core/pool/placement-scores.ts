import { sql } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import type { Db } from '../../shared/db.ts';
import { dayMs, msSince } from '../../shared/time.ts';
import { poolIdOf } from './pool-id.ts';

/** EC2's own guess, 1 to 10, of how likely a request for Spot instances in a zone is to succeed. */
export interface PlacementScore {
  readonly az: string;
  readonly score: number;
}

/** The job asks once a day: a score is of now until it could have been asked for twice. */
const validMs = 2 * dayMs;

/** A score that counts where pools are equal in all else: higher is better, and none is below all. */
export const scoreNow = (score: number | null, scoredAt: Date | null, now: Date): number | null =>
  score !== null && msSince(scoredAt, now) <= validMs ? score : null;

/** Whether it can be a score. */
const isScore = (score: number) => Number.isInteger(score) && score >= 1 && score <= 10;

interface Scored {
  readonly instanceType: string;
  readonly region: string;
  readonly scores: readonly PlacementScore[];
}

/** Keeps the scores of a type's pools in a region, in one statement; EC2 tells those of the best ten zones. @returns how many */
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
