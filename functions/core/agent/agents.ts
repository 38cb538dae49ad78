import { type RawBuilder, sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import type { Agent, AgentStatus, Mode } from '../../shared/schema.ts';
import { poolOf } from '../pool/pool-id.ts';
import { regionOfZone } from '../pool/region.ts';

/** The rows of `agents`, but for what a change of primary sets (primary.ts). */

/** What an instance tells of itself when its agent starts. */
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
 * Inserts an agent whose primary is the instance that registers, or takes the lock of the agent that is there: one
 * statement, so two instances that start together cannot both find nothing. A new agent takes its tenant's defaults.
 */
export async function insertOrLockAgent(tx: Tx, { id, clientId, body }: NewAgent, now: Date): Promise<void> {
  await sql`
    INSERT INTO agents (id, client_id, logical_agent_id, status, hostname, instance_id, instance_type, region, az, ami_id,
      private_ip, public_ip, current_mode, current_pool_id, agent_version, last_heartbeat_at, auto_switch_enabled,
      auto_terminate_enabled, terminate_wait_seconds, primary_cause, primary_changed_at, created_at, updated_at)
    SELECT ${id}, k.id, ${body.logical_agent_id}, 'online', ${body.hostname ?? null}, ${body.instance_id}, ${body.instance_type},
      ${body.region}, ${body.az}, ${body.ami_id ?? null}, ${body.private_ip ?? null}, ${body.public_ip ?? null},
      ${body.mode ?? 'unknown'}, ${poolOf(body.mode, body.instance_type, body.az)}, ${body.agent_version ?? null}, ${now},
      k.default_auto_switch_enabled, k.default_auto_terminate, k.default_terminate_wait_seconds, 'register', ${now}, ${now}, ${now}
    FROM clients AS k WHERE k.id = ${clientId}
    ON DUPLICATE KEY UPDATE version = agents.version + 1`.execute(tx);
}

interface Restart {
  readonly agent: Pick<Agent, 'id' | 'clientId'>;
  readonly status: AgentStatus;
  readonly body: Registration;
}

/**
 * The primary has started again: its facts may be new, and a known mode is not overwritten by an unknown one.
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
  /** The instance that beats; `undefined` where it does not say. */
  readonly reporter: string | undefined;
  readonly status: AgentStatus;
  readonly mode: Mode | undefined;
  readonly instanceType: string | undefined;
  readonly az: string | undefined;
  /** In how many seconds it was told to come back; `undefined` where it comes by itself. */
  readonly nextSeconds?: number | undefined;
  /** Whether its agent is to be decided on, as if it had reported prices. */
  readonly isPriced?: boolean;
  /** What has to hold of `agents AS a` besides, and what is joined to see it. */
  readonly only?: { readonly join: RawBuilder<unknown>; readonly where: RawBuilder<boolean> };
  /** What is left of the agent's work, where the instance tells. */
  readonly remainingWorkSeconds?: number | undefined;
}

/**
 * Notes a heartbeat in which the primary says again what it said last.
 * Sets columns of: agents, instances.
 * @returns whether it was that; otherwise nothing has changed
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
  // Without its type or zone a Spot instance's pool is not known anew, and the one we have stands.
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
  /** The agent itself beats just now, and comes back in so many seconds; `null`: by itself. */
  readonly heard?: { readonly nextSeconds: number | null };
  /** Whether the agent stops for good. */
  readonly ended?: boolean;
  /** Only while this instance is the primary. */
  readonly ofPrimary?: string;
  /** What is left of the agent's work, where it tells. */
  readonly remainingWorkSeconds?: number | undefined;
}

/** Sets the status of an agent that is not deleted. */
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

/** Notes that EC2 recommends to move an agent off its instance. */
export const noteRecommendation = (db: Db, { id, clientId }: Pick<Agent, 'id' | 'clientId'>, now: Date) =>
  db
    .updateTable('agents')
    .set((eb) => ({ lastRebalanceRecommendationAt: now, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .execute();
