import { sql } from 'kysely';
import { launchCapReached } from '../../shared/alarm-lines.ts';
import type { Db } from '../../shared/db.ts';
import { logger } from '../../shared/logger.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { hourMs, minuteMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { holdLaunches } from '../tenant/hold-launches.ts';
import { commandWeight, standbyWeight } from './launch-cap.ts';

/** Launches within an hour that any tenant's agents may be given, however few agents it has. */
const launchesOfAny = 50;

/** And this many more for each of its agents: a lost zone takes one, and another if its first pool is full. */
const launchesOfAgent = 2;

/** Longer than the time between two runs. If this job does not run, the hold expires by itself. */
const holdMs = 3 * minuteMs;

/**
 * Holds the launches of tenants whose agents were given too many within the last hour. The cap of each agent
 * (launch-cap.ts) misses an image whose every instance registers as a new agent and launches the next one. So only
 * agents older than an hour raise the limit here.
 * @returns how many tenants are held
 */
export async function capLaunches(db: Db, _: RunTime, now: Date): Promise<number> {
  const runaways = await readRunaways(db, now);
  if (runaways.length === 0) return 0;
  const clientIds = runaways.map(({ clientId }) => clientId);
  await holdLaunches(db, { clientIds, until: msAfter(now, holdMs) });
  for (const { clientId, launches } of runaways) logger.error(launchCapReached, { clientId, launches });
  await record(
    db,
    runaways.map(({ clientId, launches }) => ({
      clientId,
      type: 'launch_cap_reached',
      severity: 'error' as const,
      message: `Your agents were told to launch ${launches} instances within an hour, far more than they can need. They get no more launches until the last hour has fewer. Look for running instances that nobody uses`,
      notify: true,
      dedupeKey: `launch_cap:${clientId}:${startOf(hourMs, now).getTime()}`,
    })),
    now,
  );
  return runaways.length;
}

/** One statement, which reads only the last hour's launches, by indexes on their time. */
async function readRunaways(db: Db, now: Date) {
  const since = msBefore(now, hourMs);
  const { rows } = await sql<{ clientId: string; launches: number }>`
    SELECT l.client_id, COUNT(*) AS launches, SUM(l.weight) AS weight FROM (
      SELECT x.client_id, ${commandWeight} AS weight FROM commands AS x FORCE INDEX (ix_commands_launches)
      WHERE x.dispatched_at > ${since}
      UNION ALL
      SELECT x.client_id, ${standbyWeight} AS weight
      FROM replica_instances AS x FORCE INDEX (ix_replica_instances_launch_claimed_at)
      WHERE x.launch_claimed_at > ${since}
    ) AS l
    GROUP BY l.client_id
    HAVING weight > ${launchesOfAny} AND weight > ${launchesOfAny} + ${launchesOfAgent} * (
      SELECT COUNT(*) FROM agents AS a WHERE a.client_id = l.client_id AND a.status <> 'deleted' AND a.created_at < ${since})`.execute(
    db,
  );
  return rows.map(({ clientId, launches }) => ({ clientId, launches: Number(launches) }));
}
