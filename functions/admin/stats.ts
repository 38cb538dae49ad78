import { sql } from 'kysely';
import { isModelLoaded } from '../core/risk/risk-model-status.ts';
import { switchesInAll } from '../core/tenant/snapshot.ts';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import { dayMs, dayOf, msBefore } from '../shared/time.ts';

interface Totals {
  readonly accounts: number;
  readonly savings: string | null;
  readonly agents: number;
  readonly online: number;
  readonly pools: number;
  readonly model: number;
}

/**
 * Totals over all tenants (protocol D6). Three statements. Each sum reads one table: a join would count a tenant's
 * savings once for each of its agents. Switches are those of the last daily snapshot plus all that were recorded since.
 */
export async function readStats(db: Db, now: Date) {
  const { rows } = await sql<Totals>`
    SELECT (SELECT COUNT(*) FROM clients WHERE deleted_at IS NULL) AS accounts,
      (SELECT SUM(total_savings) FROM clients WHERE deleted_at IS NULL) AS savings,
      (SELECT COUNT(*) FROM agents WHERE status IN ('online', 'offline', 'disabled', 'switching', 'error')) AS agents,
      (SELECT COUNT(*) FROM agents WHERE status IN ('online', 'switching')) AS online,
      (SELECT COUNT(*) FROM spot_pools WHERE is_active) AS pools, ${isModelLoaded} AS model`.execute(db);
  const totals = rows[0]!;
  return {
    totalAccounts: Number(totals.accounts),
    agentsOnline: Number(totals.online),
    agentsTotal: Number(totals.agents),
    poolsCovered: Number(totals.pools),
    totalSavings: Number(totals.savings ?? 0),
    ...(await switchesInAll(db, now)),
    backendHealth: 'Healthy' as const,
    decisionEngineLoaded: true,
    mlModelsLoaded: Number(totals.model) === 1,
  };
}

/** The number of tenants by day, oldest first, for the days that have a snapshot (protocol D7). One statement. */
export async function readGrowth(db: Db, { days }: { days: number }, now: Date) {
  const rows = await db
    .selectFrom('clientsDailySnapshot')
    .selectAll()
    .where('snapshotDate', '>=', dayOf(msBefore(now, days * dayMs)))
    .orderBy('snapshotDate')
    .limit(days + 1)
    .execute();
  return rows.map(({ snapshotDate: date, totalClients: total, newClients, activeClients: active }) => ({
    date,
    count: total,
    total,
    new: newClients,
    active,
  }));
}

const switchEvents = ['switch_completed', 'manual_switch_requested', 'replica_promoted'];

/** Events of all tenants, newest first (protocol D8). One statement. */
export function listActivity(db: Db, query: PageQuery) {
  return readPage({
    list: 'D8',
    size: query.limit,
    safeSize: 200,
    read: (limit) =>
      db
        .selectFrom('systemEvents')
        .select(['id', 'eventType', 'severity', 'message', 'createdAt'])
        .$call(newestFirst(query, limit))
        .execute(),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) =>
      rows.map(({ id, eventType, severity, message, createdAt }) => ({
        id,
        type: activityType(eventType),
        text: message,
        time: createdAt.toISOString(),
        severity,
      })),
  });
}

const activityType = (eventType: string) =>
  switchEvents.includes(eventType)
    ? ('switch' as const)
    : eventType.startsWith('agent_')
      ? ('agent' as const)
      : ('event' as const);
