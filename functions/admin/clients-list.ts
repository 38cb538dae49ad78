import { sql } from 'kysely';
import { statusesOf } from '../core/agent/instance-statuses.ts';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import { iso } from '../shared/time.ts';

/** Rows of any names are below 3 KB. */
const safeSize = 300;

/**
 * The tenants, newest first (protocol D5): three statements, one for the page and one each for what its tenants have. Counts
 * come from tables of their own: joined, agents and instances would multiply each other.
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

/** Agents that are not deleted, by tenant. One that carries out a switch is there like one that is online. */
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
 * Instances that serve or stand by, by tenant. Tenant by tenant and status by status, as the index has them: of a list of both,
 * the database reads all instances that the tenants ever had.
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
