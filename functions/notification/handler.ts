import { markAllRead, markRead, type Reader, selectNotifications } from '../core/event/notifications.ts';
import { requireClient } from '../core/tenant/require-client.ts';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { httpHandler } from '../shared/http.ts';
import { readPage } from '../shared/listing.ts';
import { listAudit, listTenantAudit } from './audit-log.ts';
import { notificationRoutes } from './routes.ts';

/** A row is below 5 KB even with the longest message. */
const safeSize = 200;

type Caller = Pick<Reader, 'clientId' | 'actor'>;

/**
 * Who reads, and whose notifications. A tenant may name only itself or nobody; an operator may name any existing
 * tenant.
 * @throws AppError client_not_found
 */
async function readerOf(db: Db, caller: Caller, about: string | undefined): Promise<Reader> {
  if (about !== undefined) await requireClient(db, caller, about);
  return { clientId: caller.clientId, actor: caller.actor, about };
}

export const handler = httpHandler<typeof notificationRoutes>(notificationRoutes, {
  list: async ({ db }, { caller, query }) => {
    const reader = await readerOf(db, caller, query.client_id);
    return readPage({
      list: 'N1',
      size: query.limit,
      safeSize,
      read: (limit) => selectNotifications(db, { reader, query: { ...query, limit } }),
      positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
      toItems: (rows) =>
        rows.map(({ createdAt, isRead, ...row }) => ({
          ...row,
          isRead: Boolean(isRead),
          time: createdAt.toISOString(),
        })),
    });
  },
  markRead: async ({ db, now }, { caller, params }) => {
    await markRead(db, { reader: await readerOf(db, caller, undefined), id: params.notif_id }, now);
    return { success: true };
  },
  markAllRead: async ({ db, now }, { caller, body }) => {
    const reader = await readerOf(db, caller, body.client_id);
    return { success: true, updated: await markAllRead(db, reader, now) };
  },
  audit: ({ db }, { query }) => listAudit(db, query),
  tenantAudit: ({ db }, { caller, params, query }) =>
    listTenantAudit(db, { caller, clientId: params.client_id, query }),
});
