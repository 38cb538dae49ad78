import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Runs are kept as long as their history, so that they could be played again. */
export const backtestRetention: Retention = {
  'what-if runs': inChunks(
    (now) => sql`DELETE FROM what_if_runs WHERE created_at < ${msBefore(now, 40 * dayMs)} ${limitOfDelete}`,
  ),
};
