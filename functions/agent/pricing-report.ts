import { sql } from 'kysely';
import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { poolOf } from '../core/pool/pool-id.ts';
import type { Db } from '../shared/db.ts';
import { toDecimal } from '../shared/decimal.ts';
import { agentNotFound } from '../shared/errors.ts';
import { heldTo, isPrice, priceFrom } from '../shared/fields.ts';
import { inList } from '../shared/in-list.ts';
import type { Mode } from '../shared/schema.ts';
import type { PricingReport } from './requests.ts';

type Report = z.output<typeof PricingReport>;

interface PricingCall extends OfAgent {
  readonly now: Date;
  readonly body: Report;
}

/** The reports that a console shows of a machine (contract C4). */
const recentReports = 5;

/** Prices are kept by five-minute bucket of when they were seen (contract 12.3). */
const bucketMs = 5 * 60_000;

/** What agents report when their look-up of the on-demand price has failed, whatever their machine is. */
const blindOnDemandPrice = 0.1;

/** Who saw a price: the higher priority replaces, of equals the first stays (contract 12.3). */
const sources = {
  primary: { priority: 4, confidence: '1.00' },
  'replica-automatic': { priority: 3, confidence: '0.95' },
  'replica-manual': { priority: 2, confidence: '0.95' },
} as const;
type Source = keyof typeof sources;

/** A report of either agent version, in one shape. Prices are USD per instance-hour. */
interface Prices {
  readonly instanceId: string;
  readonly mode: Mode | undefined;
  readonly poolId: string | null;
  readonly onDemand: number | undefined;
  readonly spot: number | undefined;
  readonly collectedAt: Date;
  readonly bucket: Date;
  readonly pools: readonly PoolPrice[];
}

interface PoolPrice {
  readonly id: string;
  readonly instanceType: string;
  readonly az: string;
  readonly price: number;
}

/**
 * Takes a price report (contract A6): three statements however many pools it lists, and fewer where another agent has
 * reported the same pools in the same five minutes; one more for each thing that is seen for the first time. Each is
 * safe to run twice. Deciding is left to the `decide` job, which sees by `agents.priced_at` that there is news.
 * @throws AppError agent_not_found
 */
export async function reportPrices(db: Db, call: PricingCall): Promise<void> {
  const { agentId, instanceId } = parseHandle(call.ref);
  const prices = pricesOf(call.body, instanceId ?? call.body.instance.instance_id, call.now);
  const known = await readKnown(db, call, agentId, prices);
  if (!known.source) return; // a machine that is gone, or not this agent's, has no say in what prices are
  const onDemand = trusted(prices.onDemand, known.onDemand);
  if (onDemand !== known.onDemand) await recordOnDemand(db, known, onDemand!, prices.collectedAt);
  const unseen = prices.pools.filter((pool) => !known.pools.has(pool.id));
  if (unseen.length > 0) await insertPools(db, call.now, known.region, unseen, prices.collectedAt);
  const unwritten = prices.pools.filter(
    (pool) => (known.pools.get(pool.id)?.priority ?? 0) < sources[known.source!].priority,
  );
  if (unwritten.length > 0) await upsertBuckets(db, prices, unwritten, known.source, onDemand);
  await updateMachine(db, call, agentId, prices, known, onDemand);
}

function pricesOf(body: Report, instanceId: string, now: Date): Prices {
  const { instance } = body;
  const mode = instance.mode ?? instance.current_mode;
  const pools = new Map<string, PoolPrice>();
  for (const { pool_id, instance_type, az, price } of body.pricing?.spot_pools ?? body.spot_pools ?? []) {
    const type = instance_type ?? instance.instance_type;
    const zone = az ?? pool_id?.slice(pool_id.lastIndexOf('.') + 1);
    if (!isPrice(price) || !type || !zone || zone.length > 48) continue; // one odd pool loses itself, not the report
    pools.set(`${type}.${zone}`, { id: `${type}.${zone}`, instanceType: type, az: zone, price });
  }
  const poolId = instance.pool_id ?? instance.current_pool_id ?? poolOf(mode, instance.instance_type, instance.az);
  const spot = body.pricing?.current_spot_price ?? (mode === 'spot' && poolId ? pools.get(poolId)?.price : undefined);
  // A price from the future would stay the newest one until the future comes: whose clock is ahead, it is now.
  const claimed = heldTo(now, body.pricing?.collected_at);
  const collectedAt = claimed > now ? now : claimed;
  return {
    instanceId,
    mode: mode === 'unknown' ? undefined : mode,
    poolId: mode === 'spot' ? poolId : null,
    onDemand: body.pricing?.on_demand_price ?? body.on_demand_price?.price,
    spot: priceFrom(spot),
    collectedAt,
    bucket: new Date(Math.floor(collectedAt.getTime() / bucketMs) * bucketMs),
    pools: [...pools.values()],
  };
}

