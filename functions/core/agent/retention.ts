import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** What agents cleaned up is kept for 30 days; agents and instances are history, and are kept. */
export const agentRetention: Retention = {
  cleanups: inChunks(
    (now) => sql`DELETE FROM cleanup_logs WHERE executed_at < ${msBefore(now, 30 * dayMs)} ${limitOfDelete}`,
  ),
};
