import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Closed commands are kept for 30 days, the switches that resulted from them forever. */
export const commandRetention: Retention = {
  commands: inChunks(
    (now) => sql`DELETE FROM commands WHERE completed_at < ${msBefore(now, 30 * dayMs)}
        AND status NOT IN ('pending', 'dispatched') ${limitOfDelete}`,
  ),
};
