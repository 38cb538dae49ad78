import { sql } from 'kysely';
import { statusesOf } from '../core/agent/instance-statuses.ts';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimalOrNull } from '../shared/decimal.ts';
import { likeText } from '../shared/like-text.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import type { InstanceStatus } from '../shared/schema.ts';
import type { InstancesQuery } from './routes-overview.ts';

const statuses = { all: [], ...statusesOf } as const;

/** A filter searches only this many of the newest instances of each status; X10 finds older ones by id. */
const searched = 10_000;

/** A row is below 4 KB even with the longest names. */
const safeSize = 250;

/** Instances of all tenants, newest first (protocol D9). One statement. */
export async function listFleetInstances(db: Db, query: InstancesQuery) {
  const { items, next } = await readPage({
    list: 'D9',
    size: query.limit,
    safeSize,
    read: (limit) => selectInstances(db, query, limit),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) => rows.map(instanceItem),
  });
  const { status, mode, region = '', search = '' } = query;
  return {
    instances: [...items],
    total: items.length,
    nextCursor: next ?? null,
    filters: { status, mode, region, search },
  };
}

/** Reads each status separately through the index, newest first. Filters see the newest `searched` rows of each. */
async function selectInstances(db: Db, query: InstancesQuery, limit: number) {
  const { mode, region, search } = query;
  const isFiltered = mode !== 'all' || region || search;
  const newest = (status?: InstanceStatus) =>
    db
      .selectFrom('instances')
      .select([
        'id',
        'clientId',
        'agentId',
        'instanceType',
        'region',
        'az',
        'currentMode',
        'currentPoolId',
        'spotPrice',
      ])
      .select(['ondemandPrice', 'isActive', 'isPrimary', 'instanceStatus', 'installedAt', 'createdAt'])
      .$if(status !== undefined, (those) => those.where('instanceStatus', '=', status!))
      .$if(query.status === 'active', (those) => those.where('isActive', '=', true))
      .$call(newestFirst(query, isFiltered ? searched : limit));
  const [one, other] = statuses[query.status];
  const those = one ? sql`(${newest(one)}) UNION ALL (${newest(other)})` : sql`${newest()}`;
  const pattern = `%${likeText(search ?? '')}%`;
  const { rows } = await sql<Row>`
    SELECT i.*, c.name AS client_name, a.logical_agent_id, a.status AS agent_status
    FROM (SELECT * FROM (${those}) AS n
      WHERE (${mode} = 'all' OR n.current_mode = ${mode}) AND (${region ?? ''} = '' OR n.region = ${region ?? ''})
        AND (${search ?? ''} = '' OR n.id LIKE ${pattern} OR n.instance_type LIKE ${pattern}
          OR n.client_id IN (SELECT id FROM clients WHERE name LIKE ${pattern}))
      ORDER BY n.created_at DESC, n.id DESC LIMIT ${limit}) AS i
    LEFT JOIN clients AS c ON c.id = i.client_id LEFT JOIN agents AS a ON a.id = i.agent_id
    ORDER BY i.created_at DESC, i.id DESC`.execute(db);
  return rows;
}

interface Row {
  readonly id: string;
  readonly clientId: string;
  readonly clientName: string | null;
  readonly agentId: string;
  readonly logicalAgentId: string | null;
  readonly agentStatus: string | null;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly az: string | null;
  readonly currentMode: string;
  readonly currentPoolId: string | null;
  readonly spotPrice: string | null;
  readonly ondemandPrice: string | null;
  // MySQL returns booleans as integers from a UNION.
  readonly isActive: number | boolean;
  readonly isPrimary: number | boolean;
  readonly instanceStatus: string;
  readonly installedAt: Date;
  readonly createdAt: Date;
}

const instanceItem = (row: Row) => ({
  ...row,
  instanceId: row.id,
  clientName: row.clientName ?? 'deleted',
  instanceType: row.instanceType ?? 'unknown',
  region: row.region ?? 'unknown',
  spotPrice: fromDecimalOrNull(row.spotPrice),
  ondemandPrice: fromDecimalOrNull(row.ondemandPrice),
  isActive: Boolean(row.isActive),
  isPrimary: Boolean(row.isPrimary),
  installedAt: row.installedAt.toISOString(),
  createdAt: row.createdAt.toISOString(),
});
