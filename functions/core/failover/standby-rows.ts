import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db, Tx } from '../../shared/db.ts';
import type { FailureCause, Replica } from '../../shared/schema.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { activeStatusList } from './active-statuses.ts';
import type { Candidate } from './placement.ts';
import type { StandbyType } from './standby-policy.ts';

/** Writes rows of `replica_instances`, together with the standby's instance where both change. */

export interface NewStandby {
  readonly type: StandbyType;
  readonly createdBy: string;
  readonly tags?: Record<string, unknown> | undefined;
  /** The signal that it is created for. */
  readonly interruption?: {
    readonly signal: string;
    readonly detectedAt: Date;
    readonly terminationTime: Date | null;
  };
}

/**
 * Inserts a standby for the agent to launch in a pool. The caller holds the agent's lock, or checks in the same
 * transaction that what it decided on is unchanged (see notices.ts).
 */
export async function insertStandby(
  tx: Tx,
  { agent, primary }: AgentState,
  { pool, standby }: { readonly pool: Candidate; readonly standby: NewStandby },
  now: Date,
) {
  const { interruption } = standby;
  const row = {
    id: randomUUID(),
    clientId: agent.clientId,
    agentId: agent.id,
    replicaType: standby.type,
    poolId: pool.id,
    instanceType: pool.instanceType,
    region: pool.region,
    az: pool.az,
    status: 'launching' as const,
    createdBy: standby.createdBy,
    parentInstanceId: primary?.id ?? null,
    hourlyCost: pool.price,
    tags: standby.tags ?? null,
    interruptionSignalType: interruption?.signal ?? null,
    interruptionDetectedAt: interruption?.detectedAt ?? null,
    terminationTime: interruption?.terminationTime ?? null,
    createdAt: now,
  };
  await tx.insertInto('replicaInstances').values(row).execute();
  return row;
}

/** Inserts a standby as `insertStandby` does, and records an event for it together with the events in `also`. */
export async function createStandby(
  tx: Tx,
  state: AgentState,
  {
    also = [],
    ...input
  }: { readonly pool: Candidate; readonly standby: NewStandby; readonly also?: readonly SystemEvent[] },
  now: Date,
) {
  const { agent } = state;
  const row = await insertStandby(tx, state, input, now);
  const created: SystemEvent = {
    clientId: agent.clientId,
    agentId: agent.id,
    type: 'replica_created',
    severity: 'info',
    message: `A standby of agent ${agent.logicalAgentId} will be launched in ${input.pool.id}`,
    metadata: { replicaId: row.id, type: input.standby.type },
    dedupeKey: `replica_created:${row.id}`,
  };
  await record(tx, [created, ...also], now);
  return row;
}

interface RunningStandby {
  readonly instanceId: string;
  readonly poolId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly az: string;
  readonly createdBy: string;
  readonly parentInstanceId: string | null;
  readonly tags?: Record<string, unknown> | undefined;
  /** If false it is inserted as terminated, so that the instance is terminated and not orphaned. */
  readonly isWanted: boolean;
}

/** Inserts a standby whose instance is already running. */
export async function adoptStandby(tx: Tx, { agent }: AgentState, standby: RunningStandby, now: Date): Promise<string> {
  const { isWanted, tags = null, ...facts } = standby;
  const id = randomUUID();
  await tx
    .insertInto('replicaInstances')
    .values({
      id,
      clientId: agent.clientId,
      agentId: agent.id,
      ...facts,
      replicaType: 'manual',
      status: isWanted ? 'syncing' : 'terminated',
      syncStatus: 'syncing',
      launchedAt: now,
      terminatedAt: isWanted ? null : now,
      tags,
      createdAt: now,
    })
    .execute();
  return id;
}

/** Keeps the former primary as a standby of the new one (protocol R3). */
export async function keepAsStandby(tx: Tx, { agent, primary }: AgentState, now: Date): Promise<void> {
  if (!primary?.instanceType || !primary.region || !primary.az) return;
  await tx
    .insertInto('replicaInstances')
    .values({
      id: randomUUID(),
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId: primary.id,
      replicaType: 'manual',
      poolId: `${primary.instanceType}.${primary.az}`,
      instanceType: primary.instanceType,
      region: primary.region,
      az: primary.az,
      status: 'ready',
      syncStatus: 'synced',
      stateTransferProgress: '100',
      createdBy: 'promotion',
      hourlyCost: primary.spotPrice,
      launchedAt: now,
      readyAt: now,
      createdAt: now,
    })
    .onDuplicateKeyUpdate({ status: 'ready', syncStatus: 'synced', readyAt: now, createdAt: now, promotedAt: null })
    .execute();
}

