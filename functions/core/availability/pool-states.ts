import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { dayMs, msBetween } from '../../shared/time.ts';
import type { Availability, PoolHistory } from '../decision/policy-a/input.ts';
import { isPoolRecord, PoolHistoryTracker, type PoolRecord } from '../decision/policy-a/pool-history.ts';
import type { Observation } from './evidence.ts';
import { periodMs, periodSeconds } from './period.ts';

/** How many states are read or written at once: they fit in a 1 MiB response of the Data API. */
const atOnce = 400;

/** A pool's stored state: what was observed up to and including the period `observedAt`. */
export interface StoredPoolState {
  readonly observedAt: Date;
  /** A `PoolRecord`, unless the row is damaged. */
  readonly record: unknown;
}

/** Saves what was observed of pools in a period. Doing so again changes nothing. */
export async function saveObservations(db: Db, period: Date, observations: readonly Observation[]): Promise<void> {
  for (const those of chunks(observations, atOnce)) {
    await saveStates(db, period, those);
    await saveCounts(db, period, those);
  }
}

/** The counts mark which period was observed last, so they are written after the states. */
async function saveCounts(db: Db, bucket: Date, observations: readonly Observation[]): Promise<void> {
  await db
    .insertInto('poolAvailability')
    .values(
      observations.map(({ poolId, isUp, running, launches, refusals, interruptions }) => ({
        poolId,
        bucket,
        isUp,
        running,
        launches,
        refusals,
        interruptions,
      })),
    )
    .onDuplicateKeyUpdate((eb) => ({ bucket: eb.ref('poolAvailability.bucket') }))
    .execute();
}

async function saveStates(db: Db, period: Date, observations: readonly Observation[]): Promise<void> {
  const states = await readStates(
    db,
    observations.map(({ poolId }) => poolId),
  );
  const next = observations.flatMap(({ poolId, isUp }) => {
    const state = states.get(poolId);
    if (state && state.observedAt >= period) return [];
    const tracker = trackerAt(readable(state), period);
    tracker.observe(isUp ? 'up' : 'down');
    return [{ poolId, observedAt: period, record: tracker.record() }];
  });
  if (next.length === 0) return;
  const newer = (column: string) =>
    sql<never>`IF(VALUES(observed_at) > observed_at, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('poolStates')
    .values(next)
    .onDuplicateKeyUpdate({ record: newer('record'), observedAt: sql`GREATEST(VALUES(observed_at), observed_at)` })
    .execute();
}

async function readStates(db: Db, poolIds: readonly string[]): Promise<Map<string, StoredPoolState>> {
  const rows = await db
    .selectFrom('poolStates')
    .select(['poolId', 'observedAt', 'record'])
    .where('poolId', 'in', poolIds)
    .execute();
  return new Map(rows.map(({ poolId, observedAt, record }) => [poolId, { observedAt, record }]));
}

/** What is known of a pool at a given time. */
export interface KnownPool {
  readonly availability: Availability;
  readonly history: PoolHistory;
  /** Whether it was observed in the last 24 h. */
  readonly isObserved: boolean;
  /** The share of the last 24 h in which it was observed. */
  readonly observedShare: number;
  /** The record from which the rest is derived. */
  readonly record: PoolRecord;
  /** Its stored record is unreadable; the pool counts as never observed until its next observation replaces that. */
  readonly isDamaged: boolean;
}

/** How many periods may pass unobserved before a pool counts as unknown: the job may not have run yet. */
const lateRuns = 1;

/**
 * What is known of a pool now. The current period has not been observed yet: what was observed in the one before
 * counts, and a loss since then.
 * @param stored `undefined` for a pool that was never observed
 * @param lostAt when it was last interrupted
 */
export function knownPool(stored: StoredPoolState | undefined, lostAt: Date | null, now: Date): KnownPool {
  const state = readable(stored);
  const tracker = trackerAt(state, now);
  const isNewLoss = lostAt !== null && (!state || lostAt.getTime() >= state.observedAt.getTime() + periodMs);
  if (isNewLoss && msBetween(lostAt, now) < periodMs) tracker.observe('down');
  const record = tracker.record();
  const { last, unseen } = record;
  const observedShare = tracker.observedShare();
  return {
    availability: unseen > lateRuns ? 'unknown' : last,
    history: tracker.history(),
    isObserved: observedShare > 0,
    observedShare,
    record,
    isDamaged: stored !== undefined && state === undefined,
  };
}

/** The record of a pool that was never observed: unobserved for a week, which is as far back as records reach. */
const neverSeen: PoolRecord = {
  last: 'unknown',
  up: 0,
  down: 0,
  previousUp: null,
  downBefore: 0,
  unseen: (7 * dayMs) / periodMs,
  recent: '',
};

interface PoolState extends StoredPoolState {
  readonly record: PoolRecord;
}

const readable = (state: StoredPoolState | undefined): PoolState | undefined =>
  state && isPoolRecord(state.record, periodSeconds) ? { ...state, record: state.record } : undefined;

/** A pool's tracker at the beginning of a period: the periods since its last observation count as unknown. */
function trackerAt(state: PoolState | undefined, at: Date): PoolHistoryTracker {
  const tracker = new PoolHistoryTracker(periodSeconds, state?.record ?? neverSeen);
  if (!state) return tracker;
  const missed = Math.floor(msBetween(state.observedAt, at) / periodMs) - 1;
  for (let n = 0; n < missed; n += 1) tracker.observe('unknown');
  return tracker;
}
