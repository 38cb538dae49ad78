import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Losses of pools are read for 30 days. Standbys and notices are history and are kept for ever. */
export const failoverRetention: Retention = {
  'losses of pools': inChunks(
    (now) => sql`DELETE FROM pool_losses WHERE bucket < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
};
