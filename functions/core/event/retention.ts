import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Events are kept for 90 days, read or not; what operators did for 180 (docs/adr/0039). */
export const eventRetention: Retention = {
  events: inChunks(
    (now) => sql`DELETE FROM system_events WHERE created_at < ${msBefore(now, 90 * dayMs)} ${limitOfDelete}`,
  ),
  // What was read of an event outlasts it by nothing: it was read after it happened.
  'read notifications': inChunks(
    (now) => sql`DELETE FROM notification_reads WHERE read_at < ${msBefore(now, 90 * dayMs)} ${limitOfDelete}`,
  ),
  audit: inChunks(
    (now) => sql`DELETE FROM audit_logs WHERE created_at < ${msBefore(now, 180 * dayMs)} ${limitOfDelete}`,
  ),
};
