import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimal } from '../../shared/decimal.ts';
import { msBefore } from '../../shared/time.ts';
import { freshMs } from './freshness.ts';
import { everyTenant } from './on-demand.ts';
import { bucketOf, type KnownPool, type PriceReport, type Source, sourceOf } from './price.ts';
import { priceByPool } from './price-by-pool.ts';
import { agreement, seenPrice } from './usable-price.ts';

/** What a price report is checked against. */
export interface KnownPrices {
  readonly source: Source | undefined;
  readonly instanceType: string | null;
  readonly region: string | null;
  /** The on-demand price of the reporter's type and region, as the tenant's agents reported it. */
  readonly onDemand: number | undefined;
  /** The same price from AWS's price list, which takes precedence. */
  readonly listed: number | undefined;
  /** The reporter's recent reports, newest first. */
  readonly recentReports: readonly unknown[];
  /** Number of known pools of the reporter's type and region. */
  readonly poolsOfPlace: number;
  /** By pool id; pools that were never seen are absent. */
  readonly pools: ReadonlyMap<string, KnownPool>;
}

/** Who reports, and what is known about each pool: one statement. `undefined` if the agent is missing or deleted. */
export async function readKnownPrices(
  db: Db,
  { clientId, agentId, report }: { clientId: string; agentId: string; report: PriceReport },
): Promise<KnownPrices | undefined> {
  const ids = report.pools.map((pool) => pool.id);
  const claimed = priceByPool('p.id', report.pools, sql`0`);
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join.on('i.id', '=', report.instanceId).onRef('i.agentId', '=', 'a.id').onRef('i.clientId', '=', 'a.clientId'),
    )
    .leftJoin('replicaInstances as r', 'r.instanceId', 'i.id')
    .leftJoin('ondemandPrices as o', (join) =>
      join
        .onRef('o.clientId', '=', 'a.clientId')
        .onRef('o.instanceType', '=', 'i.instanceType')
        .onRef('o.region', '=', 'i.region'),
    )
    .leftJoin('ondemandPrices as l', (join) =>
      join
        .on('l.clientId', '=', everyTenant)
        .onRef('l.instanceType', '=', 'i.instanceType')
        .onRef('l.region', '=', 'i.region'),
    )
    .leftJoin('spotPools as p', (join) => join.on('p.id', 'in', ids.length > 0 ? ids : ['']))
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'p.id').onRef('w.clientId', '=', 'a.clientId'),
    )
    .leftJoin('pricingSnapshotsClean as b', (join) =>
      join.onRef('b.poolId', '=', 'p.id').on('b.timeBucket', '=', bucketOf(report.collectedAt)),
    )
    .select(['i.isPrimary', 'i.instanceStatus', 'i.instanceType', 'i.region', 'i.recentReports', 'r.replicaType'])
    .select([
      'o.price as onDemand',
      'l.price as listed',
      'p.id as poolId',
      'p.latestPrice',
      'p.latestAt',
      'b.sourcePriority',
      'b.spotPrice as keptPrice',
    ])
    .select(['w.price as ownPrice', 'w.seenAt as ownAt'])
    .select(
      sql<boolean>`EXISTS (SELECT 1 FROM tenant_pool_prices AS x
        WHERE x.pool_id = p.id AND x.client_id <> a.client_id AND x.seen_at >= ${msBefore(report.collectedAt, freshMs)}
          AND x.price BETWEEN (1 - ${agreement}) * ${claimed} AND (1 + ${agreement}) * ${claimed})`.as('isConfirmed'),
    )
    .select(
      sql<number>`(SELECT COUNT(*) FROM spot_pools AS x WHERE x.instance_type = i.instance_type AND x.region = i.region)`.as(
        'poolsOfPlace',
      ),
    )
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .where('a.status', '<>', 'deleted')
    .execute();
  const [first] = rows;
  if (!first) return undefined;
  return {
    source: sourceOf(first),
    instanceType: first.instanceType,
    region: first.region,
    onDemand: fromDecimal(first.onDemand),
    listed: fromDecimal(first.listed),
    recentReports: Array.isArray(first.recentReports) ? first.recentReports : [],
    poolsOfPlace: first.poolsOfPlace,
    pools: new Map(
      rows.flatMap(({ poolId, ...row }) => {
        if (poolId === null) return [];
        const own = seenPrice(row.ownPrice, row.ownAt);
        const trusted = seenPrice(row.latestPrice, row.latestAt);
        const kept = fromDecimal(row.keptPrice);
        const isConfirmed = Boolean(row.isConfirmed);
        return [[poolId, { own, trusted, isConfirmed, kept, priority: row.sourcePriority ?? 0 }]];
      }),
    ),
  };
}
