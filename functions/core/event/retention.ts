import { sql } from 'kysely';
import { inChunks, limitOfDelete, type Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Events are kept for 90 days, read or not; the audit log for 180 (docs/adr/0039). */
export const eventRetention: Retention = {
  events: inChunks(
    (now) => sql`DELETE FROM system_events WHERE created_at < ${msBefore(now, 90 * dayMs)} ${limitOfDelete}`,
  ),
  // An event is read after it happened, so its read mark is never deleted before the event.
  'read notifications': inChunks(
    (now) => sql`DELETE FROM notification_reads WHERE read_at < ${msBefore(now, 90 * dayMs)} ${limitOfDelete}`,
  ),
  audit: inChunks(
    (now) => sql`DELETE FROM audit_logs WHERE created_at < ${msBefore(now, 180 * dayMs)} ${limitOfDelete}`,
  ),
};
