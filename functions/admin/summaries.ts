import { sql } from 'kysely';
import type { Db } from '../shared/db.ts';
import { iso } from '../shared/time.ts';

/** The most regions or instance types that a response lists. */
const atMost = 1000;

/** How many pools there are, and their regions and instance types (protocol X11). Three statements. */
export async function poolStatistics(db: Db) {
  const { total, active } = await db
    .selectFrom('spotPools')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .select(sql<string | null>`SUM(is_active)`.as('active'))
    .executeTakeFirstOrThrow();
  const distinct = async (column: 'region' | 'instanceType') =>
    (await db.selectFrom('spotPools').select(column).distinct().orderBy(column).limit(atMost).execute()).map(
      (row) => (row as Record<string, string>)[column]!,
    );
  const counts = { total_pools: Number(total), active_pools: Number(active ?? 0) };
  return {
    ...counts,
    total: counts.total_pools,
    active: counts.active_pools,
    regions: await distinct('region'),
    instance_types: await distinct('instanceType'),
  };
}

/** Agents by status, the 100 tenants with the most, and the latest to go offline (protocol X12). Three statements. */
export async function agentHealth(db: Db) {
  const byStatus = await db
    .selectFrom('agents')
    .select((eb) => ['status', eb.fn.countAll<number>().as('total')])
    .groupBy('status')
    .execute();
  const of = (...statuses: string[]) =>
    byStatus.filter(({ status }) => statuses.includes(status)).reduce((sum, { total }) => sum + Number(total), 0);
  const total = of('online', 'offline', 'disabled', 'switching', 'error');
  return {
    total,
    total_agents: total,
    online: of('online', 'switching'),
    offline: of('offline'),
    deleted: of('deleted'),
    by_client: await byClient(db),
    recent_offline: await recentlyOffline(db),
  };
}

async function byClient(db: Db) {
  const rows = await db
    .selectFrom('agents as a')
    .innerJoin('clients as c', 'c.id', 'a.clientId')
    .select((eb) => ['c.id', 'c.name', eb.fn.countAll<number>().as('total')])
    .select(sql<string>`SUM(a.status IN ('online', 'switching'))`.as('online'))
    .select(sql<string>`SUM(a.status = 'offline')`.as('offline'))
    .where(sql`a.listed_of`, 'is not', null)
    .groupBy(['c.id', 'c.name'])
    .orderBy(sql`total`, 'desc')
    .orderBy('c.id')
    .limit(100)
    .execute();
  return rows.map(({ id, name, total, online, offline }) => ({
    client_id: id,
    client_name: name,
    total: Number(total),
    online: Number(online),
    offline: Number(offline),
  }));
}

async function recentlyOffline(db: Db) {
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('clients as c', 'c.id', 'a.clientId')
    .select(['a.id', 'a.logicalAgentId', 'a.clientId', 'a.lastHeartbeatAt', 'c.name'])
    .where('a.status', '=', 'offline')
    .orderBy('a.lastHeartbeatAt', 'desc')
    .orderBy('a.id', 'desc')
    .limit(20)
    .execute();
  return rows.map(({ id, logicalAgentId, clientId, lastHeartbeatAt, name }) => ({
    id,
    logical_agent_id: logicalAgentId,
    client_id: clientId,
    client_name: name ?? 'deleted',
    last_heartbeat_at: iso(lastHeartbeatAt),
  }));
}
