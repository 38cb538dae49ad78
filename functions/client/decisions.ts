import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import type { PageQuery } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import type { Agent } from '../shared/schema.ts';
import { iso, minuteMs, msSince } from '../shared/time.ts';
import { type Activity, emptyActivity, readActivity } from './activity.ts';
import { byHeartbeat, safeAgents } from './agent-item.ts';
import { elapsedSince } from './elapsed.ts';

interface DecisionList {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: PageQuery;
}

/** Agents send two price reports in this time; one is enough to be healthy. */
const reportsMs = 10 * minuteMs;
const heartbeatMs = 5 * minuteMs;

/**
 * The decisions for a tenant's agents and the prices behind them (protocol C4), paged like `listAgents`. Two
 * statements, three for an operator.
 * @throws AppError client_not_found
 */
export async function listDecisions(db: Db, { caller, clientId, query }: DecisionList, now: Date) {
  await requireClient(db, caller, clientId);
  return readPage({
    list: 'C4',
    size: query.limit,
    safeSize: safeAgents,
    read: (limit) => selectAgents(db, clientId, query, limit),
    positionOf: ({ logicalAgentId }) => [logicalAgentId],
    toItems: async (rows) => {
      const activity = await readActivity(db, { clientId, agentIds: rows.map(({ id }) => id) });
      return rows
        .toSorted((a, b) => Number(b.status === 'online') - Number(a.status === 'online') || byHeartbeat(a, b))
        .map((row) => decisionItem(row, activity.get(row.id) ?? emptyActivity, now));
    },
  });
}

const selectAgents = (db: Db, clientId: string, { cursor }: PageQuery, limit: number) =>
  db
    .selectFrom('agents as a')
    .leftJoin('instances as p', 'p.primaryOf', 'a.id')
    .select(['a.id', 'a.logicalAgentId', 'a.status', 'a.currentMode', 'a.currentPoolId', 'a.lastHeartbeatAt'])
    .select('p.recentReports')
    .where('a.listedOf', '=', clientId)
    .$if(cursor !== undefined, (one) => one.where('a.logicalAgentId', '>', cursor![0]!))
    .orderBy('a.logicalAgentId')
    .limit(limit)
    .execute();

type Row = Pick<Agent, 'id' | 'logicalAgentId' | 'status' | 'currentMode' | 'currentPoolId' | 'lastHeartbeatAt'> & {
  readonly recentReports: unknown;
};

function decisionItem(row: Row, { decisions, events }: Activity, now: Date) {
  const reports = reportsOf(row.recentReports);
  const recent = reports.filter(({ time }) => msSince(new Date(time), now) <= reportsMs).length;
  const isHeard = row.status === 'online' && msSince(row.lastHeartbeatAt, now) <= heartbeatMs;
  const isHealthy = isHeard && (recent > 0 || decisions.length > 0);
  const last = decisions.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  return {
    agentId: row.id,
    agentName: row.logicalAgentId,
    status: row.status,
    lastDecision: {
      type: last?.type ?? null,
      elapsed: last ? elapsedSince(last.at, now) : null,
      time: iso(last?.at),
      reason: last?.text ?? null,
    },
    pricingHealth: {
      status: recent > 0 ? ('healthy' as const) : ('unhealthy' as const),
      recentReportsCount: recent,
      recentReports: reports,
    },
    currentMode: row.currentMode,
    currentPoolId: row.currentPoolId,
    isHealthy,
    lastHeartbeat: iso(row.lastHeartbeatAt),
    decisionHistory: decisions.map(({ type, at, text, allowed }) => ({ type, time: iso(at)!, reason: text, allowed })),
    recentActivity: {
      pricingReports: recent,
      systemEvents: events.map(({ type, at, text, severity }) => ({ type, time: iso(at)!, message: text, severity })),
      healthStatus: isHealthy ? ('healthy' as const) : ('unhealthy' as const),
    },
  };
}

interface StoredReport {
  readonly time: string;
  readonly onDemandPrice: number | null;
  readonly spotPrice: number | null;
}

/** Consoles calculate with both prices, so a missing one is replaced by the other. */
const reportsOf = (stored: unknown) =>
  (Array.isArray(stored) ? (stored as StoredReport[]) : []).map(({ time, onDemandPrice, spotPrice }) => ({
    time,
    onDemandPrice: onDemandPrice ?? spotPrice ?? 0,
    spotPrice: spotPrice ?? onDemandPrice ?? 0,
  }));
