import { type AliasedExpression, type RawBuilder, sql } from 'kysely';
import { dayMs, hourMs, minuteMs } from '../../shared/time.ts';
import { activeStatusList } from '../failover/active-statuses.ts';
import type { SwitchKey } from './state.ts';

/** What is looked up or counted beside an agent's row, each as a subquery of a statement on `agents AS a`. */

export const standbyCount = sql<number>`(
  SELECT COUNT(*) FROM replica_instances AS x WHERE x.agent_id = a.id AND x.status IN ${activeStatusList})`;

/** A switch whose agent said "done" may have its successor register only minutes later: instances boot slowly. */
const successorComesWithinMs = 15 * minuteMs;

/** The switch that the agent is carrying out, or whose successor is still on its way. */
export const newestInFlight = (now: Date) => sql<string>`(
  SELECT x.id FROM commands AS x
  WHERE x.agent_id = a.id AND x.command_type = 'switch' AND (x.status = 'dispatched'
    OR (x.status = 'completed' AND x.new_instance_id IS NULL
      AND x.completed_at > ${new Date(now.getTime() - successorComesWithinMs)}))
  ORDER BY x.dispatched_at DESC LIMIT 1)`;

/** @param instanceId whose notice; `undefined` for the primary's */
export const newestNotice = (instanceId: string | undefined) => sql<string>`(
  SELECT x.id FROM spot_interruption_events AS x
  WHERE x.instance_id = COALESCE(${instanceId ?? null}, a.instance_id) AND x.agent_id = a.id
    AND x.signal_type = 'termination-notice'
  ORDER BY x.created_at DESC LIMIT 1)`;

/** Whether the agent itself has reported this switch (one that was inferred is not its word), and whether a later one began. */
export const recordedOf = ({ oldId, newId, initiatedAt }: SwitchKey) =>
  named('r', {
    reported: sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.old_instance_id = ${oldId}
      AND s.new_instance_id = ${newId} AND NOT s.inferred)`,
    overtaken: sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.initiated_at > ${initiatedAt}
      AND NOT (s.old_instance_id = ${oldId} AND s.new_instance_id = ${newId}))`,
  });

/** Launches that an agent took and that failed before the standby was ready, and the newest standby that has ended. */
export const launchesOf = (now: Date) =>
  named('l', {
    failures: sql<number>`(SELECT COUNT(*) FROM replica_instances AS f WHERE ${failedLaunch(now)})`,
    lastFailureAt: sql<Date | null>`(SELECT MAX(f.failed_at) FROM replica_instances AS f WHERE ${failedLaunch(now)})`,
    lastEndedCreatedAt: sql<Date | null>`(SELECT MAX(f.created_at) FROM replica_instances AS f
      WHERE f.agent_id = a.id AND f.status IN ('terminated', 'promoted'))`,
  });

const failedLaunch = (now: Date) => sql`f.agent_id = a.id AND f.status = 'failed'
  AND f.failed_at > ${new Date(now.getTime() - hourMs)} AND f.launch_claimed_at IS NOT NULL AND f.ready_at IS NULL`;

export const historyOf = (now: Date) =>
  named('h', {
    switches24h: switchesSince(new Date(now.getTime() - dayMs)),
    switches7d: switchesSince(new Date(now.getTime() - 7 * dayMs)),
    lastSignalAt: sql<Date | null>`(SELECT MAX(x.created_at) FROM spot_interruption_events AS x WHERE x.agent_id = a.id
      AND x.response_action <> 'not-primary')`,
    lastFailedSwitchAt: sql<Date | null>`(SELECT MAX(x.completed_at) FROM commands AS x
      WHERE x.agent_id = a.id AND x.status = 'failed' AND x.command_type = 'switch')`,
    automaticStandbys: sql<number>`(SELECT COUNT(*) FROM replica_instances AS x WHERE x.automatic_of = a.id)`,
    onDemandPrice: sql<string | null>`(SELECT x.price FROM ondemand_prices AS x
      WHERE x.instance_type = a.instance_type AND x.region = a.region)`,
  });

const switchesSince = (since: Date) =>
  sql<number>`(SELECT COUNT(*) FROM switches AS x WHERE x.agent_id = a.id AND x.initiated_at > ${since})`;

/** Named like the columns of a joined row: `alias$name`. */
function named(alias: string, columns: Record<string, RawBuilder<unknown>>): AliasedExpression<unknown, string>[] {
  return Object.entries(columns).map(([name, column]) => column.as(`${alias}$${name}`));
}
