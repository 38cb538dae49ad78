import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { fromDecimalOrNull } from '../../shared/decimal.ts';
import { dayMs, msBefore } from '../../shared/time.ts';
import type { AgentState } from '../agent/state.ts';
import { type Candidate, choosePool, type Wish } from './placement.ts';
import { jointLossesSince, lossesSince } from './pool-losses.ts';

/** The pools that an agent's standby could be in, its primary's own among them, with their record. */
export const candidatesFor = (db: Db, { agent, primary }: AgentState, now: Date) =>
  readCandidates(
    db,
    { instanceType: agent.instanceType, region: agent.region, primaryPool: primary?.currentPoolId ?? null },
    now,
  );

/** The best pool for an agent's standby, or none: see `choosePool`. */
export async function findPool(db: Db, state: AgentState, wish: Omit<Wish, 'primaryPool'>, now: Date) {
  const candidates = await candidatesFor(db, state, now);
  return choosePool(candidates, { ...wish, primaryPool: state.primary?.currentPoolId ?? null }, now);
}

/**
 * The pools of a type and region, with their record: one statement. Tenants share what is known of pools. Signals count by
 * when we heard of them: when an instance saw one it says by its own clock.
 */
export async function readCandidates(
  db: Db,
  place: { instanceType: string | null; region: string | null; primaryPool: string | null },
  now: Date,
): Promise<Candidate[]> {
  const day = msBefore(now, dayMs);
  const month = msBefore(now, 30 * dayMs);
  const rows = await db
    .selectFrom('spotPools as p')
    .select(['p.id', 'p.poolName', 'p.instanceType', 'p.region', 'p.az', 'p.latestPrice', 'p.latestAt'])
    .select([
      lossesSince(day).as('interruptions24h'),
      sql<Date | null>`(SELECT e.created_at FROM spot_interruption_events AS e
        WHERE e.pool_id = p.id AND e.signal_type = 'termination-notice' ORDER BY e.created_at DESC LIMIT 1)`.as(
        'lastNoticeAt',
      ),
      jointLossesSince(place.primaryPool, month).as('jointFailures'),
      sql<number>`(SELECT COUNT(*) FROM replica_instances AS r
        WHERE r.pool_id = p.id AND r.status = 'failed' AND r.failed_at > ${day}
          AND (r.launch_claimed_at IS NOT NULL OR r.instance_id IS NOT NULL))`.as('failures24h'),
      sql<Date | null>`(SELECT MAX(r.failed_at) FROM replica_instances AS r
        WHERE r.pool_id = p.id AND r.status = 'failed' AND r.failed_at > ${day}
          AND (r.launch_claimed_at IS NOT NULL OR r.instance_id IS NOT NULL))`.as('lastFailureAt'),
    ])
    .where('p.instanceType', '=', place.instanceType ?? '')
    .where('p.region', '=', place.region ?? '')
    .where('p.isActive', '=', true)
    .execute();
  return rows.map(({ poolName, latestPrice, latestAt, ...row }) => ({
    ...row,
    name: poolName,
    price: fromDecimalOrNull(latestPrice),
    pricedAt: latestAt,
  }));
}
