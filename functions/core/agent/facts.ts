import { type AliasedExpression, type RawBuilder, sql } from 'kysely';
import { inList } from '../../shared/in-list.ts';
import { dayMs, hourMs, minuteMs, msBefore } from '../../shared/time.ts';
import { activeStatusList } from '../failover/active-statuses.ts';
import { codeLength } from '../failover/failure-cause.ts';
import { onDemandOf } from '../pool/on-demand.ts';
import { failedSwitchesMs, type SwitchKey } from './state.ts';

/** SQL for what is read or counted along with an agent: subqueries and tables to join with `agents AS a`. */

export const standbyCount = sql<number>`(
  SELECT COUNT(*) FROM replica_instances AS x WHERE x.agent_id = a.id AND x.status IN ${activeStatusList})`;

/** An agent may report a switch as done minutes before the successor registers: instances boot slowly. */
const successorComesWithinMs = 15 * minuteMs;

/** The newest switch that is being carried out, or that is completed but whose successor may still register. */
export const newestInFlight = (now: Date) => sql<string>`(
  SELECT x.id FROM commands AS x
  WHERE x.agent_id = a.id AND x.command_type = 'switch' AND (x.status = 'dispatched'
    OR (x.status = 'completed' AND x.new_instance_id IS NULL
      AND x.completed_at > ${new Date(now.getTime() - successorComesWithinMs)}))
  ORDER BY x.dispatched_at DESC LIMIT 1)`;

/** @param instanceId the instance whose notice to find; `undefined` for the primary's */
export const newestNotice = (instanceId: string | undefined) => sql<string>`(
  SELECT x.id FROM spot_interruption_events AS x
  WHERE x.instance_id = COALESCE(${instanceId ?? null}, a.instance_id) AND x.agent_id = a.id
    AND x.signal_type = 'termination-notice'
  ORDER BY x.created_at DESC LIMIT 1)`;

/** Whether the agent itself reported this switch (an inferred record does not count), and whether a later one began. */
export const recordedOf = ({ oldId, newId, initiatedAt }: SwitchKey) =>
  named('r', {
    reported: sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.old_instance_id = ${oldId}
      AND s.new_instance_id = ${newId} AND NOT s.inferred)`,
    overtaken: sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.initiated_at > ${initiatedAt}
      AND NOT (s.old_instance_id = ${oldId} AND s.new_instance_id = ${newId}))`,
  });

/**
 * Counts of failed launches and unheard standbys, and the newest standby that was ended or promoted (see `Launches`).
 */
export const launchesOf = () =>
  named('l', {
    failures: sql<number>`COALESCE(lf.failures, 0)`,
    unheard: sql<number>`(SELECT COUNT(*) FROM replica_instances AS f WHERE f.agent_id = a.id AND f.status = 'failed'
      AND f.failure_cause = 'unheard' AND f.created_at > COALESCE(${lastEnded}, '1970-01-01'))`,
    lastFailureAt: sql<Date | null>`lf.last_at`,
    lastEndedCreatedAt: lastEnded,
  });

const lastEnded = sql<Date | null>`(SELECT x.created_at FROM replica_instances AS x
  FORCE INDEX (ix_replica_instances_agent_created_at)
  WHERE x.agent_id = a.id AND x.status IN ('terminated', 'promoted') ORDER BY x.created_at DESC LIMIT 1)`;

/** Each agent's failed standby launches of the last hour, as a table `lf` to join (see `recentSwitches`). */
export const recentFailures = (agentIds: readonly string[] | undefined, now: Date) =>
  sql<{ agentId: string; failures: number; lastAt: Date }>`(
    SELECT f.agent_id, COUNT(*) AS failures, MAX(f.failed_at) AS last_at
    FROM replica_instances AS f FORCE INDEX (ix_replica_instances_agent_failed_at)
    WHERE ${isOneOf('f', agentIds)} AND f.failed_at > ${msBefore(now, hourMs)} AND f.status = 'failed'
      AND f.launch_claimed_at IS NOT NULL AND (f.ready_at IS NULL OR f.failure_cause = 'unheard')
    GROUP BY f.agent_id)`.as<'lf'>('lf');

