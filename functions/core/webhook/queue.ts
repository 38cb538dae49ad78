import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { markQueued, readUnqueued, type Unqueued } from '../event/unqueued.ts';

/** Notifications that are queued at a time. */
const page = 500;

/**
 * Puts new notifications into the queue of each webhook that wants them, and sets when the queues that were empty are
 * due. One statement if nothing is new. Notifications are marked as queued last: after a run that was killed, the next
 * one queues nothing twice.
 * @returns how many notifications it looked at
 */
export async function queueNews(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  let queued = 0;
  for (let news: Unqueued[] = []; queued === 0 || (news.length === page && hasTime()); queued += news.length) {
    news = await readUnqueued(db, page);
    if (news.length === 0) break;
    const ids = news.map(({ id }) => id);
    if (news.some(({ clientId }) => clientId !== null)) await enqueue(db, ids, sql`w.client_id = e.client_id`);
    if (news.some(({ clientId }) => clientId === null)) await enqueue(db, ids, sql`e.client_id IS NULL`);
    await setDue(db, now);
    await markQueued(db, ids);
  }
  return queued;
}

/** Skips notifications that are in the queue already, or that another run has marked as queued. */
const enqueue = (db: Db, ids: readonly string[], whose: ReturnType<typeof sql>) =>
  sql`
    INSERT INTO webhook_items (client_id, event_id)
    SELECT w.client_id, e.id FROM system_events AS e INNER JOIN webhooks AS w ON ${whose}
    WHERE e.id IN ${inList(ids)} AND e.unqueued = TRUE
      AND FIELD(e.severity, 'info', 'warning', 'error') >= FIELD(w.min_severity, 'info', 'warning', 'error')
    ON DUPLICATE KEY UPDATE event_id = webhook_items.event_id`.execute(db);

/** The first notification that waits starts the digest period that the tenant has set. */
const setDue = (db: Db, now: Date) =>
  sql`
    UPDATE webhooks AS w SET w.due_at = DATE_ADD(${now}, INTERVAL w.digest_minutes MINUTE)
    WHERE w.due_at IS NULL
      AND EXISTS (SELECT 1 FROM webhook_items AS i WHERE i.client_id = w.client_id AND i.message_id IS NULL)`.execute(
    db,
  );
