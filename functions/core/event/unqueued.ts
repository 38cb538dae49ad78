import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';

/** A notification that is not in any webhook's queue yet; `clientId` is `null` for one to all tenants. */
export interface Unqueued {
  readonly id: string;
  readonly clientId: string | null;
}

/**
 * Notifications that are not queued yet, oldest first. One statement. Each has its own mark, so that one that is
 * committed late, with an earlier time, is found as well (docs/adr/0048).
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
