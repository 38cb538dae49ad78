import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';
import { dayMs, dayOf, msAfter, msBefore, startOf } from '../../shared/time.ts';
import type { AwsAccess } from '../tenant/aws-access.ts';

/** EC2 Capacity Manager's metrics of a type in a zone of a tenant's account on a day; `undefined` if not reported. */
export interface CapacityMetric {
  readonly day: Date;
  readonly region: string;
  readonly zoneId: string;
  readonly accountId: string;
  readonly instanceType: string;
  readonly spotHours: number | undefined;
  /** USD, EC2's estimate. */
  readonly spotCost: number | undefined;
  readonly ondemandCost: number | undefined;
  readonly interruptions: number | undefined;
  /** Percent of the Spot instances. */
  readonly interruptionRate: number | undefined;
  /** Hours. */
  readonly lifeBeforeInterruption: number | undefined;
}

export interface DueCapacityRead extends AwsAccess {
  readonly region: string;
  /** `null` if never read. */
  readonly readAt: Date | null;
}

/** Maximum pairs of tenant and region per run. */
const most = 200;

/** Regions in which tenants with a role have live agents, if not asked for metrics for a day: one statement. */
export async function dueCapacityReads(db: Db, now: Date): Promise<DueCapacityRead[]> {
  const rows = await db
    .selectFrom('agents as a')
    .innerJoin('clients as c', 'c.id', 'a.clientId')
    .leftJoin('capacityReads as r', (join) => join.onRef('r.clientId', '=', 'c.id').onRef('r.region', '=', 'a.region'))
    .select(['a.region', 'c.id as clientId', 'c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId', 'r.readAt'])
    .distinct()
    .where('a.status', '<>', 'deleted')
    .where('a.region', 'is not', null)
    .where('c.awsRoleArn', 'is not', null)
    .where('c.deletedAt', 'is', null)
    .where((eb) => eb.or([eb('r.askedAt', 'is', null), eb('r.askedAt', '<=', msBefore(now, dayMs))]))
    .limit(most)
    .execute();
  return rows.map(({ region, ...row }) => ({ ...row, region: region! }));
}

interface Read {
  readonly clientId: string;
  readonly region: string;
  /** Why nothing was read; `null` on success. */
  readonly refused: string | null;
}

/** Stores that a region was asked, and with what result. */
export async function saveCapacityRead(db: Db, { clientId, region, refused }: Read, now: Date): Promise<void> {
  const row = { askedAt: now, error: refused, ...(refused === null && { readAt: now }) };
  await db
    .insertInto('capacityReads')
    .values({ clientId, region, ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
}

/** Rows per statement. */
const atOnce = 300;

/** Upserts metrics: new values replace those of the same day. One statement for every 300. */
export async function recordCapacityMetrics(
  db: Db,
  clientId: string,
  metrics: readonly CapacityMetric[],
): Promise<number> {
  for (const those of chunks(metrics, atOnce))
    await db
      .insertInto('capacityMetrics')
      .values(
        those.map(({ day, ...one }) => ({
          clientId,
          metricDate: dayOf(day),
          region: one.region,
          zoneId: one.zoneId,
          accountId: one.accountId,
          instanceType: one.instanceType,
          spotHours: toDecimal(one.spotHours),
          spotCost: toDecimal(one.spotCost),
          ondemandCost: toDecimal(one.ondemandCost),
          interruptions: one.interruptions ?? null,
          interruptionRate: toDecimal(one.interruptionRate),
          lifeBeforeInterruption: toDecimal(one.lifeBeforeInterruption),
        })),
      )
      .onDuplicateKeyUpdate({
        spotHours: sql`VALUES(spot_hours)`,
        spotCost: sql`VALUES(spot_cost)`,
        ondemandCost: sql`VALUES(ondemand_cost)`,
        interruptions: sql`VALUES(interruptions)`,
        interruptionRate: sql`VALUES(interruption_rate)`,
        lifeBeforeInterruption: sql`VALUES(life_before_interruption)`,
      })
      .execute();
  return metrics.length;
}

interface Span {
  readonly clientId: string;
  readonly from: Date;
  readonly to: Date;
}

/**
 * SQL column that compares a tenant's costs according to Capacity Manager with our own, on the days within a span for
 * which Capacity Manager has metrics. `toComparison` reads it.
 */
export function capacityComparison({ clientId, from, to }: Span) {
  const first = startOf(dayMs, msAfter(from, dayMs - 1));
  const isWithin = sql`m.client_id = ${clientId} AND m.metric_date >= ${dayOf(first)} AND m.metric_date < ${dayOf(to)}`;
  return sql<unknown>`(SELECT JSON_ARRAY(COUNT(DISTINCT m.metric_date), COALESCE(SUM(m.spot_cost), 0),
      COALESCE(SUM(m.ondemand_cost), 0), COALESCE(SUM(m.interruptions), 0),
      COALESCE((SELECT SUM(s.actual_cost) FROM client_savings_daily AS s WHERE s.client_id = ${clientId}
        AND s.savings_date IN (SELECT m.metric_date FROM capacity_metrics AS m WHERE ${isWithin})), 0))
    FROM capacity_metrics AS m WHERE ${isWithin})`;
}

/** The comparison in the API's format; `null` without metrics. @param column of `capacityComparison`, as JSON */
export function toComparison(column: unknown) {
  const sums = (typeof column === 'string' ? JSON.parse(column) : column) as readonly unknown[];
  const [days = 0, spot = 0, ondemand = 0, interruptions = 0, ours = 0] = sums.map(Number);
  if (days === 0) return null;
  return {
    days,
    spot_cost: spot,
    ondemand_cost: ondemand,
    interruptions,
    our_cost: ours,
    difference: Number((spot + ondemand - ours).toFixed(6)),
  };
}
