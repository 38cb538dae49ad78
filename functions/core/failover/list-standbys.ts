import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimalOrNull } from '../../shared/decimal.ts';
import { agentNotFound } from '../../shared/errors.ts';
import type { Replica, ReplicaStatus } from '../../shared/schema.ts';
import { callerOf, selectCaller } from '../agent/caller.ts';
import { parseHandle, standingOf } from '../agent/identity.ts';
import { isTenantHeld, launchesAnHour, launchesLately, tellOfCap } from '../command/launch-cap.ts';
import { activeStatuses } from './active-statuses.ts';
import { claimLaunch } from './standby-rows.ts';

type ListedReplica = Replica & { readonly poolName: string | null };

interface ListReplicas {
  /** `undefined` for the admin, who sees all tenants. */
  readonly clientId: string | undefined;
  readonly ref: string;
  /** Identifies this request (see `claimLaunch`). */
  readonly token: string;
  readonly query: { readonly status?: ReplicaStatus | undefined; readonly include_terminated: 'true' | 'false' };
}

/** Maximum rows in a response; years of weekly failovers leave an agent with fewer. */
const listed = 500;

/** A claimed launch is handed out again after this long: the agent's own launch call can block for ten minutes. */
const claimMs = 10 * 60_000;

/**
 * The standbys of an agent, newest first (protocol R2). Two statuses are work lists for agents. `launching` is a
 * request to launch: one claimable row is claimed and returned to the primary. `terminated` is a request to terminate:
 * it lists only rows with an instance that is not confirmed gone. One statement, two with a claim, three if another
 * request may have claimed the launch first.
 * @throws AppError agent_not_found
 */
export async function listReplicas(db: Db, { clientId, ref, query, token }: ListReplicas, now: Date) {
  const handle = parseHandle(ref);
  const wanted = query.status === undefined && query.include_terminated === 'false' ? activeStatuses : undefined;
  const rows = await selectCaller(db, { clientId, handle })
    .leftJoin('replicaInstances as s', (join) => {
      const of = join.onRef('s.agentId', '=', 'a.id').onRef('s.clientId', '=', 'a.clientId');
      if (query.status === undefined) return wanted ? of.on('s.status', 'in', wanted) : of;
      // A failed standby may have an instance that must be terminated too.
      if (query.status === 'terminated')
        return of
          .on('s.status', 'in', ['terminated', 'failed'])
          .on('s.instanceId', 'is not', null)
          .on('s.terminationConfirmed', '=', false);
      const having = of.on('s.status', '=', query.status);
      if (query.status !== 'launching') return having;
      const claimable = new Date(now.getTime() - claimMs);
      return having
        .on('s.instanceId', 'is', null)
        .on((eb) => eb.or([eb('s.launchClaimedAt', 'is', null), eb('s.launchClaimedAt', '<=', claimable)]));
    })
    .leftJoin('spotPools as p', 'p.id', 's.poolId')
    .selectAll('s')
    .select(['p.poolName', 'a.clientId as ofClient'])
    .$if(query.status === 'launching', (one) =>
      one
        .select(sql<number>`IF(s.id IS NULL, 0, ${launchesLately(now)})`.as('launches'))
        .select(sql<boolean>`s.id IS NOT NULL AND ${isTenantHeld(now)}`.as('isHeld')),
    )
    .limit(listed)
    .execute();
  const [first] = rows;
  if (!first) throw agentNotFound(ref);
  if (standingOf(callerOf(first), handle) !== 'primary') return { replicas: [], total: 0 };
  const replicas = rows.flatMap(({ poolName, ofClient: _, launches: __, isHeld: ___, ...row }) =>
    row.id === null ? [] : [{ ...(row as Replica), poolName }],
  );
  // Sorted here: an agent has few standbys, and their JSON tags would make MySQL sort on disk.
  replicas.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  if (first.isHeld) return { replicas: [], total: 0 };
  if (Number(first.launches ?? 0) >= launchesAnHour) {
    await tellOfCap(db, { clientId: first.ofClient, agentId: handle.agentId }, now);
    return { replicas: [], total: 0 };
  }
  const mine = query.status === 'launching' ? await claim(db, { replicas, token }, now) : replicas;
  return { replicas: mine.map((replica) => toWire(replica, now)), total: mine.length };
}

type Claim = Pick<ListReplicas, 'token'> & { readonly replicas: readonly ListedReplica[] };

async function claim(db: Db, { replicas, token }: Claim, now: Date): Promise<ListedReplica[]> {
  const [replica] = replicas;
  return replica && (await claimLaunch(db, { ...replica, token }, now)) ? [replica] : [];
}

/** A replica in the API's format (protocol 3). */
function toWire(replica: ListedReplica, now: Date) {
  const time = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id: replica.id,
    instance_id: replica.instanceId,
    type: replica.replicaType,
    status: replica.status,
    is_active: replica.isActive,
    pool_id: replica.poolId,
    az: replica.az,
    pool: {
      id: replica.poolId,
      name: replica.poolName ?? replica.poolId,
      instance_type: replica.instanceType,
      region: replica.region,
      az: replica.az,
    },
    sync_status: replica.syncStatus,
    sync_latency_ms: replica.syncLatencyMs,
    state_transfer_progress: Number(replica.stateTransferProgress),
    cost: { hourly: fromDecimalOrNull(replica.hourlyCost), total: Number(replica.totalCost) },
    created_by: replica.createdBy,
    created_at: replica.createdAt.toISOString(),
    ready_at: time(replica.readyAt),
    terminated_at: time(replica.terminatedAt),
    age_seconds: Math.max(0, Math.floor((now.getTime() - replica.createdAt.getTime()) / 1000)),
    tags: (replica.tags ?? {}) as Record<string, unknown>,
  };
}
