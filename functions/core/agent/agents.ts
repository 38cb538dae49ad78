import { type RawBuilder, sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import type { Agent, AgentStatus, Mode } from '../../shared/schema.ts';
import { poolOf } from '../pool/pool-id.ts';
import { regionOfZone } from '../pool/region.ts';

/** Writes rows of `agents`, except for the columns that a change of primary sets (primary.ts). */

/** What an instance reports about itself when its agent starts. */
export interface Registration {
  readonly logical_agent_id: string;
  readonly instance_id: string;
  readonly instance_type: string;
  readonly region: string;
  readonly az: string;
  readonly hostname?: string | undefined;
  readonly ami_id?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly agent_version?: string | undefined;
  readonly private_ip?: string | undefined;
  readonly public_ip?: string | undefined;
}

interface NewAgent {
  readonly id: string;
  readonly clientId: string;
  readonly body: Registration;
}

/**
 * Inserts an agent with the registering instance as its primary, or locks the agent if it already exists. One
 * statement, so that two instances that start together cannot both find no agent. A new agent gets its tenant's default
 * settings.
 */
export async function insertOrLockAgent(tx: Tx, { id, clientId, body }: NewAgent, now: Date): Promise<void> {
  await sql`
    INSERT INTO agents (id, client_id, logical_agent_id, status, hostname, instance_id, instance_type, region, az, ami_id,
      private_ip, public_ip, current_mode, current_pool_id, agent_version, last_heartbeat_at, auto_switch_enabled,
      auto_terminate_enabled, terminate_wait_seconds, availability_target, primary_cause, primary_changed_at, created_at, updated_at)
    SELECT ${id}, k.id, ${body.logical_agent_id}, 'online', ${body.hostname ?? null}, ${body.instance_id}, ${body.instance_type},
      ${body.region}, ${body.az}, ${body.ami_id ?? null}, ${body.private_ip ?? null}, ${body.public_ip ?? null},
      ${body.mode ?? 'unknown'}, ${poolOf(body.mode, body.instance_type, body.az)}, ${body.agent_version ?? null}, ${now},
      k.default_auto_switch_enabled, k.default_auto_terminate, k.default_terminate_wait_seconds, k.default_availability_target,
      'register', ${now}, ${now}, ${now}
    FROM clients AS k WHERE k.id = ${clientId}
    ON DUPLICATE KEY UPDATE version = agents.version + 1`.execute(tx);
}

interface Restart {
  readonly agent: Pick<Agent, 'id' | 'clientId'>;
  readonly status: AgentStatus;
  readonly body: Registration;
}

/**
 * Refreshes the facts of a primary that has started again. An unknown mode does not overwrite a known one.
 * Sets columns of: agents, instances.
 */
export async function refreshPrimary(tx: Tx, { agent, status, body }: Restart, now: Date): Promise<void> {
  const isModeKnown = body.mode !== undefined && body.mode !== 'unknown';
  const pool = poolOf(body.mode, body.instance_type, body.az);
  await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = ${body.instance_id} AND i.agent_id = a.id AND i.client_id = a.client_id
    SET a.version = a.version + 1, a.updated_at = ${now}, a.last_heartbeat_at = ${now}, a.beat_seconds = NULL,
        a.terminated_at = NULL,
        a.status = ${status},
        a.hostname = ${body.hostname ?? null}, a.private_ip = ${body.private_ip ?? null}, a.public_ip = ${body.public_ip ?? null},
        a.agent_version = COALESCE(${body.agent_version ?? null}, a.agent_version),
        a.instance_type = ${body.instance_type}, a.region = ${body.region}, a.az = ${body.az},
        a.ami_id = COALESCE(${body.ami_id ?? null}, a.ami_id),
        a.current_mode = IF(${isModeKnown}, ${body.mode ?? null}, a.current_mode),
        a.current_pool_id = IF(${isModeKnown}, ${pool}, a.current_pool_id),
        i.version = i.version + 1, i.last_seen_at = ${now}, i.instance_type = ${body.instance_type}, i.region = ${body.region},
        i.az = ${body.az}, i.ami_id = COALESCE(${body.ami_id ?? null}, i.ami_id),
        i.current_mode = IF(${isModeKnown}, ${body.mode ?? null}, i.current_mode),
        i.current_pool_id = IF(${isModeKnown}, ${pool}, i.current_pool_id)
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId}`.execute(tx);
}

interface Beat {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that sent the heartbeat; `undefined` if it does not say which one it is. */
  readonly reporter: string | undefined;
  readonly status: AgentStatus;
  readonly mode: Mode | undefined;
  readonly instanceType: string | undefined;
  readonly az: string | undefined;
  /** In how many seconds it was told to send the next heartbeat; `undefined` if it was not told. */
  readonly nextSeconds?: number | undefined;
  /** Whether this makes the agent due for a decision, as a price report would. */
  readonly isPriced?: boolean;
  /** An extra condition on `agents AS a`, and the join that it needs. */
  readonly only?: { readonly join: RawBuilder<unknown>; readonly where: RawBuilder<boolean> };
  /** Seconds of work that the agent has left, if the instance reports it. */
  readonly remainingWorkSeconds?: number | undefined;
}

/**
 * Records a heartbeat of the primary that leaves the agent's status as it is.
 * Sets columns of: agents, instances.
 * @returns whether it was such a heartbeat; if not, nothing was changed
 */
export async function noteSteadyBeat(db: Db, beat: Beat, now: Date): Promise<boolean> {
  const { clientId, agentId, reporter = null, status, mode = null, instanceType = null, az = null } = beat;
  const {
    nextSeconds = null,
    remainingWorkSeconds: work = null,
    isPriced = false,
    only = { join: sql``, where: sql`TRUE` },
  } = beat;
  const isModeKnown = mode !== null && mode !== 'unknown';
  const pool = poolOf(beat.mode, instanceType, az);
  // A Spot pool follows from type and zone. Unless both are reported, the stored pool is kept.
  const isPoolKnown = mode === 'ondemand' || pool !== null;
  const region = regionOfZone(az) ?? null;
  const result = await sql`
    UPDATE agents AS a INNER JOIN instances AS i ON i.id = a.instance_id AND i.client_id = a.client_id AND i.is_primary
      ${only.join}
    SET a.last_heartbeat_at = ${now}, a.version = a.version + 1, i.last_seen_at = ${now}, i.version = i.version + 1,
        a.beat_seconds = ${nextSeconds}, a.priced_at = IF(${isPriced}, ${now}, a.priced_at),
        a.instance_type = COALESCE(${instanceType}, a.instance_type),
        i.instance_type = COALESCE(${instanceType}, i.instance_type),
        a.az = COALESCE(${az}, a.az), i.az = COALESCE(${az}, i.az),
        a.region = COALESCE(${region}, a.region), i.region = COALESCE(${region}, i.region),
        a.remaining_work_seconds = COALESCE(${work}, a.remaining_work_seconds),
        a.remaining_work_at = IF(${work === null}, a.remaining_work_at, ${now}),
        a.current_mode = IF(${isModeKnown}, ${mode}, a.current_mode),
        i.current_mode = IF(${isModeKnown}, ${mode}, i.current_mode),
        a.current_pool_id = IF(${isPoolKnown}, ${pool}, a.current_pool_id),
        i.current_pool_id = IF(${isPoolKnown}, ${pool}, i.current_pool_id)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND (${reporter} IS NULL OR a.instance_id = ${reporter})
      AND (a.status = ${status} OR (a.status = 'switching' AND ${status} = 'online')) AND ${only.where}`.execute(db);
  return (result.numAffectedRows ?? 0n) > 0n;
}

interface NewStatus {
  readonly clientId: string;
  readonly agentId: string;
  readonly status: AgentStatus;
  /** Set for the agent's own heartbeat. `nextSeconds`: when it was told to send the next one; `null` if not told. */
  readonly heard?: { readonly nextSeconds: number | null };
  /** Whether the agent stops for good. */
  readonly ended?: boolean;
  /** Changes the status only while this instance is the primary. */
  readonly ofPrimary?: string;
  /** Seconds of work that the agent has left, if it reports it. */
  readonly remainingWorkSeconds?: number | undefined;
}

/** Sets an agent's status, unless the agent is deleted. */
export async function setStatus(db: Db, change: NewStatus, now: Date): Promise<void> {
  const { clientId, agentId, status, heard, ended, ofPrimary, remainingWorkSeconds } = change;
  await db
    .updateTable('agents')
    .set((eb) => ({
      status,
      updatedAt: now,
      version: eb('version', '+', 1),
      ...(heard && { lastHeartbeatAt: now, beatSeconds: heard.nextSeconds }),
      ...(ended && { terminatedAt: now }),
      ...(remainingWorkSeconds !== undefined && { remainingWorkSeconds, remainingWorkAt: now }),
    }))
    .where('id', '=', agentId)
    .where('clientId', '=', clientId)
    .where('status', '<>', 'deleted')
    .$if(ofPrimary !== undefined, (query) => query.where('instanceId', '=', ofPrimary!))
    .execute();
}

interface FreeAgents {
  /** Agents that `changeFreeAgents` has locked. */
  readonly ids: readonly string[];
  readonly set: RawBuilder<unknown>;
  readonly where?: RawBuilder<unknown>;
}

/** Sets columns of agents that a job has locked. @returns how many it changed */
export async function updateFreeAgents(tx: Tx, { ids, set, where = sql`TRUE` }: FreeAgents): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE ${byPrimaryKey('agents')} SET ${set}, version = version + 1 WHERE id IN ${inList(ids)} AND ${where}`.execute(
    tx,
  );
  return Number(numAffectedRows ?? 0n);
}

/** Records that EC2 sent a rebalance recommendation for an agent's instance. */
export const noteRecommendation = (db: Db, { id, clientId }: Pick<Agent, 'id' | 'clientId'>, now: Date) =>
  db
    .updateTable('agents')
    .set((eb) => ({ lastRebalanceRecommendationAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .execute();
