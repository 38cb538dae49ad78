import { dayMs, minuteMs, msSince } from '../../shared/time.ts';
import { ageMs, isFresh } from '../pool/freshness.ts';

/** A pool that a standby may run in, with what counts for and against it. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  /** USD per hour; `null` while none is known. */
  readonly price: number | null;
  readonly pricedAt: Date | null;
  /** Ten-minute periods of the last 24 h with an interruption signal in the pool, however many agents got it. */
  readonly interruptions24h: number;
  /** When we last received a termination notice for an instance of the pool. */
  readonly lastNoticeAt: Date | null;
  /** Such periods of the last 30 days in which, or next to which, the primary's pool had a signal too. */
  readonly jointFailures: number;
  /**
   * Attempted launches that failed in the last 24 h, and when the last one failed: any tenant's for lack of capacity,
   * the tenant's own for any other cause.
   */
  readonly failures24h: number;
  readonly lastFailureAt: Date | null;
  /** The agent's own failed launches. */
  readonly ownFailures24h: number;
  readonly lastOwnFailureAt: Date | null;
  /** EC2's Spot placement score, 1 to 10; `null` if there is no recent one. */
  readonly placementScore: number | null;
}

export interface Wish {
  /** The primary's pool, which a standby never shares; `null` for an on-demand primary. */
  readonly primaryPool: string | null;
  readonly excludeZones?: readonly string[] | undefined;
  readonly preferredZones?: readonly string[] | undefined;
  /** USD per hour. */
  readonly maxHourlyCost?: number | undefined;
  /** In an emergency, pools with a stale price or no price are allowed too. */
  readonly emergency: boolean;
}

const emptyingMs = 5 * minuteMs;
const longestQuarantineMs = 30 * minuteMs;

/**
 * The best pool for a standby, or `undefined`. Excluded are the primary's pool, because instances of one pool are
 * reclaimed within minutes of each other; pools that EC2 is emptying; and pools in quarantine, which just had a failed
 * launch. In an emergency with nothing else left, a quarantined pool is allowed unless the agent's own launches just
 * failed there: on-demand comes next. Only an emergency allows pools without a fresh price. The order is: preferred
 * zones, no recent failed launch, in an emergency fresh prices before stale ones, fewest losses together with the
 * primary's pool, fewest interruptions, lowest price, highest placement score.
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

/** Whether EC2 is emptying the pool, which takes minutes: a new instance would get a notice as soon as it is up. */
export const isBeingTaken = ({ lastNoticeAt }: Pick<Candidate, 'lastNoticeAt'>, now: Date) =>
  msSince(lastNoticeAt, now) < emptyingMs;

/**
 * Whether a pool is left alone because a launch just failed there: for a minute, and twice as long after each further
 * failure, up to half an hour (protocol 9.4).
 */
export function isQuarantined(
  { failures24h, lastFailureAt }: Pick<Candidate, 'failures24h' | 'lastFailureAt'>,
  now: Date,
) {
  if (lastFailureAt === null || failures24h === 0) return false;
  const backOffMs = Math.min(2 ** (failures24h - 1) * minuteMs, longestQuarantineMs);
  return msSince(lastFailureAt, now) < backOffMs;
}

/** Whether the agent's own failed launches alone put the pool in quarantine. */
export const hasJustFailedItself = (
  { ownFailures24h, lastOwnFailureAt }: Pick<Candidate, 'ownFailures24h' | 'lastOwnFailureAt'>,
  now: Date,
) => isQuarantined({ failures24h: ownFailures24h, lastFailureAt: lastOwnFailureAt }, now);

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}
