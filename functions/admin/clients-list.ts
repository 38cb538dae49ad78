import { sql } from 'kysely';
import { statusesOf } from '../core/agent/instance-statuses.ts';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import { iso } from '../shared/time.ts';

/** A row is below 3 KB even with the longest name. */
const safeSize = 300;

/**
 * The tenants, newest first (protocol D5). Three statements: the page, then its tenants' agent counts and instance
 * counts. The counts are separate queries because joining agents with instances would multiply the rows.
 */
export function listClients(db: Db, query: PageQuery) {
  return readPage({
    list: 'D5',
    size: query.limit,
    safeSize,
    read: (limit) =>
      db
        .selectFrom('clients')
        .select(['id', 'name', 'isActive', 'totalSavings', 'createdAt'])
        .where('deletedAt', 'is', null)
        .$call(newestFirst(query, limit))
        .execute(),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    async toItems(rows) {
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      const agents = await countAgents(db, ids);
      const instances = await countInstances(db, ids);
      return rows.map(({ id, name, isActive, totalSavings }) => ({
        id,
        name,
        status: isActive ? ('active' as const) : ('inactive' as const),
        agentsOnline: Number(agents.get(id)?.online ?? 0),
        agentsTotal: Number(agents.get(id)?.total ?? 0),
        instances: Number(instances.get(id)?.total ?? 0),
        totalSavings: fromDecimal(totalSavings),
        lastSync: iso(agents.get(id)?.lastHeartbeatAt),
      }));
    },
  });
}

/** Counts the agents that are not deleted, by tenant. Agents that are switching count as online. */
export async function countAgents(db: Db, clientIds: readonly string[]) {
  const rows = await db
    .selectFrom('agents')
    .select((eb) => [
      'clientId',
      eb.fn.countAll<number>().as('total'),
      eb.fn.max('lastHeartbeatAt').as('lastHeartbeatAt'),
    ])
    .select(sql<string>`SUM(status IN ('online', 'switching'))`.as('online'))
    .where(sql`listed_of`, 'in', [...clientIds])
    .groupBy('clientId')
    .execute();
  return new Map(rows.map((row) => [row.clientId, row]));
}

/**
 * Counts running primaries and standbys, by tenant. There is one subquery for each tenant and status, which the index
 * serves; given IN lists of both, the database would read every instance the tenants ever had.
 */
export async function countInstances(db: Db, clientIds: readonly string[]) {
  const counts = statusesOf.active.map(
    (status) => sql`(SELECT COUNT(*) FROM instances AS i FORCE INDEX (ix_instances_client)
      WHERE i.client_id = c.id AND i.instance_status = ${status} AND i.is_active)`,
  );
  const rows = await db
    .selectFrom('clients as c')
    .select(['c.id', sql<number>`${sql.join(counts, sql` + `)}`.as('total')])
    .where('c.id', 'in', [...clientIds])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
