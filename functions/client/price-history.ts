import { type RawBuilder, sql } from 'kysely';
import { parseHandle } from '../core/agent/identity.ts';
import type { Db } from '../shared/db.ts';
import { AppError, agentNotFound } from '../shared/errors.ts';
import { inList } from '../shared/in-list.ts';
import { dayMs, msBefore } from '../shared/time.ts';
import { type InstanceWithPools, type Pool, readInstancePools } from './instance-pools.ts';
import type { OfInstance } from './pools.ts';
import type { PriceHistoryQuery, PricingHistoryQuery } from './requests.ts';

/**
 * The most pools in a chart: the instance's own and the cheapest. With more, 90 days by the hour would not fit in one
 * Data API response, and the chart would be unreadable.
 */
const poolsShown = 10;

interface Span {
  readonly days: number;
  readonly interval: 'hour' | 'day';
}

/**
 * What the pools of an instance cost, by hour or day (protocol C14). Two statements.
 * @throws AppError instance_not_found
 */
export async function priceHistory(db: Db, { query, ...of }: OfInstance & { query: PriceHistoryQuery }, now: Date) {
  const known = await readInstancePools(db, of, now);
  const pools = shownPools(known);
  if (pools.length === 0) return { data: [], pools: [], onDemandPrice: known.onDemand ?? 0 };
  const points = await readPoints(db, { ...query, pools }, now);
  const onDemandPrice = known.onDemand ?? 0;
  return {
    data: points.map(({ time, onDemand, spot }) => ({
      time,
      onDemand: onDemand ?? onDemandPrice,
      ...Object.fromEntries(pools.map((pool, i) => [keyOf(pool), spot[i] ?? null])),
    })),
    pools: pools.map((pool) => ({ id: pool.id, key: keyOf(pool), name: pool.name, az: pool.az })),
    onDemandPrice,
  };
}

/** Keys have no dots, because the charts would read those as paths. */
const keyOf = ({ id }: Pool) => `pool_${id.replaceAll(/[^\w-]/g, '_')}`;

function shownPools({ instance, pools }: InstanceWithPools): readonly Pool[] {
  const isCurrent = ({ id }: Pool) => id === instance.currentPoolId;
  return [...pools.filter(isCurrent), ...pools.filter((pool) => !isCurrent(pool))].slice(0, poolsShown);
}

interface Point {
  /** UTC without a zone, as in `2026-03-02 14:00` or `2026-03-02`. */
  readonly time: string;
  readonly onDemand: number | undefined;
  /** One price for each pool, in the order requested. */
  readonly spot: readonly (number | undefined)[];
}

const formats = { hour: '%Y-%m-%d %H:00', day: '%Y-%m-%d' } as const;

/** Mean of the five-minute prices: one row for each hour or day, one column for each pool. One statement. */
async function readPoints(
  db: Db,
  { pools, days, interval }: Span & { readonly pools: readonly Pool[] },
  now: Date,
): Promise<Point[]> {
  const columns: RawBuilder<unknown>[] = pools.map(
    ({ id }, i) => sql`AVG(IF(h.pool_id = ${id}, h.spot_price, NULL)) AS ${sql.ref(`p${i}`)}`,
  );
  const { rows } = await sql<Record<string, string | null> & { time: string; onDemand: string | null }>`
    SELECT DATE_FORMAT(h.time_bucket, ${formats[interval]}) AS time, AVG(h.ondemand_price) AS on_demand, ${sql.join(columns)}
    FROM pricing_snapshots_clean AS h
    WHERE h.pool_id IN ${inList(pools.map(({ id }) => id))} AND h.time_bucket > ${msBefore(now, days * dayMs)}
    GROUP BY 1 ORDER BY 1`.execute(db);
  const number = (column: string | null | undefined) => (column == null ? undefined : Number(column));
  return rows.map((row) => ({
    time: row.time,
    onDemand: number(row.onDemand),
    spot: pools.map((_, i) => number(row[`p${i}`])),
  }));
}

/**
 * The same for an agent, by default the one with the newest primary (protocol C15). Three statements.
 * @throws AppError agent_not_found
 */
export async function pricingHistory(
  db: Db,
  { clientId, query }: { readonly clientId: string; readonly query: PricingHistoryQuery },
  now: Date,
) {
  const { agentId, instanceId } = await chartedInstance(db, { clientId, ref: query.agent_id });
  const known = await readInstancePools(db, { caller: { clientId }, instanceId }, now);
  const pools = shownPools(known);
  const points = pools.length === 0 ? [] : await readPoints(db, { ...query, pools }, now);
  const current = pools.findIndex(({ id }) => id === known.instance.currentPoolId);
  return {
    history: points.map(({ time, onDemand, spot }) => {
      const seen = spot.filter((price) => price !== undefined);
      return {
        timestamp: time,
        ondemand_price: onDemand ?? known.onDemand ?? 0,
        spot_pools: pools.flatMap(({ id, az }, i) =>
          spot[i] === undefined ? [] : [{ pool_id: id, az, price: spot[i] }],
        ),
        price: spot[current] ?? (seen.length > 0 ? Math.min(...seen) : 0),
      };
    }),
    days: query.days,
    data_points: points.length,
    agent_id: agentId,
    instance_type: known.instance.instanceType,
    region: known.instance.region,
  };
}

async function chartedInstance(db: Db, { clientId, ref }: { clientId: string; ref: string | undefined }) {
  if (ref === undefined) {
    const newest = await db
      .selectFrom('instances')
      .select(['id', 'agentId'])
      .where('clientId', '=', clientId)
      .where('instanceStatus', '=', 'running_primary')
      .orderBy('createdAt', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!newest) throw new AppError('agent_not_found', 'No agent has registered yet');
    return { agentId: newest.agentId, instanceId: newest.id };
  }
  const agent = await db
    .selectFrom('agents')
    .select(['id', 'instanceId'])
    .where('id', '=', parseHandle(ref).agentId)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  if (!agent || agent.instanceId === null) throw agentNotFound(ref);
  return { agentId: agent.id, instanceId: agent.instanceId };
}
