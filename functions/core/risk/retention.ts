import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** As long as a pool's states are kept, so are its outcomes. */
export const riskRetention: Retention = {
  'risks of pools': inChunks(
    (now) => sql`DELETE FROM pool_risks WHERE rated_at < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
};