/** The on-demand price to go on with: agents that could not look theirs up say 0.1, which no better one gives way to. */
function trusted(reported: number | undefined, known: number | undefined) {
  if (!isPrice(reported)) return known;
  return reported === blindOnDemandPrice && known !== undefined ? known : reported;
}

/** What the report is held against: who reports, and what is known of each pool. One statement. */
interface Known {
  readonly source: Source | undefined;
  readonly instanceType: string | null;
  readonly region: string;
  readonly onDemand: number | undefined;
  readonly recentReports: readonly unknown[];
  /** By pool id; `priority` is that of the row of this bucket, 0 if there is none. */
  readonly pools: ReadonlyMap<
    string,
    { readonly latestPrice: number | undefined; readonly latestAt: Date | null; readonly priority: number }
  >;
}

async function readKnown(
  db: Db,
  { clientId, ref, body }: PricingCall,
  agentId: string,
  prices: Prices,
): Promise<Known> {
  const ids = prices.pools.map((pool) => pool.id);
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('instances as i', (join) =>
      join.on('i.id', '=', prices.instanceId).onRef('i.agentId', '=', 'a.id').onRef('i.clientId', '=', 'a.clientId'),
    )
    .leftJoin('replicaInstances as r', 'r.instanceId', 'i.id')
    .leftJoin('ondemandPrices as o', (join) =>
      join.onRef('o.instanceType', '=', 'i.instanceType').onRef('o.region', '=', 'i.region'),
    )
    .leftJoin('spotPools as p', (join) => join.on('p.id', 'in', ids.length > 0 ? ids : ['']))
    .leftJoin('pricingSnapshotsClean as b', (join) =>
      join.onRef('b.poolId', '=', 'p.id').on('b.timeBucket', '=', prices.bucket),
    )
    .select([
      'a.status',
      'i.isPrimary',
      'i.instanceStatus',
      'i.instanceType',
      'i.region',
      'i.recentReports',
      'r.replicaType',
    ])
    .select(['o.price as onDemand', 'p.id as poolId', 'p.latestPrice', 'p.latestAt', 'b.sourcePriority'])
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .execute();
  const [first] = rows;
  if (!first || first.status === 'deleted') throw agentNotFound(ref);
  const seen = rows.filter((row) => row.poolId !== null);
  return {
    source: sourceOf(first),
    instanceType: first.instanceType ?? body.instance.instance_type ?? null,
    region: first.region ?? body.instance.region ?? 'unknown',
    onDemand: first.onDemand === null ? undefined : Number(first.onDemand),
    recentReports: Array.isArray(first.recentReports) ? first.recentReports : [],
    pools: new Map(
      seen.map((row) => [
        row.poolId!,
        {
          latestPrice: row.latestPrice === null ? undefined : Number(row.latestPrice),
          latestAt: row.latestAt,
          priority: row.sourcePriority ?? 0,
        },
      ]),
    ),
  };
}

function sourceOf(row: {
  isPrimary: boolean | null;
  instanceStatus: string | null;
  replicaType: string | null;
}): Source | undefined {
  if (row.isPrimary) return 'primary';
  if (row.instanceStatus !== 'running_replica') return undefined;
  return row.replicaType?.startsWith('automatic') ? 'replica-automatic' : 'replica-manual';
}

/** The on-demand price of a type and region, when it is new; its history is written on change only. */
async function recordOnDemand(db: Db, { instanceType, region }: Known, onDemand: number, at: Date) {
  if (!instanceType) return;
  const row = { instanceType, region, price: toDecimal(onDemand) };
  // The history first: once the price is written, a repeat of the report finds nothing new.
  await db
    .insertInto('ondemandPriceSnapshots')
    .values({ ...row, capturedAt: at })
    .onDuplicateKeyUpdate({ price: row.price })
    .execute();
  await db
    .insertInto('ondemandPrices')
    .values({ ...row, recordedAt: at })
    .onDuplicateKeyUpdate({
      price: sql`IF(VALUES(recorded_at) >= recorded_at, VALUES(price), price)`,
      recordedAt: sql`GREATEST(VALUES(recorded_at), recorded_at)`,
    })
    .execute();
}

