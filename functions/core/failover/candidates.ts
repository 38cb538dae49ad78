import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { dayMs, msBefore } from '../../shared/time.ts';
import type { AgentState } from '../agent/state.ts';
import { scoreNow } from '../pool/placement-scores.ts';
import { seenPrice, usablePrice } from '../pool/usable-price.ts';
import { wasTried } from './failure-cause.ts';
import { type Candidate, choosePool, type Wish } from './placement.ts';
import { jointLossesSince, lossesSince } from './pool-losses.ts';

/** The pools that an agent's standby could run in, including its primary's own, with their history. */
export const candidatesFor = (db: Db, { agent, primary }: AgentState, now: Date) =>
  readCandidates(
    db,
    {
      clientId: agent.clientId,
      agentId: agent.id,
      instanceType: agent.instanceType,
      region: agent.region,
      primaryPool: primary?.currentPoolId ?? null,
    },
    now,
  );

/** The best pool for an agent's standby, or `undefined`: see `choosePool`. */
export async function findPool(db: Db, state: AgentState, wish: Omit<Wish, 'primaryPool'>, now: Date) {
  const candidates = await candidatesFor(db, state, now);
  return choosePool(candidates, { ...wish, primaryPool: state.primary?.currentPoolId ?? null }, now);
}

interface Place {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly primaryPool: string | null;
}

/** Attempted launches that failed, by pool, as `f`: those that count for this tenant, and the agent's own. */
function failuresOf({ clientId, agentId, instanceType, region }: Place, since: Date) {
  const isCounted = sql`(r.client_id = ${clientId} OR r.failure_cause = 'capacity')`;
  const isOwn = sql`(r.agent_id = ${agentId} AND r.client_id = ${clientId})`;
  return sql`(
    SELECT r.pool_id, SUM(${isCounted}) AS failures, MAX(IF(${isCounted}, r.failed_at, NULL)) AS last_failure_at,
      SUM(${isOwn}) AS own_failures, MAX(IF(${isOwn}, r.failed_at, NULL)) AS last_own_failure_at
    FROM spot_pools AS q INNER JOIN replica_instances AS r ON r.pool_id = q.id
    WHERE q.instance_type = ${instanceType ?? ''} AND q.region = ${region ?? ''} AND q.is_active
      AND r.status = 'failed' AND r.failed_at > ${since}
      AND ${wasTried}
    GROUP BY r.pool_id)`.as('f');
}

/**
 * The pools of a type and region with their history: one statement. Tenants share what is known about pools, except
 * launch failures with a cause of the tenant's own and prices that no other tenant has seen. Signals are dated by when
 * we received them, because detection times come from the instance's own clock.
 */
export async function readCandidates(db: Db, place: Place, now: Date): Promise<Candidate[]> {
  const day = msBefore(now, dayMs);
  const month = msBefore(now, 30 * dayMs);
  const rows = await db
    .selectFrom('spotPools as p')
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'p.id').on('w.clientId', '=', place.clientId),
    )
    .leftJoin(failuresOf(place, day), (join) => join.onRef(sql`f.pool_id`, '=', 'p.id'))
    .select(['p.id', 'p.poolName', 'p.instanceType', 'p.region', 'p.az', 'p.latestPrice', 'p.latestAt'])
    .select(['p.placementScore', 'p.placementScoredAt'])
    .select(['w.price as ownPrice', 'w.seenAt as ownAt'])
    .select([
      lossesSince(day).as('interruptions24h'),
      sql<Date | null>`(SELECT e.created_at FROM spot_interruption_events AS e
        WHERE e.pool_id = p.id AND e.signal_type = 'termination-notice' ORDER BY e.created_at DESC LIMIT 1)`.as(
        'lastNoticeAt',
      ),
      jointLossesSince(place.primaryPool, month).as('jointFailures'),
    ])
    .select([
      sql<number>`COALESCE(f.failures, 0)`.as('failures24h'),
      sql<Date | null>`f.last_failure_at`.as('lastFailureAt'),
      sql<number>`COALESCE(f.own_failures, 0)`.as('ownFailures24h'),
      sql<Date | null>`f.last_own_failure_at`.as('lastOwnFailureAt'),
    ])
    .where('p.instanceType', '=', place.instanceType ?? '')
    .where('p.region', '=', place.region ?? '')
    .where('p.isActive', '=', true)
    .execute();
  return rows.map(({ poolName, latestPrice, latestAt, ownPrice, ownAt, placementScore, placementScoredAt, ...row }) => {
    const known = { own: seenPrice(ownPrice, ownAt), trusted: seenPrice(latestPrice, latestAt) };
    const price = usablePrice(known, now);
    return {
      ...row,
      failures24h: Number(row.failures24h),
      ownFailures24h: Number(row.ownFailures24h),
      placementScore: scoreNow(placementScore, placementScoredAt, now),
      name: poolName,
      price: price?.price ?? null,
      pricedAt: price?.at ?? null,
    };
  });
}
