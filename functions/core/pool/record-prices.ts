import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { inList } from '../../shared/in-list.ts';
import { fitted } from '../../shared/json-bounds.ts';
import type { KnownPrices } from './known-prices.ts';
import { byPoolId } from './pool-id.ts';
import { bucketOf, isNews, type PoolPrice, type PriceReport, type Source, sources } from './price.ts';
import { upsertBuckets } from './price-buckets.ts';
import { priceByPool } from './price-by-pool.ts';

/** How many of an instance's reports are kept for consoles. */
const recentReports = 5;

interface OnDemandPrice {
  readonly clientId: string;
  readonly instanceType: string;
  readonly region: string;
  /** USD per instance-hour. */
  readonly price: number;
  readonly seenAt: Date;
}

/**
 * Stores a changed on-demand price of a type and region for the tenant whose agents saw it. Call this only when the
 * price has changed: each call adds to the history.
 */
export async function recordOnDemand(
  db: Db,
  { clientId, instanceType, region, price, seenAt }: OnDemandPrice,
): Promise<void> {
  const row = { clientId, instanceType, region, price: toDecimal(price) };
  // The history is written first: once the price is stored, a repeated report finds nothing new.
  await db
    .insertInto('ondemandPriceSnapshots')
    .values({ ...row, capturedAt: seenAt })
    .onDuplicateKeyUpdate({ price: row.price })
    .execute();
  await db
    .insertInto('ondemandPrices')
    .values({ ...row, recordedAt: seenAt })
    .onDuplicateKeyUpdate({
      price: sql`IF(VALUES(recorded_at) >= recorded_at, VALUES(price), price)`,
      recordedAt: sql`GREATEST(VALUES(recorded_at), recorded_at)`,
    })
    .execute();
}

interface Observation {
  readonly report: PriceReport;
  readonly source: Source;
  readonly pools: readonly PoolPrice[];
  readonly onDemand: number | undefined;
}

/** Stores a report's prices in the price history: one row per pool and bucket. */
export async function recordBuckets(db: Db, { report, source, pools, onDemand }: Observation): Promise<void> {
  const { priority, confidence } = sources[source];
  const savingsPercent = (spot: number) =>
    onDemand === undefined ? null : (((onDemand - spot) / onDemand) * 100).toFixed(2);
  const rows = pools.toSorted(byPoolId).map((pool) => ({
    poolId: pool.id,
    timeBucket: bucketOf(report.collectedAt),
    spotPrice: toDecimal(pool.price),
    ondemandPrice: toDecimal(onDemand),
    savingsPercent: savingsPercent(pool.price),
    sourceType: source,
    sourcePriority: priority,
    confidenceScore: confidence,
    dataSource: report.instanceId,
    observedAt: report.collectedAt,
  }));
  await upsertBuckets(db, rows);
}

interface TenantPrices {
  readonly clientId: string;
  readonly pools: readonly PoolPrice[];
  readonly seenAt: Date;
}

/** Stores the prices of pools that a tenant's agents see for the first time. Later ones go through `updateReporter`. */
export async function addTenantPrices(db: Db, { clientId, pools, seenAt }: TenantPrices): Promise<void> {
  const newer = (column: string) =>
    sql<never>`IF(VALUES(seen_at) >= seen_at, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('tenantPoolPrices')
    .values(
      pools.toSorted(byPoolId).map(({ id, price }) => ({ poolId: id, clientId, price: toDecimal(price), seenAt })),
    )
    .onDuplicateKeyUpdate({ price: newer('price'), seenAt: sql`GREATEST(VALUES(seen_at), seen_at)` })
    .execute();
}

interface Reported {
  readonly clientId: string;
  readonly agentId: string;
  readonly report: PriceReport;
  readonly known: KnownPrices;
  readonly onDemand: number | undefined;
}

/**
 * Writes the reporter's own prices, its tenant's price of each pool and, where another tenant has confirmed it, the
 * trusted price. This is one statement because a report may cost only three calls. A pool is written only if its price
 * is news, so that a region's agents do not queue for the same rows. A report no newer than the last one changes
 * nothing. The agent's mode and pool follow its primary's.
 * Sets columns of: agents, instances, tenant_pool_prices, spot_pools.
 */
export async function updateReporter(
  db: Db,
  { clientId, agentId, report, known, onDemand }: Reported,
  now: Date,
): Promise<void> {
  const { collectedAt, mode, poolId, spot } = report;
  const bucket = bucketOf(collectedAt);
  const news = report.pools.filter((pool) => isNews(pool, known.pools.get(pool.id)?.own, bucket));
  const confirmed = news.filter((pool) => {
    const { isConfirmed, trusted } = known.pools.get(pool.id) ?? {};
    return isConfirmed && isNews(pool, trusted, bucket);
  });
  const latest = { time: collectedAt.toISOString(), onDemandPrice: onDemand ?? null, spotPrice: spot ?? null };
  const reports = [latest, ...known.recentReports].slice(0, recentReports);
  // Compared within the statement: another instance may have become the primary since the read.
  const isPrimary = sql`(${known.source === 'primary'} AND a.instance_id = ${report.instanceId})`;
  const ownPrice = priceByPool('w.pool_id', news, sql`w.price`);
  const trustedPrice = priceByPool('p.id', confirmed, sql`p.latest_price`);
  await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = ${report.instanceId} AND i.agent_id = a.id AND i.client_id = a.client_id
      LEFT JOIN tenant_pool_prices AS w ON w.pool_id IN ${inList(news.map((pool) => pool.id))}
        AND w.client_id = ${clientId} AND w.seen_at <= ${collectedAt}
      LEFT JOIN spot_pools AS p ON p.id = w.pool_id AND p.id IN ${inList(confirmed.map((pool) => pool.id))}
        AND (p.latest_at IS NULL OR p.latest_at <= ${collectedAt})
    SET i.spot_price = ${toDecimal(spot)}, i.ondemand_price = ${toDecimal(onDemand)},
        i.baseline_ondemand_price = COALESCE(i.baseline_ondemand_price, ${toDecimal(onDemand)}),
        i.recent_reports = ${JSON.stringify(fitted(reports, 'instances.recent_reports'))}, i.last_report_at = ${collectedAt}, i.version = i.version + 1,
        i.current_mode = COALESCE(${mode ?? null}, i.current_mode),
        i.current_pool_id = IF(${mode !== undefined}, ${poolId}, i.current_pool_id),
        w.price = ${ownPrice}, w.seen_at = ${collectedAt},
        p.latest_price = ${trustedPrice}, p.latest_at = ${collectedAt}, p.version = p.version + 1,
        a.priced_at = IF(${isPrimary}, ${now}, a.priced_at), a.version = a.version + 1,
        a.current_mode = IF(${isPrimary}, COALESCE(${mode ?? null}, a.current_mode), a.current_mode),
        a.current_pool_id = IF(${isPrimary} AND ${mode !== undefined}, ${poolId}, a.current_pool_id)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND (i.last_report_at IS NULL OR i.last_report_at < ${collectedAt})`.execute(
    db,
  );
}
