import { sql } from 'kysely';
import { launchCapReached } from '../../shared/alarm-lines.ts';
import type { Db } from '../../shared/db.ts';
import { logger } from '../../shared/logger.ts';
import { hourMs, msBefore, startOf } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { capacityPattern, codeLength } from '../failover/failure-cause.ts';

/**
 * The most launches that an agent is given within an hour. An emergency that finds no capacity tries each zone once and
 * then on-demand, seven in all. More than this means a fault, ours or the agent's, that would cost money without end.
 */
export const launchesAnHour = 12;

/** Whether launches are held for the tenant of the agent `a` (tenant-launch-cap.ts). */
export const isTenantHeld = (now: Date) =>
  sql<boolean>`EXISTS (SELECT 1 FROM clients AS x WHERE x.id = a.client_id AND x.launches_held_until > ${now})`;

/**
 * As how many launches one counts that EC2 refused for lack of capacity. It costs nothing, and an agent that tries pool
 * after pool must not run out of launches for an emergency. But only the agent says so, so these have an end, too.
 */
const refusedWeight = sql.lit(0.1);

const isRefusedCommand = sql<boolean>`(x.status = 'failed' AND x.new_instance_id IS NULL
  AND COALESCE(LEFT(x.message, ${sql.lit(codeLength)}) REGEXP ${capacityPattern}, FALSE))`;
const isRefusedStandby = sql<boolean>`(x.status = 'failed' AND x.instance_id IS NULL
  AND COALESCE(x.failure_cause = 'capacity', FALSE))`;

/** As how many launches the command `x` counts, and the standby `x`. */
export const commandWeight = sql<number>`IF(${isRefusedCommand}, ${refusedWeight}, 1)`;
export const standbyWeight = sql<number>`IF(${isRefusedStandby}, ${refusedWeight}, 1)`;

/** How many launches the agent `a` was given within the last hour, for switches and standbys. */
export const launchesLately = (now: Date) => {
  const since = msBefore(now, hourMs);
  return sql<number>`(
    (SELECT COALESCE(SUM(${commandWeight}), 0) FROM commands AS x
      WHERE x.agent_id = a.id AND x.dispatched_at > ${since})
    + (SELECT COALESCE(SUM(${standbyWeight}), 0) FROM replica_instances AS x
      WHERE x.agent_id = a.id AND x.launch_claimed_at > ${since}))`;
};

interface Capped {
  readonly clientId: string;
  readonly agentId: string;
}

/** Tells the tenant, once an hour, that an agent gets no more launches, and alarms the operator by the log line. */
export async function tellOfCap(db: Db, { clientId, agentId }: Capped, now: Date): Promise<void> {
  logger.error(launchCapReached, { clientId, agentId });
  await record(
    db,
    {
      clientId,
      agentId,
      type: 'launch_cap_reached',
      severity: 'error',
      message: `The agent was told to launch ${launchesAnHour} instances within an hour. It gets no more launches until the last hour has fewer. Look for running instances that nobody uses`,
      notify: true,
      dedupeKey: `launch_cap:${agentId}:${startOf(hourMs, now).getTime()}`,
    },
    now,
  );
}
