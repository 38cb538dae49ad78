import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { StandbyState } from './state.ts';

/** Where a standby may go, and what speaks for and against it. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  /** USD per hour; `null` while nobody has reported one. */
  readonly price: number | null;
  readonly pricedAt: Date | null;
  /** Interruption signals of the pool in the last 24 h, all agents together. */
  readonly interruptions24h: number;
  /** When we last heard that EC2 takes a machine of the pool away. */
  readonly lastNoticeAt: Date | null;
  /** How often, in 30 days, the pool was interrupted within ten minutes of the primary's. */
  readonly jointFailures: number;
  /** Launches that were tried and failed in the last 24 h, and when the last one did. */
  readonly failures24h: number;
  readonly lastFailureAt: Date | null;
}

export interface Wish {
  /** The primary's pool, which a standby never shares; `null` for a primary on-demand. */
  readonly primaryPool: string | null;
  readonly excludeZones?: readonly string[] | undefined;
  readonly preferredZones?: readonly string[] | undefined;
  /** USD per hour. */
  readonly maxHourlyCost?: number | undefined;
  /** In an emergency a stale price, or none, is no reason to go without a standby. */
  readonly emergency: boolean;
}

const minuteMs = 60_000;
const freshMs = 15 * minuteMs;
const dayMs = 24 * 60 * minuteMs;
const emptyingMs = 5 * minuteMs;
const longestQuarantineMs = 30 * minuteMs;

type WhoseStandby = Pick<StandbyState, 'agent' | 'primary'>;

/** The pools that an agent's standby could be in, its primary's own among them, with their record. */
export const candidatesFor = (db: Db, { agent, primary }: WhoseStandby, now: Date) =>
  readCandidates(
    db,
    { instanceType: agent.instanceType, region: agent.region, primaryPool: primary?.poolId ?? null },
    now,
  );

/** The best pool for an agent's standby, or none: see `choosePool`. */
export async function findPool(db: Db, whose: WhoseStandby, wish: Omit<Wish, 'primaryPool'>, now: Date) {
  const candidates = await candidatesFor(db, whose, now);
  return choosePool(candidates, { ...wish, primaryPool: whose.primary?.poolId ?? null }, now);
}

/**
 * The pools of a type and region, with their record: one statement. Tenants share what is known of pools. Signals count by
 * when we heard of them: when a machine saw one it says by its own clock.
 */
export async function readCandidates(
  db: Db,
  place: { instanceType: string | null; region: string | null; primaryPool: string | null },
  now: Date,
): Promise<Candidate[]> {
  const day = new Date(now.getTime() - dayMs);
  const month = new Date(now.getTime() - 30 * dayMs);
  const rows = await db
    .selectFrom('spotPools as p')
    .select(['p.id', 'p.poolName', 'p.instanceType', 'p.region', 'p.az', 'p.latestPrice', 'p.latestAt'])
    .select([
      sql<number>`(SELECT COUNT(*) FROM spot_interruption_events AS e
        WHERE e.pool_id = p.id AND e.created_at > ${day})`.as('interruptions24h'),
      sql<Date | null>`(SELECT MAX(e.created_at) FROM spot_interruption_events AS e
        WHERE e.pool_id = p.id AND e.signal_type = 'termination-notice')`.as('lastNoticeAt'),
      sql<number>`(SELECT COUNT(*) FROM spot_interruption_events AS e
        INNER JOIN spot_interruption_events AS f ON f.pool_id = ${place.primaryPool ?? ''} AND f.created_at > ${month}
          AND ABS(TIMESTAMPDIFF(SECOND, e.created_at, f.created_at)) <= 600
        WHERE e.pool_id = p.id AND e.created_at > ${month})`.as('jointFailures'),
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
    price: latestPrice === null ? null : Number(latestPrice),
    pricedAt: latestAt,
  }));
}

/**
 * The best pool for a standby, or none. Never the primary's: machines of one pool die within minutes of each other.
 * Never one that EC2 is emptying, and none in quarantine: it has just shown that it has no capacity. Among the others: a
 * zone that was asked for, then those where no launch has failed lately, those that did not fail together with the
 * primary's, those with fewer interruptions, the cheaper ones. In an emergency fresh prices go before stale ones before
 * none; otherwise only pools with a fresh price count.
 */
export function choosePool(candidates: readonly Candidate[], wish: Wish, now: Date): Candidate | undefined {
  const staleness = ({ pricedAt }: Candidate) => {
    const age = pricedAt === null ? Number.POSITIVE_INFINITY : Math.abs(now.getTime() - pricedAt.getTime());
    return age <= freshMs ? 0 : age <= dayMs ? 1 : 2;
  };
  const keys = (pool: Candidate) => [
    wish.preferredZones?.includes(pool.az) ? 0 : 1,
    pool.lastFailureAt !== null && now.getTime() - pool.lastFailureAt.getTime() < longestQuarantineMs ? 1 : 0,
    wish.emergency ? staleness(pool) : 0,
    pool.jointFailures,
    pool.interruptions24h,
    pool.price ?? Number.MAX_VALUE,
  ];
  return candidates
    .filter((pool) => pool.id !== wish.primaryPool && !wish.excludeZones?.includes(pool.az))
    .filter((pool) => wish.maxHourlyCost === undefined || (pool.price !== null && pool.price <= wish.maxHourlyCost))
    .filter(
      (pool) => !isBeingTaken(pool, now) && !isQuarantined(pool, now) && (wish.emergency || staleness(pool) === 0),
    )
    .toSorted((a, b) => compare(keys(a), keys(b)) || (a.id < b.id ? -1 : 1))[0];
}

/** EC2 empties a pool within minutes: what is launched there now is told to go as soon as it is up. */
export const isBeingTaken = ({ lastNoticeAt }: Pick<Candidate, 'lastNoticeAt'>, now: Date) =>
  lastNoticeAt !== null && now.getTime() - lastNoticeAt.getTime() < emptyingMs;

/**
 * A pool in which a launch just failed has no capacity: it is left alone for a minute, and twice as long after each
 * further failure, up to half an hour (contract 12.4).
 */
export function isQuarantined(
  { failures24h, lastFailureAt }: Pick<Candidate, 'failures24h' | 'lastFailureAt'>,
  now: Date,
) {
  if (lastFailureAt === null || failures24h === 0) return false;
  const backOffMs = Math.min(2 ** (failures24h - 1) * minuteMs, longestQuarantineMs);
  return now.getTime() - lastFailureAt.getTime() < backOffMs;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}
