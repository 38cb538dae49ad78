import { sql } from 'kysely';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import type { AgentStatus } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';
import type { AgentsQuery } from './routes-overview.ts';

/** The statuses that are listed when the request asks for all. */
const present: readonly AgentStatus[] = ['online', 'offline', 'disabled', 'switching', 'error'];

/** A row is below 5 KB even with the longest names. */
const safeSize = 200;

/** Agents of all tenants, latest heartbeat first (protocol D10). One statement. `all` leaves out deleted agents. */
export async function listFleetAgents(db: Db, query: AgentsQuery) {
  const { items, next } = await readPage({
    list: 'D10',
    size: query.limit,
    safeSize,
    read: (limit) => selectAgents(db, query, limit),
    positionOf: ({ lastHeartbeatAt, id }) => timedPosition(lastHeartbeatAt ?? new Date(0), id),
    toItems: (rows) => rows.map(agentItem),
  });
  return { agents: [...items], total: items.length, nextCursor: next ?? null, filters: { status: query.status } };
}

/** Reads each status separately through the index, so that no more than `limit` rows of it are read. */
async function selectAgents(db: Db, query: AgentsQuery, limit: number) {
  const latest = (status: AgentStatus) =>
    db
      .selectFrom('agents')
      .select([
        'id',
        'logicalAgentId',
        'clientId',
        'status',
        'hostname',
        'instanceId',
        'lastHeartbeatAt',
        'agentVersion',
      ])
      .select([
        'instanceType',
        'region',
        'az',
        'currentMode',
        'currentPoolId',
        'enabled',
        'autoSwitchEnabled',
        'createdAt',
      ])
      .where('status', '=', status)
      .$call(newestFirst(query, limit, { at: 'lastHeartbeatAt' }));
  const those =
    query.status === 'all'
      ? sql.join(
          present.map((status) => sql`(${latest(status)})`),
          sql` UNION ALL `,
        )
      : sql`${latest(query.status)}`;
  const { rows } = await sql<Row>`
    SELECT a.*, c.name AS client_name
    FROM (SELECT * FROM (${those}) AS n ORDER BY n.last_heartbeat_at DESC, n.id DESC LIMIT ${limit}) AS a
    LEFT JOIN clients AS c ON c.id = a.client_id
    ORDER BY a.last_heartbeat_at DESC, a.id DESC`.execute(db);
  return rows;
}

interface Row {
  readonly id: string;
  readonly logicalAgentId: string;
  readonly clientId: string;
  readonly clientName: string | null;
  readonly status: AgentStatus;
  readonly hostname: string | null;
  readonly instanceId: string | null;
  readonly lastHeartbeatAt: Date | null;
  readonly agentVersion: string | null;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly az: string | null;
  readonly currentMode: string;
  readonly currentPoolId: string | null;
  // MySQL returns booleans as integers from a UNION.
  readonly enabled: number | boolean;
  readonly autoSwitchEnabled: number | boolean;
  readonly createdAt: Date;
}

const agentItem = ({ agentVersion, ...row }: Row) => ({
  ...row,
  clientName: row.clientName ?? 'deleted',
  hostname: row.hostname ?? 'unknown',
  instanceId: row.instanceId ?? 'none',
  version: agentVersion ?? 'unknown',
  lastHeartbeatAt: iso(row.lastHeartbeatAt),
  enabled: Boolean(row.enabled),
  autoSwitchEnabled: Boolean(row.autoSwitchEnabled),
  createdAt: row.createdAt.toISOString(),
});
