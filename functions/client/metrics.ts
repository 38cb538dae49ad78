import { sql } from 'kysely';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import type { Instance } from '../shared/schema.ts';
import { dayMs, hourMs, msBefore, msBetween } from '../shared/time.ts';
import { instanceNotFound } from './instance-pools.ts';
import { pricesOf } from './instances.ts';
import type { OfInstance } from './pools.ts';

/**
 * An instance's uptime, switches and savings (protocol C13). A switch counts for both its old and its new instance.
 * Savings are the sum of the hourly cost records. One statement.
 * @throws AppError instance_not_found
 */
export async function instanceMetrics(db: Db, { caller, instanceId }: OfInstance, now: Date) {
  const { clientId } = caller;
  const row = await db
    .selectFrom('instances as i')
    .leftJoin(switchesOf(instanceId, now), (join) => join.onTrue())
    .leftJoin(savingsOf(instanceId, now), (join) => join.onTrue())
    .select(['i.id', 'i.instanceType', 'i.currentMode', 'i.currentPoolId', 'i.spotPrice', 'i.ondemandPrice'])
    .select(['i.baselineOndemandPrice', 'i.installedAt', 'i.lastSwitchAt', 'i.lastSeenAt', 'i.terminatedAt'])
    .select(['i.instanceStatus', 's.total', 's.lastWeek', 's.lastMonth', 'c.saved', 'c.savedLastMonth'])
    .where('i.id', '=', instanceId)
    .$if(clientId !== undefined, (query) => query.where('i.clientId', '=', clientId!))
    .executeTakeFirst();
  if (!row) throw instanceNotFound(instanceId);
  return {
    id: row.id,
    instanceType: row.instanceType,
    currentMode: row.currentMode,
    currentPoolId: row.currentPoolId,
    uptimeHours: Math.max(0, Math.floor(msBetween(row.installedAt, endOf(row, now)) / hourMs)),
    totalSwitches: Number(row.total ?? 0),
    switchesLast7Days: Number(row.lastWeek ?? 0),
    switchesLast30Days: Number(row.lastMonth ?? 0),
    totalSavings: Number(row.saved ?? 0),
    savingsLast30Days: Number(row.savedLastMonth ?? 0),
    ...pricesOf(row),
    baselineOnDemandPrice: fromDecimal(row.baselineOndemandPrice) ?? 0,
    hoursSinceLastSwitch: row.lastSwitchAt ? Math.floor(msBetween(row.lastSwitchAt, now) / hourMs) : null,
  };
}

/** When the instance stopped running, as far as we know; now if it still runs. */
const endOf = (instance: Pick<Instance, 'terminatedAt' | 'instanceStatus' | 'lastSeenAt' | 'installedAt'>, now: Date) =>
  instance.terminatedAt ??
  (instance.instanceStatus === 'terminated' ? (instance.lastSeenAt ?? instance.installedAt) : now);

/** Counts only switches of the instance's own tenant: a report may name any instance as the old one. */
const switchesOf = (id: string, now: Date) => {
  const owner = sql`(SELECT k.client_id FROM instances AS k WHERE k.id = ${id})`;
  return sql<{ total: number; lastWeek: string | null; lastMonth: string | null }>`(
    SELECT COUNT(*) AS total, SUM(x.initiated_at > ${msBefore(now, 7 * dayMs)}) AS last_week,
      SUM(x.initiated_at > ${msBefore(now, 30 * dayMs)}) AS last_month
    FROM (SELECT o.id, o.initiated_at FROM switches AS o WHERE o.old_instance_id = ${id} AND o.client_id = ${owner}
      UNION SELECT n.id, n.initiated_at FROM switches AS n WHERE n.new_instance_id = ${id} AND n.client_id = ${owner}) AS x)`.as<'s'>(
    's',
  );
};

const savingsOf = (id: string, now: Date) =>
  sql<{ saved: string | null; savedLastMonth: string | null }>`(
    SELECT SUM(r.savings) AS saved, SUM(IF(r.period_start > ${msBefore(now, 30 * dayMs)}, r.savings, 0)) AS saved_last_month
    FROM cost_records AS r WHERE r.instance_id = ${id})`.as<'c'>('c');