export type StandbyChanges = Partial<
  Pick<
    Replica,
    | 'instanceId'
    | 'status'
    | 'syncStatus'
    | 'launchedAt'
    | 'readyAt'
    | 'stateTransferProgress'
    | 'syncStartedAt'
    | 'syncCompletedAt'
    | 'lastSyncAt'
    | 'syncLatencyMs'
    | 'terminationConfirmed'
  >
>;

export const updateStandby = (tx: Tx, { id, clientId }: Standby, changes: StandbyChanges) =>
  tx.updateTable('replicaInstances').set(changes).where('id', '=', id).where('clientId', '=', clientId).execute();

type Launch = Pick<Replica, 'id' | 'clientId' | 'launchClaimedAt'> & {
  /** Identifies this request: if an update's response was lost, it shows whose update it was. */
  readonly token: string;
};

/**
 * Claims a launch. Of two concurrent polls only one gets it: the first update makes the second one's condition false.
 * @returns whether this request claimed the launch
 */
export async function claimLaunch(
  db: Db,
  { id, clientId, launchClaimedAt, token }: Launch,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('replicaInstances')
    .set({ launchClaimedAt: now, launchToken: token })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .where('status', '=', 'launching')
    .where('instanceId', 'is', null)
    .where('launchClaimedAt', launchClaimedAt === null ? 'is' : '=', launchClaimedAt)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return true;
  // Another request was faster, or ours was retried after it had committed.
  const row = await db
    .selectFrom('replicaInstances')
    .select('launchToken')
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  return row?.launchToken === token;
}

/**
 * Ends a standby and its instance. A promoted standby is the primary now and stays as it is.
 * Sets columns of: replica_instances, instances.
 * @param end `confirmed`: the instance is gone or never existed; otherwise it is listed for termination until confirmed
 */
export async function endStandby(
  tx: Tx,
  { id, clientId }: Standby,
  { at, confirmed }: { readonly at: Date; readonly confirmed: boolean },
  now: Date,
): Promise<void> {
  await sql`
    UPDATE replica_instances AS r
      LEFT JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id AND NOT i.is_primary
    SET r.status = IF(r.status IN ${activeStatusList}, 'terminated', r.status),
        r.terminated_at = COALESCE(r.terminated_at, ${at}), r.termination_confirmed = (r.termination_confirmed OR ${confirmed}),
        i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${at}),
        i.termination_confirmed = (i.termination_confirmed OR ${confirmed}), i.version = i.version + 1,
        i.termination_attempted_at = IF(${confirmed}, ${now}, i.termination_attempted_at)
    WHERE r.id = ${id} AND r.client_id = ${clientId} AND r.status <> 'promoted'`.execute(tx);
}

/** Why a standby failed, and when its instance ends; `null` if the instance is only silent and is not terminated. */
export interface Failure {
  readonly why: string;
  /** The category of the cause, if known. */
  readonly cause?: FailureCause;
  readonly endsAt: Date | null;
}

/**
 * Marks a standby as failed. With `endsAt`, its instance is terminated or ends by itself. Without it, nobody is asked
 * to terminate the instance: it is only silent and may still serve (see `markSeen`).
 * Sets columns of: replica_instances, instances.
 * @throws DatabaseError conflict if the standby is no longer active
 */
export async function markFailed(
  tx: Tx,
  { id, clientId }: Standby,
  { why, cause, endsAt }: Failure,
  now: Date,
): Promise<void> {
  const result = await sql`
    UPDATE replica_instances AS r
      LEFT JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id AND NOT i.is_primary
    SET r.status = 'failed', r.failed_at = ${now}, r.error_message = ${why.slice(0, 2000)}, r.failure_cause = ${cause ?? null},
        i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${endsAt}),
        i.version = i.version + 1
    WHERE r.id = ${id} AND r.client_id = ${clientId} AND r.status IN ${activeStatusList}`.execute(tx);
  if (!result.numAffectedRows) throw new DatabaseError('conflict', `standby ${id} has become something else`);
}
