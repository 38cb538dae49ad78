import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import type { PageQuery } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { type Page, readPage } from '../shared/listing.ts';
import type { AgentStatus } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';
import { agentColumns, agentItem, byHeartbeat, instanceCount, safeAgents } from './agent-item.ts';

interface AgentList {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: PageQuery;
}

/**
 * A tenant's agents, without deleted ones (protocol C3). Pages are ordered by logical id, which does not change; only
 * within a page are agents sorted by heartbeat. If pages followed heartbeats, an agent that sends one between two pages
 * would appear in both or in neither. One statement, two for an operator.
 * @throws AppError client_not_found
 */
export async function listAgents(db: Db, { caller, clientId, query }: AgentList) {
  await requireClient(db, caller, clientId);
  return readPage({
    list: 'C3',
    size: query.limit,
    safeSize: safeAgents,
    read: (limit) =>
      db
        .selectFrom('agents as a')
        .select(agentColumns.map((column) => `a.${column}` as const))
        .select(instanceCount.as('instances'))
        .where('a.listedOf', '=', clientId)
        .$if(query.cursor !== undefined, (one) => one.where('a.logicalAgentId', '>', query.cursor![0]!))
        .orderBy('a.logicalAgentId')
        .limit(limit)
        .execute(),
    positionOf: ({ logicalAgentId }) => [logicalAgentId],
    toItems: (rows) => rows.toSorted(byHeartbeat).map(({ instances, ...agent }) => agentItem(agent, instances)),
  });
}

const ranks: Partial<Record<AgentStatus, number>> = { online: 0, offline: 1, deleted: 2 };
const rankOf = (status: AgentStatus) => ranks[status] ?? 3;

/**
 * All agents that a tenant has or had (protocol C11), paged like `listAgents`. Within a page, online agents come first,
 * then offline, then deleted ones, then all others.
 * @throws AppError client_not_found
 */
export async function listAgentHistory(db: Db, { caller, clientId, query }: AgentList): Promise<Page<HistoryItem>> {
  await requireClient(db, caller, clientId);
  return readPage({
    list: 'C11',
    size: query.limit,
    safeSize: safeAgents,
    read: (limit) => selectHistory(db, clientId, query, limit),
    positionOf: ({ logicalAgentId }) => [logicalAgentId],
    toItems: (rows) =>
      rows.toSorted((a, b) => rankOf(a.status) - rankOf(b.status) || byHeartbeat(a, b)).map(historyItem),
  });
}

const selectHistory = (db: Db, clientId: string, { cursor }: PageQuery, limit: number) =>
  db
    .selectFrom('agents')
    .select(['id', 'logicalAgentId', 'status', 'instanceId', 'instanceType', 'region', 'az', 'currentMode', 'enabled'])
    .select(['autoSwitchEnabled', 'manualReplicaEnabled', 'createdAt', 'updatedAt', 'lastHeartbeatAt', 'terminatedAt'])
    .where('clientId', '=', clientId)
    .$if(cursor !== undefined, (one) => one.where('logicalAgentId', '>', cursor![0]!))
    .orderBy('logicalAgentId')
    .limit(limit)
    .execute();

type HistoryRow = Awaited<ReturnType<typeof selectHistory>>[number];
type HistoryItem = ReturnType<typeof historyItem>;

const historyItem = ({ createdAt, updatedAt, lastHeartbeatAt, terminatedAt, ...agent }: HistoryRow) => ({
  ...agent,
  createdAt: createdAt.toISOString(),
  installedAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
  lastHeartbeat: iso(lastHeartbeatAt),
  terminatedAt: iso(terminatedAt),
});
