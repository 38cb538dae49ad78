import type { Db } from '../../shared/db.ts';
import { fromDecimal } from '../../shared/decimal.ts';
import { bucketOf, type KnownPool, type PriceReport, type Source, sourceOf } from './price.ts';

/** What a price report is held against. */
export interface KnownPrices {
  readonly source: Source | undefined;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly onDemand: number | undefined;
  /** Of the reporter, newest first. */
  readonly recentReports: readonly unknown[];
  /** By pool id; what is not here was never seen. */
  readonly pools: ReadonlyMap<string, KnownPool>;
}

/** Who reports, and what is known of each pool: one statement. `undefined` where there is no such agent, or it is deleted. */
export async function readKnownPrices(
  db: Db,
  { clientId, agentId, report }: { clientId: string; agentId: string; report: PriceReport },
): Promise<KnownPrices | undefined> {
  const ids = report.pools.map((pool) => pool.id);
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join.on('i.id', '=', report.instanceId).onRef('i.agentId', '=', 'a.id').onRef('i.clientId', '=', 'a.clientId'),
    )
    .leftJoin('replicaInstances as r', 'r.instanceId', 'i.id')
    .leftJoin('ondemandPrices as o', (join) =>
      join.onRef('o.instanceType', '=', 'i.instanceType').onRef('o.region', '=', 'i.region'),
    )
    .leftJoin('spotPools as p', (join) => join.on('p.id', 'in', ids.length > 0 ? ids : ['']))
    .leftJoin('pricingSnapshotsClean as b', (join) =>
      join.onRef('b.poolId', '=', 'p.id').on('b.timeBucket', '=', bucketOf(report.collectedAt)),
    )
    .select(['i.isPrimary', 'i.instanceStatus', 'i.instanceType', 'i.region', 'i.recentReports', 'r.replicaType'])
    .select(['o.price as onDemand', 'p.id as poolId', 'p.latestPrice', 'p.latestAt', 'b.sourcePriority'])
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
    recentReports: Array.isArray(first.recentReports) ? first.recentReports : [],
    pools: new Map(
      rows.flatMap(({ poolId, latestPrice, latestAt, sourcePriority }) =>
        poolId === null
          ? []
          : [[poolId, { latestPrice: fromDecimal(latestPrice), latestAt, priority: sourcePriority ?? 0 }]],
      ),
    ),
  };
}
