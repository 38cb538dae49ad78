import { type RawBuilder, sql } from 'kysely';
import { statusesOf } from '../core/agent/instance-statuses.ts';
import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { likeText } from '../shared/like-text.ts';
import { readPage } from '../shared/listing.ts';
import { isBehind } from '../shared/newest-first.ts';
import type { Instance, InstanceStatus } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';
import type { InstancesQuery } from './requests.ts';

interface InstanceList {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: InstancesQuery;
}

/** This many instances fit in one Data API response even if every text fills its column. */
const safeInstances = 300;

/**
 * A tenant's instances, newest first (protocol C9). One statement, two for an operator.
 * @throws AppError client_not_found
 */
export async function listInstances(db: Db, { caller, clientId, query }: InstanceList) {
  await requireClient(db, caller, clientId);
  return readPage({
    list: 'C9',
    size: query.limit,
    safeSize: safeInstances,
    read: (limit) => selectInstances(db, clientId, query, limit),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) => rows.map(instanceItem),
  });
}

interface Row
  extends Pick<
    Instance,
    | 'id'
    | 'instanceType'
    | 'region'
    | 'az'
    | 'currentMode'
    | 'currentPoolId'
    | 'spotPrice'
    | 'ondemandPrice'
    | 'baselineOndemandPrice'
    | 'instanceStatus'
    | 'isPrimary'
    | 'isActive'
    | 'lastSwitchAt'
    | 'createdAt'
  > {}

/**
 * Reads the newest instances through a forced index: if most of the table is the tenant's, the optimiser would
 * otherwise read and sort all of it. Each status is read separately, with no more rows than a page has.
 */
async function selectInstances(
  db: Db,
  clientId: string,
  query: InstancesQuery,
  limit: number,
): Promise<readonly Row[]> {
  const order = sql`ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  const part = (index: string, where: readonly RawBuilder<unknown>[]) => sql`
    SELECT id, instance_type, region, az, current_mode, current_pool_id, spot_price, ondemand_price, baseline_ondemand_price,
      instance_status, is_primary, is_active, last_switch_at, created_at
    FROM instances FORCE INDEX (${sql.ref(index)})
    WHERE client_id = ${clientId} AND ${sql.join([...where, ...conditionsOf(query)], sql` AND `)} ${order}`;
  if (query.status === 'all')
    return (await sql<Row>`${part('ix_instances_client_created_at', [sql`TRUE`])}`.execute(db)).rows;
  const isShown = query.status === 'active' ? sql`is_active` : sql`TRUE`;
  const ofStatus = (status: InstanceStatus) => part('ix_instances_client', [sql`instance_status = ${status}`, isShown]);
  const [one, other] = statusesOf[query.status];
  return (await sql<Row>`(${ofStatus(one)}) UNION ALL (${ofStatus(other)}) ${order}`.execute(db)).rows;
}

function conditionsOf(query: InstancesQuery): RawBuilder<unknown>[] {
  const { mode, search } = query;
  const pattern = `%${likeText(search ?? '')}%`;
  return [
    isBehind(query, 'created_at', 'id'),
    ...(mode === 'all' ? [] : [sql`current_mode = ${mode}`]),
    ...(search ? [sql`(id LIKE ${pattern} OR instance_type LIKE ${pattern})`] : []),
  ];
}

type Priced = Pick<Instance, 'currentMode' | 'spotPrice' | 'ondemandPrice' | 'baselineOndemandPrice'>;

/**
 * What an instance costs on Spot and on-demand, USD per hour. Never null, because consoles calculate with both. An
 * instance that is not on Spot saves nothing, so both are its on-demand price. A price that nobody has reported yet is
 * 0.
 */
export function pricesOf(instance: Priced): { readonly spotPrice: number; readonly onDemandPrice: number } {
  const spot = fromDecimal(instance.spotPrice);
  const onDemand = fromDecimal(instance.ondemandPrice) ?? fromDecimal(instance.baselineOndemandPrice) ?? spot ?? 0;
  return { spotPrice: instance.currentMode === 'spot' ? (spot ?? onDemand) : onDemand, onDemandPrice: onDemand };
}

const instanceItem = (row: Row) => ({
  id: row.id,
  type: row.instanceType ?? 'unknown',
  region: row.region,
  az: row.az ?? 'unknown',
  mode: row.currentMode,
  poolId: row.currentPoolId ?? 'n/a',
  ...pricesOf(row),
  instanceStatus: row.instanceStatus,
  // MySQL returns booleans as integers from a UNION.
  isPrimary: Boolean(row.isPrimary),
  isActive: Boolean(row.isActive),
  lastSwitch: iso(row.lastSwitchAt),
});
