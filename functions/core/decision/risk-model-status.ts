import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';

/**
 * The model that the hazards last came from, stored every ten minutes by the job that advances the shadows; `undefined`
 * while no agent has had a target. One statement.
 */
export const lastRiskModel = (db: Db) =>
  db
    .selectFrom('policyShadows')
    .select(['model', 'isDegraded', 'observedAt'])
    .orderBy('observedAt', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Whether the hazards last came from the intended model, not from a fallback: a column for a statement, 1 or 0. */
export const isModelLoaded = sql<number>`COALESCE((SELECT NOT s.is_degraded FROM policy_shadows AS s
  ORDER BY s.observed_at DESC LIMIT 1), 0)`;
