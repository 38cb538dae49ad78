import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';

/**
 * What told hazards last, which the job that moves shadows on keeps each ten minutes; `undefined` while no agent has a target. One
 * statement.
 */
export const lastRiskModel = (db: Db) =>
  db
    .selectFrom('policyShadows')
    .select(['model', 'isDegraded', 'observedAt'])
    .orderBy('observedAt', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Whether a model told them, and nothing that stands in for one: a column of a statement, 1 or 0. */
export const isModelLoaded = sql<number>`COALESCE((SELECT NOT s.is_degraded FROM policy_shadows AS s
  ORDER BY s.observed_at DESC LIMIT 1), 0)`;
