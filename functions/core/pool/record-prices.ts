import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { inList } from '../../shared/in-list.ts';
import type { KnownPrices } from './known-prices.ts';
import { bucketOf, isNews, type PoolPrice, type PriceReport, type Source, sources } from './price.ts';

/** How many reports of an instance a console shows. */
const recentReports = 5;

interface OnDemandPrice {
  readonly instanceType: string;
  readonly region: string;
  /** USD per instance-hour. */
  readonly price: number;
  readonly seenAt: Date;
}

/** Keeps a new on-demand price of a type and region. Call it when the price has changed, for each call is kept as history. */
export async function recordOnDemand(db: Db, { instanceType, region, price, seenAt }: OnDemandPrice): Promise<void> {
  const row = { instanceType, region, price: toDecimal(price) };
  // The history is written first: once the price is, a repeat of the report finds nothing new.
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

/** One row per pool and bucket. `source_priority` is set last, since the other columns compare with what it was. */
export async function recordBuckets(db: Db, { report, source, pools, onDemand }: Observation): Promise<void> {
  const { priority, confidence } = sources[source];
  const savingsPercent = (spot: number) =>
    onDemand === undefined ? null : (((onDemand - spot) / onDemand) * 100).toFixed(2);
  const rows = pools.map((pool) => ({
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
  const ifHigher = (column: string) =>
    sql<never>`IF(VALUES(source_priority) > source_priority, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('pricingSnapshotsClean')
    .values(rows)
    .onDuplicateKeyUpdate({
      spotPrice: ifHigher('spotPrice'),
      ondemandPrice: ifHigher('ondemandPrice'),
      savingsPercent: ifHigher('savingsPercent'),
      sourceType: ifHigher('sourceType'),
      confidenceScore: ifHigher('confidenceScore'),
      dataSource: ifHigher('dataSource'),
      interpolationMethod: ifHigher('interpolationMethod'),
      observedAt: ifHigher('observedAt'),
      sourcePriority: sql`GREATEST(VALUES(source_priority), source_priority)`,
    })
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
 * Writes the reporter's own prices and the latest price of each pool. They share a statement because a report may cost three
 * calls. A pool is written only where its price is news, so that a region's agents do not queue for the same rows. A report
 * that is not newer than the last one changes nothing. The agent's mode and pool follow those of its primary.
 * Sets columns of: agents, instances, spot_pools.
 */
export async function updateReporter(
  db: Db,
  { clientId, agentId, report, known, onDemand }: Reported,
  now: Date,
): Promise<void> {
  const { collectedAt, mode, poolId, spot } = report;
  const bucket = bucketOf(collectedAt);
  const news = report.pools.filter((pool) => {
    const before = known.pools.get(pool.id);
    return before !== undefined && isNews(pool, before, bucket);
  });
  const latest = { time: collectedAt.toISOString(), onDemandPrice: onDemand ?? null, spotPrice: spot ?? null };
  const reports = [latest, ...known.recentReports].slice(0, recentReports);
  // Compared in the statement itself: another instance may have become the primary since it was read.
  const isPrimary = sql`(${known.source === 'primary'} AND a.instance_id = ${report.instanceId})`;
  await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = ${report.instanceId} AND i.agent_id = a.id AND i.client_id = a.client_id
      LEFT JOIN spot_pools AS p ON p.id IN ${inList(news.map((pool) => pool.id))}
        AND (p.latest_at IS NULL OR p.latest_at <= ${collectedAt})
    SET i.spot_price = ${toDecimal(spot)}, i.ondemand_price = ${toDecimal(onDemand)},
        i.baseline_ondemand_price = COALESCE(i.baseline_ondemand_price, ${toDecimal(onDemand)}),
        i.recent_reports = ${JSON.stringify(reports)}, i.last_report_at = ${collectedAt}, i.version = i.version + 1,
        i.current_mode = COALESCE(${mode ?? null}, i.current_mode),
        i.current_pool_id = IF(${mode !== undefined}, ${poolId}, i.current_pool_id),
        p.latest_price = ${priceById(news)}, p.latest_at = ${collectedAt}, p.version = p.version + 1,
        a.priced_at = IF(${isPrimary}, ${now}, a.priced_at), a.version = a.version + 1,
        a.current_mode = IF(${isPrimary}, COALESCE(${mode ?? null}, a.current_mode), a.current_mode),
        a.current_pool_id = IF(${isPrimary} AND ${mode !== undefined}, ${poolId}, a.current_pool_id)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND (i.last_report_at IS NULL OR i.last_report_at < ${collectedAt})`.execute(
    db,
  );
}

/** The new price of each of these pools, by the id of the row. */
const priceById = (pools: readonly PoolPrice[]) =>
  pools.length === 0
    ? sql`p.latest_price`
    : sql`CASE p.id ${sql.join(
        pools.map((pool) => sql`WHEN ${pool.id} THEN ${toDecimal(pool.price)}`),
        sql` `,
      )} ELSE p.latest_price END`;
