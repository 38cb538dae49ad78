import { dayMs, minuteMs, msSince } from '../../shared/time.ts';
import { ageMs, isFresh } from '../pool/freshness.ts';

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
  /** In how many periods of ten minutes of the last 24 h the pool was interrupted, however many agents were told. */
  readonly interruptions24h: number;
  /** When we last heard that EC2 takes an instance of the pool away. */
  readonly lastNoticeAt: Date | null;
  /** In how many of those of 30 days, and of their neighbours, the primary's pool was interrupted too. */
  readonly jointFailures: number;
  /**
   * Launches that were tried and failed in the last 24 h, and when the last one did: for want of capacity anybody's, for
   * any other cause the tenant's.
   */
  readonly failures24h: number;
  readonly lastFailureAt: Date | null;
  /** Those of the agent itself. */
  readonly ownFailures24h: number;
  readonly lastOwnFailureAt: Date | null;
  /** Of EC2, 1 to 10; `null` where it has not been asked lately. */
  readonly placementScore: number | null;
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

const emptyingMs = 5 * minuteMs;
const longestQuarantineMs = 30 * minuteMs;

/**
 * The best pool for a standby, or none. Never the primary's: instances of one pool die within minutes of each other.
 * Never one that EC2 is emptying, and none in quarantine: it has just shown that it has no capacity. Only where nothing
 * else is left in an emergency, a pool in which others failed is tried; one in which the agent itself just failed is not,
 * as on-demand comes next. Among the others: a zone that was asked for, then those where no launch has failed lately, those that did not fail together with the
 * primary's, those with fewer interruptions, the cheaper ones, those that EC2 scores higher. In an emergency fresh prices go before stale ones before
 * none; otherwise only pools with a fresh price count.
 */
export function choosePool(candidates: readonly Candidate[], wish: Wish, now: Date): Candidate | undefined {
  const staleness = ({ pricedAt }: Candidate) => {
    if (pricedAt === null) return 2;
    return isFresh(pricedAt, now) ? 0 : ageMs(pricedAt, now) <= dayMs ? 1 : 2;
  };
  const keys = (pool: Candidate) => [
    wish.preferredZones?.includes(pool.az) ? 0 : 1,
    msSince(pool.lastFailureAt, now) < longestQuarantineMs ? 1 : 0,
    wish.emergency ? staleness(pool) : 0,
    pool.jointFailures,
    pool.interruptions24h,
    pool.price ?? Number.MAX_VALUE,
    -(pool.placementScore ?? 0),
  ];
  const open = candidates
    .filter((pool) => pool.id !== wish.primaryPool && !wish.excludeZones?.includes(pool.az))
    .filter((pool) => wish.maxHourlyCost === undefined || (pool.price !== null && pool.price <= wish.maxHourlyCost))
    .filter((pool) => !isBeingTaken(pool, now) && (wish.emergency || staleness(pool) === 0))
    .toSorted((a, b) => compare(keys(a), keys(b)) || (a.id < b.id ? -1 : 1));
  const free = open.find((pool) => !isQuarantined(pool, now));
  return free ?? (wish.emergency ? open.find((pool) => !hasJustFailedItself(pool, now)) : undefined);
}

/** EC2 empties a pool within minutes: what is launched there now is told to go as soon as it is up. */
export const isBeingTaken = ({ lastNoticeAt }: Pick<Candidate, 'lastNoticeAt'>, now: Date) =>
  msSince(lastNoticeAt, now) < emptyingMs;

/**
 * A pool in which a launch just failed has no capacity: it is left alone for a minute, and twice as long after each
 * further failure, up to half an hour (protocol 9.4).
 */
export function isQuarantined(
  { failures24h, lastFailureAt }: Pick<Candidate, 'failures24h' | 'lastFailureAt'>,
  now: Date,
) {
  if (lastFailureAt === null || failures24h === 0) return false;
  const backOffMs = Math.min(2 ** (failures24h - 1) * minuteMs, longestQuarantineMs);
  return msSince(lastFailureAt, now) < backOffMs;
}

/** Whether the agent's own launches alone put the pool in quarantine. */
export const hasJustFailedItself = (
  { ownFailures24h, lastOwnFailureAt }: Pick<Candidate, 'ownFailures24h' | 'lastOwnFailureAt'>,
  now: Date,
) => isQuarantined({ failures24h: ownFailures24h, lastFailureAt: lastOwnFailureAt }, now);

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}
