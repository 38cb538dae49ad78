import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { codeLength, failureCauseOf } from '../failover/failure-cause.ts';

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
  /** When it last happened. */
  readonly at: Date;
}

/** Reads the evidence on each pool in a period. Five statements, whose responses grow with pools, not with agents. */
export async function readEvidence(db: Db, period: Period): Promise<Evidence[]> {
  const [running, launches, notices, standbys, switches] = await Promise.all([
    readRunning(db, period),
    readLaunches(db, period),
    readNotices(db, period),
    readFailedStandbys(db, period),
    readFailedSwitches(db, period),
  ]);
  const ids = new Set([running, launches, notices, standbys, switches].flat().map(({ poolId }) => poolId));
  const sum = (those: readonly Counted[], id: string) =>
    those.reduce((total, { poolId, count }) => (poolId === id ? total + Number(count) : total), 0);
  const last = (those: readonly Counted[], id: string) =>
    those.reduce<Date | null>((at, one) => (one.poolId === id && (!at || one.at > at) ? one.at : at), null);
  return [...ids].sort().map((poolId) => ({
    poolId,
    running: sum(running, poolId),
    launches: sum(launches, poolId),
    lastLaunchAt: last(launches, poolId),
    refusals: sum([...standbys, ...switches], poolId),
    interruptions: sum(notices, poolId),
    lastLossAt: last([...notices, ...standbys, ...switches], poolId),
  }));
}

/** Online agents that were in the pool before the period ended. Their requests write nothing for this. */
const readRunning = (db: Db, { from, to }: Period): Promise<Counted[]> =>
  db
    .selectFrom('agents as a')
    .select((eb) => [
      eb.ref('a.currentPoolId').$notNull().as('poolId'),
      eb.fn.countAll<number>().as('count'),
      sql<Date>`${from}`.as('at'),
    ])
    .where('a.status', 'in', ['online', 'switching'])
    .where('a.currentMode', '=', 'spot')
    .where('a.currentPoolId', 'is not', null)
    .where('a.pendingTerminationAt', 'is', null)
    .where('a.primaryChangedAt', '<', to)
    .groupBy('a.currentPoolId')
    .execute();

const readLaunches = (db: Db, { from, to }: Period): Promise<Counted[]> =>
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
    .where('i.currentPoolId', 'is not', null)
    .groupBy('i.currentPoolId')
    .execute();

const readNotices = (db: Db, { from, to }: Period): Promise<Counted[]> =>
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
    .where('e.poolId', 'is not', null)
    .groupBy('e.poolId')
    .execute();

const readFailedStandbys = (db: Db, { from, to }: Period): Promise<Counted[]> =>
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
    .groupBy('p.id')
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
