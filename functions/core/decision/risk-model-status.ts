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
