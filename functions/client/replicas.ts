import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimalOrNull } from '../shared/decimal.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import { iso } from '../shared/time.ts';

interface ReplicaList {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: PageQuery;
}

/** This many standbys fit in one Data API response even if every text fills its column. */
const safeReplicas = 150;

/**
 * A tenant's active standbys, newest first, each with the primary that it backs up (protocol C10). One statement, two
 * for an operator.
 * @throws AppError client_not_found
 */
export async function listActiveReplicas(db: Db, { caller, clientId, query }: ReplicaList) {
  await requireClient(db, caller, clientId);
  return readPage({
    list: 'C10',
    size: query.limit,
    safeSize: safeReplicas,
    read: (limit) => selectActive(db, clientId, query, limit),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) => rows.map(replicaItem),
  });
}

function selectActive(db: Db, clientId: string, query: PageQuery, limit: number) {
  return db
    .selectFrom('replicaInstances as r')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'r.agentId').onRef('a.clientId', '=', 'r.clientId'))
    .leftJoin('spotPools as p', 'p.id', 'r.poolId')
    .select(['r.id', 'r.agentId', 'r.instanceId', 'r.replicaType', 'r.status', 'r.syncStatus', 'r.syncLatencyMs'])
    .select(['r.stateTransferProgress', 'r.poolId', 'r.instanceType', 'r.region', 'r.az', 'r.hourlyCost'])
    .select(['r.totalCost', 'r.createdBy', 'r.createdAt', 'r.readyAt', 'r.terminatedAt', 'r.isActive', 'p.poolName'])
    .select(['a.instanceId as primaryId', 'a.instanceType as primaryType', 'a.region as primaryRegion'])
    .select(['a.az as primaryAz', 'a.currentMode as primaryMode'])
    .where('r.clientId', '=', clientId)
    .where('r.isActive', '=', true)
    .$call(newestFirst(query, limit, { at: 'r.createdAt', id: 'r.id' }))
    .execute();
}

type Row = Awaited<ReturnType<typeof selectActive>>[number];

const replicaItem = (row: Row) => ({
  agentId: row.agentId,
  primary: {
    instanceId: row.primaryId,
    instanceType: row.primaryType,
    region: row.primaryRegion,
    az: row.primaryAz,
    mode: row.primaryMode,
  },
  replica: {
    id: row.id,
    // Consoles show it as text, so it is empty until the instance is launched.
    instanceId: row.instanceId ?? '',
    type: row.replicaType,
    status: row.status,
    sync_status: row.syncStatus,
    sync_latency_ms: row.syncLatencyMs,
    state_transfer_progress: Number(row.stateTransferProgress),
    pool: {
      id: row.poolId,
      name: row.poolName ?? row.poolId,
      instance_type: row.instanceType,
      region: row.region,
      az: row.az,
    },
    cost: { hourly: fromDecimalOrNull(row.hourlyCost), total: Number(row.totalCost) },
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    ready_at: iso(row.readyAt),
    terminated_at: iso(row.terminatedAt),
    is_active: row.isActive,
  },
});
