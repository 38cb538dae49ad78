import { sql } from 'kysely';
import { clientNotFound } from '../core/tenant/clients.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { iso } from '../shared/time.ts';

/**
 * A tenant's key figures (protocol C2). One statement.
 * @throws AppError client_not_found
 */
export async function clientSummary(db: Db, { caller, clientId }: { caller: Caller; clientId: string }) {
  const isOwn = caller.clientId === undefined || caller.clientId === clientId;
  const row = await db
    .selectFrom('clients as k')
    .leftJoin(agentCounts(clientId), (join) => join.onTrue())
    .select(['k.id', 'k.name', 'k.isActive', 'k.totalSavings', 'c.total', 'c.online', 'c.lastHeartbeatAt'])
    .select(
      sql<number>`(SELECT COUNT(*) FROM instances AS i WHERE i.client_id = k.id
        AND i.instance_status IN ('running_primary', 'running_replica') AND i.is_active)`.as('instances'),
    )
    .where('k.id', '=', isOwn ? clientId : '')
    .where('k.deletedAt', 'is', null)
    .executeTakeFirst();
  if (!row) throw clientNotFound();
  return {
    id: row.id,
    name: row.name,
    status: row.isActive ? ('active' as const) : ('inactive' as const),
    instances: Number(row.instances),
    agentsOnline: Number(row.online ?? 0),
    agentsTotal: Number(row.total ?? 0),
    totalSavings: fromDecimal(row.totalSavings),
    lastSync: iso(row.lastHeartbeatAt),
  };
}

/** Forces the index of agents that are not deleted: deleted ones may be far more. Switching agents count as online. */
const agentCounts = (clientId: string) =>
  sql<{ total: number; online: string | null; lastHeartbeatAt: Date | null }>`(
    SELECT COUNT(*) AS total, SUM(a.status IN ('online', 'switching')) AS online, MAX(a.last_heartbeat_at) AS last_heartbeat_at
    FROM agents AS a FORCE INDEX (ix_agents_listed) WHERE a.listed_of = ${clientId})`.as<'c'>('c');
