import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** States are used for a week at most, their features' longest window. Counts are what a model would be trained on. */
export const availabilityRetention: Retention = {
  'availability of pools': inChunks(
    (now) => sql`DELETE FROM pool_availability WHERE bucket < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
  'states of pools': inChunks(
    (now) => sql`DELETE FROM pool_states WHERE observed_at < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
};
