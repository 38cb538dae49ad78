import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Commands that are over are kept for 30 days; the switches that came of them, for ever. */
export const commandRetention: Retention = {
  commands: inChunks(
    (now) => sql`DELETE FROM commands WHERE completed_at < ${msBefore(now, 30 * dayMs)}
        AND status NOT IN ('pending', 'dispatched') ${limitOfDelete}`,
  ),
};
