import type { Db } from '../shared/db.ts';
import { emit } from '../shared/metrics.ts';
import type { RunTime } from '../shared/run-time.ts';
import { dayMs, dayOf, minuteMs, msAfter, msBefore } from '../shared/time.ts';

/** The job's period. Each run measures one period, so a missed run leaves a gap but never a wrong number. */
const periodMs = 5 * minuteMs;

/** A longer failover is not measured: its agent was without a primary, which other metrics show. */
const longestFailoverMs = 30 * minuteMs;

/** The most durations emitted: more would barely change a percentile and would take many log lines. */
const mostDurations = 500;

/**
 * Emits metrics that are counted in the tables: current agents and standbys, interruptions and failovers of the last
 * five minutes, undelivered notifications, and money. Seven statements, however many agents there are.
 * @returns 0, as it changes nothing
 */
export async function measureFleet(db: Db, _: RunTime, now: Date): Promise<number> {
  const [agents, standbys, pools, times, waiting, money] = await Promise.all([
    countAgents(db),
    countStandbys(db),
    countInterruptions(db, now),
    readFailoverTimes(db, now),
    countUndelivered(db),
    readMoney(db, now),
  ]);
  emit({
    AgentsOnline: agents.get('online') ?? 0,
    AgentsOffline: agents.get('offline') ?? 0,
    StandbysReady: standbys,
    Failovers: times.length,
    FailoverTime: times,
    UndeliveredNotifications: waiting,
    ...money,
  });
  if (pools.length === 0) emit({ Interruptions: 0 });
  for (const { poolId, count } of pools) emit({ Interruptions: count }, { pool: poolId ?? 'unknown' });
  return 0;
}

async function countAgents(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('agents')
    .select(['status'])
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', 'in', ['online', 'offline'])
    .groupBy('status')
    .execute();
  return new Map(rows.map(({ status, count }) => [status, count]));
}

async function countStandbys(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('replicaInstances')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('isActive', '=', true)
    .where('status', '=', 'ready')
    .executeTakeFirstOrThrow();
  return count;
}

const countInterruptions = (db: Db, now: Date) =>
  db
    .selectFrom('spotInterruptionEvents')
    .select('poolId')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('createdAt', '>', msBefore(now, periodMs))
    .where('createdAt', '<=', now)
    .where('signalType', '=', 'termination-notice')
    .groupBy('poolId')
    .execute();

/** Duration of each failover that completed in the period, milliseconds. */
async function readFailoverTimes(db: Db, now: Date): Promise<number[]> {
  const rows = await db
    .selectFrom('spotInterruptionEvents')
    .select(['createdAt'])
    .select((eb) => eb.ref('failoverTimeMs').$notNull().as('ms'))
    .where('createdAt', '>', msBefore(now, periodMs + longestFailoverMs))
    .where('createdAt', '<=', now)
    .where('signalType', '=', 'termination-notice')
    .where('failoverCompleted', '=', true)
    .where('failoverTimeMs', 'is not', null)
    .orderBy('createdAt', 'desc')
    .limit(mostDurations)
    .execute();
  const since = msBefore(now, periodMs);
  const completed = rows.map(({ createdAt, ms }) => ({ at: msAfter(createdAt, ms), ms }));
  return completed.filter(({ at }) => at > since && at <= now).map(({ ms }) => ms);
}

/** Notifications that no receiver has accepted yet. Those that were given up are left out: they have an alarm. */
async function countUndelivered(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('webhookItems as i')
    .leftJoin('webhookMessages as m', 'm.id', 'i.messageId')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => eb.or([eb('m.state', 'is', null), eb('m.state', '=', 'open')]))
    .executeTakeFirstOrThrow();
  return count;
}

/** USD over all tenants. Joins from `clients`, because the totals have no index on the date alone. */
async function readMoney(db: Db, now: Date) {
  const [day, month] = await Promise.all([
    db
      .selectFrom('clients as c')
      .innerJoin('clientSavingsDaily as d', 'd.clientId', 'c.id')
      .select((eb) => eb.fn.sum<string | null>('d.savings').as('savings'))
      .where('d.savingsDate', '=', dayOf(msBefore(now, dayMs)))
      .executeTakeFirst(),
    db
      .selectFrom('clients as c')
      .innerJoin('clientSavingsMonthly as m', 'm.clientId', 'c.id')
      .select((eb) => [
        eb.fn.sum<string | null>('m.savings').as('savings'),
        eb.fn.sum<string | null>('m.actualCost').as('cost'),
      ])
      .where('m.savingsYear', '=', now.getUTCFullYear())
      .where('m.savingsMonth', '=', now.getUTCMonth() + 1)
      .executeTakeFirst(),
  ]);
  return {
    SavingsYesterday: Number(day?.savings ?? 0),
    SavingsThisMonth: Number(month?.savings ?? 0),
    CostThisMonth: Number(month?.cost ?? 0),
  };
}
