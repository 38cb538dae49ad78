import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Decisions are kept for 90 days; one that is repeated, for 90 days after its last repetition. */
export const decisionRetention: Retention = {
  decisions: inChunks(
    (now) => sql`DELETE FROM decisions
        WHERE decision_time < ${msBefore(now, 90 * dayMs)} AND last_time < ${msBefore(now, 90 * dayMs)} ${limitOfDelete}`,
  ),
};
