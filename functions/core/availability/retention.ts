import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/**
 * States are read for a week at most, the longest window of their features; counts are what a model would be trained
 * on.
 */
export const availabilityRetention: Retention = {
  'availability of pools': inChunks(
    (now) => sql`DELETE FROM pool_availability WHERE bucket < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
  'states of pools': inChunks(
    (now) => sql`DELETE FROM pool_states WHERE observed_at < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
};
