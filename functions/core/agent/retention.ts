import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Clean-up logs are kept for 30 days. Agents and instances are history, and are kept forever. */
export const agentRetention: Retention = {
  cleanups: inChunks(
    (now) => sql`DELETE FROM cleanup_logs WHERE executed_at < ${msBefore(now, 30 * dayMs)} ${limitOfDelete}`,
  ),
};