export const historyOf = (now: Date) =>
  named('h', {
    switches24h: sql<number>`COALESCE(hs.last_day, 0)`,
    switches7d: sql<number>`COALESCE(hs.last_week, 0)`,
    switches: sql<unknown>`hs.switches`,
    losses: sql<unknown>`hl.losses`,
    lastSignalAt: sql<Date | null>`(SELECT x.created_at FROM spot_interruption_events AS x
      FORCE INDEX (ix_spot_interruption_events_agent)
      WHERE x.agent_id = a.id AND x.response_action <> 'not-primary' ORDER BY x.created_at DESC LIMIT 1)`,
    failedSwitches: sql<unknown>`(SELECT JSON_ARRAYAGG(JSON_ARRAY(x.target_pool_id, ${secondsOf('x.completed_at')},
        LEFT(x.message, ${sql.lit(codeLength)})))
      FROM commands AS x FORCE INDEX (ix_commands_ended)
      WHERE x.agent_id = a.id AND x.command_type = 'switch' AND x.status = 'failed'
        AND x.completed_at > ${msBefore(now, failedSwitchesMs)})`,
    automaticStandbys: sql<number>`(SELECT COUNT(*) FROM replica_instances AS x WHERE x.automatic_of = a.id)`,
    onDemandPrice: onDemandOf('a'),
    overlays: overlaysNow(now),
  });

/**
 * A tenant's price overlays that may apply to the agent now: no more than one for its type and one for all types in
 * each mode. Which of them does is the rule of `overlayFor`. Names may have control characters, and MariaDB cuts JSON off
 * that has many escapes of six characters.
 */
const overlaysNow = (now: Date) => sql<unknown>`(
  SELECT JSON_ARRAYAGG(JSON_ARRAY(TO_BASE64(x.name), x.instance_type, x.mode, CAST(x.multiplier AS CHAR), CAST(x.hourly_price AS CHAR)))
  FROM client_price_overlays AS x
  WHERE x.client_id = a.client_id AND x.instance_type IN ('', a.instance_type)
    AND (x.valid_from IS NULL OR x.valid_from <= ${now}) AND (x.valid_until IS NULL OR x.valid_until > ${now}))`;

/**
 * Each agent's switches of the last week, as a table `hs` to join. A subquery for each agent's row could be narrowed
 * only by agent, and would read every switch that the agent ever did.
 */
export const recentSwitches = (agentIds: readonly string[] | undefined, now: Date) => {
  const aDayAgo = msBefore(now, dayMs);
  return sql<{ agentId: string; lastDay: number; lastWeek: number }>`(
    SELECT x.agent_id, SUM(x.event_trigger <> 'emergency') AS last_week,
      SUM(x.event_trigger <> 'emergency' AND x.initiated_at > ${aDayAgo}) AS last_day,
      JSON_ARRAYAGG(JSON_ARRAY(${secondsOf('x.initiated_at')},
        COALESCE(x.downtime_seconds, 0), x.event_trigger = 'emergency', x.old_instance_id,
        ${secondsOf('x.instance_launched_at')})) AS switches
    FROM switches AS x FORCE INDEX (ix_switches_agent)
    WHERE ${isOneOf('x', agentIds)} AND x.initiated_at > ${msBefore(now, 7 * dayMs)}
    GROUP BY x.agent_id)`.as<'hs'>('hs');
};

/**
 * Each agent's primaries that EC2 took within the last week and that were replaced, as a table `hl` to join (see
 * `recentSwitches`). A primary that was heard of after its announced end counts as serving until then.
 */
export const recentLosses = (agentIds: readonly string[] | undefined, now: Date) =>
  sql<{ agentId: string; losses: unknown }>`(
    SELECT x.agent_id, JSON_ARRAYAGG(JSON_ARRAY(x.instance_id,
        ${secondsOf('GREATEST(x.termination_time, COALESCE(i.last_seen_at, x.termination_time))')},
        ${secondsOf('i.zombie_at')})) AS losses
    FROM spot_interruption_events AS x FORCE INDEX (ix_spot_interruption_events_agent)
      INNER JOIN instances AS i ON i.id = x.instance_id AND i.agent_id = x.agent_id AND i.client_id = x.client_id
    WHERE ${isOneOf('x', agentIds)} AND x.created_at > ${msBefore(now, 7 * dayMs)}
      AND x.signal_type = 'termination-notice' AND i.primary_since IS NOT NULL AND i.zombie_at >= i.primary_since
    GROUP BY x.agent_id)`.as<'hl'>('hl');

/** Whole seconds since 1970. @param column SQL of a DATETIME */
const secondsOf = (column: string) => sql.raw(`TIMESTAMPDIFF(SECOND, CAST('1970-01-01' AS DATETIME), ${column})`);

const isOneOf = (alias: string, agentIds: readonly string[] | undefined) =>
  agentIds ? sql`${sql.ref(`${alias}.agent_id`)} IN ${inList(agentIds)}` : sql`TRUE`;

/** Names columns like those of a joined row: `alias$name`. */
function named(alias: string, columns: Record<string, RawBuilder<unknown>>): AliasedExpression<unknown, string>[] {
  return Object.entries(columns).map(([name, column]) => column.as(`${alias}$${name}`));
}
