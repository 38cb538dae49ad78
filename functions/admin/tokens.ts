import { requireClient } from '../core/tenant/require-client.ts';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import { iso } from '../shared/time.ts';

/** A row is below 2 KB even with the widest columns. */
const safeSize = 200;

/** Makes `requireClient` check only that the tenant exists. */
const operator = { clientId: undefined };

/**
 * A tenant's tokens, newest first (protocol T2). One statement, two if there are none.
 * @throws AppError client_not_found
 */
export function listTokens(db: Db, { clientId, query }: { clientId: string; query: PageQuery }, now: Date) {
  const read = async (limit: number) => {
    const rows = await db
      .selectFrom('clientTokens')
      .select(['id', 'name', 'scope', 'expiresAt', 'lastUsedOn', 'revokedAt', 'createdAt', 'createdBy'])
      .where('clientId', '=', clientId)
      .$call(newestFirst(query, limit))
      .execute();
    if (rows.length === 0) await requireClient(db, operator, clientId);
    return rows;
  };
  return readPage({
    list: 'T2',
    size: query.limit,
    safeSize,
    read,
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) =>
      rows.map(({ scope, expiresAt, ...row }) => ({
        ...listed(row),
        scope,
        status: row.revokedAt
          ? ('revoked' as const)
          : expiresAt && expiresAt <= now
            ? ('expired' as const)
            : ('active' as const),
        expires_at: iso(expiresAt),
      })),
  });
}

/** The operators, newest first (protocol O2). One statement. */
export function listOperators(db: Db, query: PageQuery) {
  return readPage({
    list: 'O2',
    size: query.limit,
    safeSize,
    read: (limit) =>
      db
        .selectFrom('operators')
        .select(['id', 'name', 'role', 'lastUsedOn', 'revokedAt', 'createdAt', 'createdBy'])
        .$call(newestFirst(query, limit))
        .execute(),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) =>
      rows.map(({ role, ...row }) => ({
        ...listed(row),
        role,
        status: row.revokedAt ? ('revoked' as const) : ('active' as const),
      })),
  });
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly lastUsedOn: string | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
}

const listed = (row: Listed) => ({
  id: row.id,
  name: row.name,
  last_used_on: row.lastUsedOn,
  revoked_at: iso(row.revokedAt),
  created_at: row.createdAt.toISOString(),
  created_by: row.createdBy,
});
