import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import type { AuditQuery, TenantAuditQuery } from './answers.ts';

/** This many rows fit in one Data API response even if each has the largest before and after states. */
const safeSize = 40;

/** Who did what to whom, newest first (protocol U1). One statement, through the index of actor, action or tenant. */
export const listAudit = (db: Db, query: AuditQuery) => readActs(db, query, 'U1');

interface OfTenant {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: TenantAuditQuery;
}

/**
 * What was done to a tenant (protocol U2). The tenant sees the operators' names but not their IP addresses.
 * @throws AppError client_not_found
 */
export async function listTenantAudit(db: Db, { caller, clientId, query }: OfTenant) {
  await requireClient(db, caller, clientId);
  const page = await readActs(db, { ...query, client_id: clientId }, 'U2');
  if (caller.clientId === undefined) return page;
  const isOwn = ({ actor }: { readonly actor: string }) => actor.startsWith('token:');
  return { ...page, items: page.items.map((act) => (isOwn(act) ? act : { ...act, source_ip: null })) };
}

function readActs(db: Db, query: AuditQuery, list: 'U1' | 'U2') {
  const { actor, action, client_id: clientId } = query;
  return readPage({
    list,
    size: query.limit,
    safeSize,
    read: (limit) =>
      db
        .selectFrom('auditLogs')
        .selectAll()
        .$if(Boolean(actor), (acts) => acts.where('actor', '=', actor!))
        .$if(Boolean(action), (acts) => acts.where('action', '=', action!))
        .$if(Boolean(clientId), (acts) => acts.where('clientId', '=', clientId!))
        .$call(newestFirst(query, limit))
        .execute(),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) =>
      rows.map((row) => ({
        id: row.id,
        time: row.createdAt.toISOString(),
        actor: row.actor,
        action: row.action,
        client_id: row.clientId,
        target_id: row.targetId,
        source_ip: row.sourceIp,
        before: row.beforeState as Record<string, unknown> | null,
        after: row.afterState as Record<string, unknown> | null,
      })),
  });
}