async function insertPools(db: Db, now: Date, region: string, pools: readonly PoolPrice[], at: Date) {
  await db
    .insertInto('spotPools')
    .values(
      pools.map((pool) => ({
        id: pool.id,
        instanceType: pool.instanceType,
        region,
        az: pool.az,
        poolName: `${pool.instanceType} (${pool.az})`,
        latestPrice: toDecimal(pool.price),
        latestAt: at,
        createdAt: now,
      })),
    )
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotPools.id') }))
    .execute();
}

/** One row a pool and bucket. `source_priority` is set last: the others compare with what it was. */
async function upsertBuckets(
  db: Db,
  prices: Prices,
  pools: readonly PoolPrice[],
  source: Source,
  onDemand: number | undefined,
) {
  const { priority, confidence } = sources[source];
  const ifHigher = (column: string) =>
    sql<never>`IF(VALUES(source_priority) > source_priority, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('pricingSnapshotsClean')
    .values(
      pools.map((pool) => ({
        poolId: pool.id,
        timeBucket: prices.bucket,
        spotPrice: toDecimal(pool.price)!,
        ondemandPrice: toDecimal(onDemand),
        savingsPercent: onDemand === undefined ? null : (((onDemand - pool.price) / onDemand) * 100).toFixed(2),
        sourceType: source,
        sourcePriority: priority,
        confidenceScore: confidence,
        dataSource: prices.instanceId,
        observedAt: prices.collectedAt,
      })),
    )
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

/**
 * The machine's own prices and the latest of each pool, together. A pool is touched only where its price is news, so
 * that the many agents of one region do not queue for the same rows.
 */
async function updateMachine(
  db: Db,
  { clientId, now }: PricingCall,
  agentId: string,
  prices: Prices,
  known: Known,
  onDemand: number | undefined,
) {
  const { collectedAt, bucket } = prices;
  const isNews = (pool: PoolPrice) => {
    const latest = known.pools.get(pool.id);
    return latest !== undefined && (latest.latestPrice !== pool.price || !latest.latestAt || latest.latestAt < bucket);
  };
  const news = prices.pools.filter(isNews);
  const report = { time: collectedAt.toISOString(), onDemandPrice: onDemand ?? null, spotPrice: prices.spot ?? null };
  const reports = [report, ...known.recentReports].slice(0, recentReports);
  const isPrimary = known.source === 'primary';
  const latest =
    news.length === 0
      ? sql`p.latest_price`
      : sql`CASE p.id ${sql.join(
          news.map((pool) => sql`WHEN ${pool.id} THEN ${toDecimal(pool.price)}`),
          sql` `,
        )} ELSE p.latest_price END`;
  await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = ${prices.instanceId} AND i.agent_id = a.id AND i.client_id = a.client_id
      LEFT JOIN spot_pools AS p ON p.id IN ${inList(news.map((pool) => pool.id))}
        AND (p.latest_at IS NULL OR p.latest_at <= ${collectedAt})
    SET i.spot_price = ${toDecimal(prices.spot)}, i.ondemand_price = ${toDecimal(onDemand)},
        i.baseline_ondemand_price = COALESCE(i.baseline_ondemand_price, ${toDecimal(onDemand)}),
        i.recent_reports = ${JSON.stringify(reports)}, i.last_report_at = ${collectedAt}, i.version = i.version + 1,
        i.current_mode = COALESCE(${prices.mode ?? null}, i.current_mode),
        i.current_pool_id = IF(${prices.mode !== undefined}, ${prices.poolId}, i.current_pool_id),
        p.latest_price = ${latest}, p.latest_at = ${collectedAt}, p.version = p.version + 1,
        a.priced_at = IF(${isPrimary}, ${now}, a.priced_at), a.version = a.version + 1,
        a.current_mode = IF(${isPrimary}, COALESCE(${prices.mode ?? null}, a.current_mode), a.current_mode),
        a.current_pool_id = IF(${isPrimary && prices.mode !== undefined}, ${prices.poolId}, a.current_pool_id)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND (i.last_report_at IS NULL OR i.last_report_at < ${collectedAt})`.execute(
    db,
  );
}
