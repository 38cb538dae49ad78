import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Tx } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { changedCommand, changedCommandOf } from '../command/changed-by-primary.ts';
import { activeStatusList } from '../failover/active-statuses.ts';
import {
  answeredNotice,
  answeredNoticeOf,
  promotedStandby,
  promotedStandbyOf,
} from '../failover/changed-by-primary.ts';
import { poolOf } from '../pool/pool-id.ts';
import { upsertPrimary } from './instances.ts';
import { type FormerPrimary, isSwitch, type PrimaryChange } from './primary-change.ts';
import { workLeft } from './remaining-work.ts';

/**
 * Changes the primary of an agent. Two statements: one for the agent, the instances that step down and the command or
 * standby behind the change, then one for the new primary's own row. The caller holds the agent's lock. Every change of
 * primary goes through here and raises `agents.epoch`. The key `uq_instances_primary_of` allows one primary at most.
 * @throws DatabaseError conflict if the epoch has moved on or the standby is no longer active, so that the transaction
 * is retried
 */
export async function changePrimary(tx: Tx, change: PrimaryChange, now: Date): Promise<void> {
  if (!change.isNewAgent) await stepDown(tx, change, now);
  if (change.next) await upsertPrimary(tx, { ...change, next: change.next }, now);
}

/**
 * The one statement in which a change of primary writes tables of several rooms.
 * Sets columns of: agents, instances, commands, replica_instances, spot_interruption_events.
 */
async function stepDown(tx: Tx, change: PrimaryChange, now: Date) {
  const { agent, former = [], promotion } = change;
  const ids = former.map(({ instanceId }) => instanceId);
  const result = await sql`
    UPDATE agents AS a
      LEFT JOIN instances AS f ON f.agent_id = a.id AND f.client_id = a.client_id AND f.id IN ${inList(ids)} AND f.instance_status <> 'terminated'
      LEFT JOIN commands AS c ON c.agent_id = a.id AND ${changedCommandOf(change)}
      LEFT JOIN replica_instances AS r ON r.agent_id = a.id AND ${promotedStandbyOf(change)}
      LEFT JOIN spot_interruption_events AS e ON e.agent_id = a.id AND ${answeredNoticeOf(change, now)}
    SET ${agentColumns(change, now)}, ${formerColumns(former, now)}, ${changedCommand(change, now)},
        ${promotedStandby(change, now)}, ${answeredNotice(change, now)}
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId} AND a.epoch = ${agent.epoch}
      AND (${promotion === undefined} OR r.status IN ${activeStatusList})`.execute(tx);
  if (!result.numAffectedRows) throw new DatabaseError('conflict', `agent ${agent.id} has left epoch ${agent.epoch}`);
}

/** The columns of `a`. `e` is the notice that the change answers. */
function agentColumns(change: PrimaryChange, now: Date) {
  const { agent, next, cause, wasPrimary = false, staysSwitching = false } = change;
  // Work that the former primary has done stays done. The next primary starts with its restart overhead.
  const work = workLeft(agent, now)?.seconds ?? null;
  const { host, mode } = next ?? {};
  const isModeKnown = mode !== undefined && mode !== 'unknown';
  const isFailover = cause === 'failover';
  // EC2's notice is about the primary: it lapses when another instance takes over.
  const isDeleted = cause === 'deleted';
  const keepsNotice = wasPrimary || (next === undefined && !isDeleted);
  const status = next ? (staysSwitching ? 'switching' : 'online') : isDeleted ? 'deleted' : 'offline';
  return sql`
    a.epoch = a.epoch + ${wasPrimary ? 0 : 1}, a.version = a.version + 1, a.updated_at = ${now}, a.status = ${status},
    a.primary_cause = IF(${wasPrimary}, a.primary_cause, ${cause}),
    a.remaining_work_seconds = IF(${wasPrimary}, a.remaining_work_seconds, ${work}),
    a.remaining_work_at = IF(${wasPrimary || work === null}, a.remaining_work_at, ${now}),
    a.primary_changed_at = IF(${wasPrimary}, a.primary_changed_at, ${now}),
    a.instance_id = IF(${cause === 'ended' || isDeleted}, a.instance_id, ${next?.instanceId ?? null}),
    a.last_heartbeat_at = IF(${next !== undefined}, ${now}, a.last_heartbeat_at), a.beat_seconds = NULL,
    a.terminated_at = IF(${cause === 'released'}, a.terminated_at, ${cause === 'ended' || isDeleted ? now : null}),
    a.instance_type = COALESCE(${next?.instanceType ?? null}, a.instance_type),
    a.region = COALESCE(${next?.region ?? null}, a.region),
    a.az = COALESCE(${next?.az ?? null}, a.az),
    a.ami_id = COALESCE(${next?.amiId ?? null}, a.ami_id),
    a.hostname = IF(${host !== undefined}, ${host?.hostname ?? null}, a.hostname),
    a.private_ip = IF(${host !== undefined}, ${host?.privateIp ?? null}, a.private_ip),
    a.public_ip = IF(${host !== undefined}, ${host?.publicIp ?? null}, a.public_ip),
    a.agent_version = COALESCE(${host?.agentVersion ?? null}, a.agent_version),
    a.current_mode = IF(${isModeKnown}, ${mode ?? null}, a.current_mode),
    a.current_pool_id = IF(${isModeKnown}, ${poolOf(mode, next?.instanceType, next?.az)}, a.current_pool_id),
    a.pending_termination_at = IF(${keepsNotice}, a.pending_termination_at, NULL),
    a.pending_termination_instance = IF(${keepsNotice}, a.pending_termination_instance, NULL),
    a.last_failover_at = IF(e.id IS NULL, a.last_failover_at, ${now}),
    a.last_termination_notice_at = IF(e.id IS NULL OR ${!isFailover}, a.last_termination_notice_at, ${now}),
    a.last_interruption_signal = IF(e.id IS NULL, a.last_interruption_signal, 'termination-notice'),
    a.interruption_handled_count = a.interruption_handled_count + IF(e.id IS NULL, 0, 1),
    a.last_switch_at = IF(${isSwitch(change)}, ${now}, a.last_switch_at)`;
}

/** The columns of `f`, the instances that step down. Ended ones are confirmed gone: nobody has to terminate them. */
function formerColumns(former: readonly FormerPrimary[], now: Date) {
  const becoming = (status: FormerPrimary['becomes']) =>
    inList(former.filter(({ becomes }) => becomes === status).map(({ instanceId }) => instanceId));
  const moved = former.find(({ movesTo }) => movesTo !== undefined);
  return sql`
    f.agent_id = IF(f.id = ${moved?.instanceId ?? ''}, ${moved?.movesTo ?? ''}, f.agent_id), f.is_primary = FALSE, f.version = f.version + 1,
    f.is_active = (f.id IN ${becoming('running_replica')}),
    f.instance_status = CASE WHEN f.id IN ${becoming('terminated')} THEN 'terminated'
      WHEN f.id IN ${becoming('running_replica')} THEN 'running_replica'
      WHEN f.id IN ${becoming('detached')} THEN f.instance_status ELSE 'zombie' END,
    f.detached_at = IF(f.id IN ${becoming('detached')}, ${now}, f.detached_at),
    f.zombie_at = IF(f.id IN ${becoming('zombie')}, COALESCE(f.zombie_at, ${now}), f.zombie_at),
    f.terminated_at = IF(f.id IN ${becoming('terminated')}, COALESCE(f.terminated_at, ${now}), f.terminated_at),
    f.termination_confirmed = IF(f.id IN ${becoming('terminated')}, TRUE, f.termination_confirmed)`;
}
