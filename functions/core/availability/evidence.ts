import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { codeLength, failureCauseOf, wasTried } from '../failover/failure-cause.ts';

/** What the agents of all tenants observed of a pool in a period. */
export interface Evidence {
  readonly poolId: string;
  /** Agents that ran in it and had no interruption notice pending. */
  readonly running: number;
  /** Instances that were launched there and were heard of. */
  readonly launches: number;
  readonly lastLaunchAt: Date | null;
  /** Launches that EC2 refused for lack of capacity. Failures for a tenant's own reasons say nothing about a pool. */
  readonly refusals: number;
  /** Interruption notices, one per instance. */
  readonly interruptions: number;
  readonly lastLossAt: Date | null;
}

export interface Observation extends Evidence {
  readonly isUp: boolean;
}

interface Period {
  readonly from: Date;
  readonly to: Date;
}

interface Counted {
  readonly poolId: string;
  readonly count: number;
  /** When it last happened; agents that run there have no such time. */
  readonly at?: Date;
}

/**
 * Reads the evidence on each pool in a period. Five statements for each 4,000 pools, whose responses grow with pools, not
 * with agents.
 */
export async function readEvidence(db: Db, period: Period): Promise<Evidence[]> {
  const [running, launches, notices, standbys, switches] = await Promise.all([
    allPages((after) => readRunning(db, period, after)),
    allPages((after) => readLaunches(db, period, after)),
    allPages((after) => readNotices(db, period, after)),
    allPages((after) => readFailedStandbys(db, period, after)),
    readFailedSwitches(db, period),
  ]);
  const [ran, launched, noticed, refused] = [running, launches, notices, [...standbys, ...switches]].map(byPool);
  const ids = new Set([ran, launched, noticed, refused].flatMap((those) => [...those!.keys()]));
  return [...ids].sort().map((poolId) => {
    const of = (those: ReturnType<typeof byPool> | undefined) => those!.get(poolId) ?? none;
    return {
      poolId,
      running: of(ran).count,
      launches: of(launched).count,
      lastLaunchAt: of(launched).at,
      refusals: of(refused).count,
      interruptions: of(noticed).count,
      lastLossAt: later(of(noticed).at, of(refused).at),
    };
  });
}

const none = { count: 0, at: null };

const later = (a: Date | null, b: Date | null | undefined) => (!a || (b && b > a) ? (b ?? null) : a);

/** Adds up what was counted of each pool, in one pass. */
function byPool(those: readonly Counted[]) {
  const pools = new Map<string, { readonly count: number; readonly at: Date | null }>();
  for (const { poolId, count, at } of those) {
    const before = pools.get(poolId) ?? none;
    pools.set(poolId, { count: before.count + Number(count), at: later(before.at, at) });
  }
  return pools;
}

/** With the longest names, so many pools fit the 1 MiB of a Data API response. */
const poolsAtOnce = 4000;

/** @param read reads the pools that follow one in the order of their ids, at most `poolsAtOnce` */
async function allPages(read: (after: string) => Promise<Counted[]>): Promise<Counted[]> {
  const all: Counted[] = [];
  for (;;) {
    const page = await read(all.at(-1)?.poolId ?? '');
    all.push(...page);
    if (page.length < poolsAtOnce) return all;
  }
}

/** Online agents that were in the pool before the period ended. Their requests write nothing for this. */
const readRunning = (db: Db, { to }: Period, after: string): Promise<Counted[]> =>
  db
    .selectFrom('agents as a')
    .select((eb) => [eb.ref('a.currentPoolId').$notNull().as('poolId'), eb.fn.countAll<number>().as('count')])
    .where('a.status', 'in', ['online', 'switching'])
    .where('a.currentMode', '=', 'spot')
    .where('a.currentPoolId', '>', after)
    .where('a.pendingTerminationAt', 'is', null)
    .where('a.primaryChangedAt', '<', to)
    .groupBy('a.currentPoolId')
    .orderBy('a.currentPoolId')
    .limit(poolsAtOnce)
    .execute();

const readLaunches = (db: Db, { from, to }: Period, after: string): Promise<Counted[]> =>
  db
    .selectFrom('instances as i')
    .select((eb) => [
      eb.ref('i.currentPoolId').$notNull().as('poolId'),
      eb.fn.countAll<number>().as('count'),
      eb.fn.max('i.createdAt').as('at'),
    ])
    .where('i.createdAt', '>=', from)
    .where('i.createdAt', '<', to)
    .where('i.currentMode', '=', 'spot')
    .where('i.currentPoolId', '>', after)
    .groupBy('i.currentPoolId')
    .orderBy('i.currentPoolId')
    .limit(poolsAtOnce)
    .execute();

const readNotices = (db: Db, { from, to }: Period, after: string): Promise<Counted[]> =>
  db
    .selectFrom('spotInterruptionEvents as e')
    .select((eb) => [
      eb.ref('e.poolId').$notNull().as('poolId'),
      eb.fn.countAll<number>().as('count'),
      eb.fn.max('e.createdAt').as('at'),
    ])
    .where('e.createdAt', '>=', from)
    .where('e.createdAt', '<', to)
    .where('e.signalType', '=', 'termination-notice')
    .where('e.poolId', '>', after)
    .groupBy('e.poolId')
    .orderBy('e.poolId')
    .limit(poolsAtOnce)
    .execute();

/** Refused launches of standbys: one that was reported as failed and never tried says nothing. */
const readFailedStandbys = (db: Db, { from, to }: Period, after: string): Promise<Counted[]> =>
  db
    .selectFrom('spotPools as p')
    .innerJoin('replicaInstances as r', 'r.poolId', 'p.id')
    .select((eb) => [
      'p.id as poolId',
      eb.fn.countAll<number>().as('count'),
      eb.fn.max('r.failedAt').$notNull().as('at'),
    ])
    .where('r.status', '=', 'failed')
    .where('r.failedAt', '>=', from)
    .where('r.failedAt', '<', to)
    .where('r.failureCause', '=', 'capacity')
    .where(wasTried)
    .where('p.id', '>', after)
    .groupBy('p.id')
    .orderBy('p.id')
    .limit(poolsAtOnce)
    .execute();

/** This many different messages fit in one Data API response. */
const mostMessages = 1000;

/** A switch stores what its agent said, not the cause; equal messages are read once. */
async function readFailedSwitches(db: Db, { from, to }: Period): Promise<Counted[]> {
  const { rows } = await sql<Counted & { readonly said: string }>`
    SELECT c.target_pool_id AS pool_id, LEFT(c.message, ${sql.lit(codeLength)}) AS said, COUNT(*) AS count, MAX(c.completed_at) AS at
    FROM commands AS c
    WHERE c.completed_at >= ${from} AND c.completed_at < ${to} AND c.status = 'failed' AND c.target_pool_id IS NOT NULL
      AND c.message IS NOT NULL
    GROUP BY c.target_pool_id, said LIMIT ${sql.lit(mostMessages)}`.execute(db);
  return rows.filter(({ said }) => failureCauseOf(said) === 'capacity');
}
