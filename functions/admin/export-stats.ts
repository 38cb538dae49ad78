import { sql } from 'kysely';
import { makeLink, OperatorFile, openLink } from '../core/export/links.ts';
import { csvOf } from '../shared/csv.ts';
import { type PageQuery, positionFrom } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { readPage } from '../shared/listing.ts';
import { countAgents, countInstances } from './clients-list.ts';
import { statsPerFile } from './routes-operations.ts';

const names = [
  'Client ID',
  'Name',
  'Email',
  'Total Savings ($)',
  'Active Instances',
  'Active Agents',
  'Created At',
] as const;

/** The active tenants as CSV, highest savings first (protocol X7). Three statements. */
export async function exportStats(db: Db, query: PageQuery) {
  const { items, next } = await readPage({
    list: 'X7',
    size: query.limit,
    safeSize: 200,
    read: (limit) => selectClients(db, query, limit),
    positionOf: ({ totalSavings, id }) => [totalSavings, id],
    async toItems(rows) {
      const ids = rows.map(({ id }) => id);
      const agents = ids.length > 0 ? await countAgents(db, ids) : new Map();
      const instances = ids.length > 0 ? await countInstances(db, ids) : new Map();
      return rows.map(({ id, name, email, totalSavings, createdAt }) => [
        id,
        name,
        email,
        fromDecimal(totalSavings),
        String(instances.get(id)?.total ?? 0),
        String(agents.get(id)?.online ?? 0),
        createdAt.toISOString(),
      ]);
    },
  });
  return { name: 'global_stats.csv', text: csvOf(names, items, { digits: 2 }), next };
}

/** A link to this file that a browser can open without a header (protocol X35). */
export async function linkToStats(
  db: Db,
  { cursor, tokenId }: { readonly cursor: string | undefined; readonly tokenId: string },
  now: Date,
) {
  const by = { tokenId, clientId: undefined };
  const { link, expiresAt } = await makeLink(db, { target: { file: 'global-stats', cursor }, by }, now);
  return { success: true as const, url: `/api/admin/exports/${link}`, expires_at: expiresAt.toISOString() };
}

/** @throws AppError link_invalid */
export async function openStats(db: Db, link: string, now: Date) {
  const { cursor } = await openLink(db, { link, files: OperatorFile }, now);
  return exportStats(db, { limit: statsPerFile, cursor: cursor ? positionFrom('X7', cursor) : undefined });
}

function selectClients(db: Db, { cursor }: PageQuery, limit: number) {
  return db
    .selectFrom('clients')
    .select(['id', 'name', 'email', 'totalSavings', 'createdAt'])
    .where('isActive', '=', true)
    .$if(cursor !== undefined, (those) =>
      those.where(
        sql<boolean>`(total_savings < ${cursor![0]} OR (total_savings = ${cursor![0]} AND id < ${cursor![1]}))`,
      ),
    )
    .orderBy('totalSavings', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
