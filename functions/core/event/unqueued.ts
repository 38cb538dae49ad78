import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';

/** A notification that is in no webhook's queue yet; `clientId` is `null` for one to all tenants. */
export interface Unqueued {
  readonly id: string;
  readonly clientId: string | null;
}

/**
 * Notifications that nobody has queued yet, oldest first: one statement. Each has a mark of its own, so that one which is written
 * late, with a time that is over, is found as well (docs/adr/0048).
 */
export const readUnqueued = (db: Db, limit: number): Promise<Unqueued[]> =>
  db
    .selectFrom('systemEvents')
    .select(['id', 'clientId'])
    .where('unqueued', '=', true)
    .orderBy('createdAt')
    .limit(limit)
    .execute();

/** Marks notifications as queued. */
export const markQueued = (db: Db, ids: readonly string[]) =>
  sql`UPDATE system_events SET unqueued = NULL WHERE id IN ${inList(ids)}`.execute(db);
