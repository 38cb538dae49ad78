import { sql } from 'kysely';
import type * as z from 'zod';
import type { StatusRequest, SyncRequest } from '../../replica/routes.ts';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { heldTo } from '../../shared/fields.ts';
import type { Replica, ReplicaStatus } from '../../shared/schema.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { isRetired, requireOwnMachine, writeStandbyMachine } from './create.ts';
import { recordLoss } from './next-pool.ts';
import { canTakeOver, promote } from './promote.ts';
import { type Asked, lockAgent, type StandbyState } from './state.ts';
import { giveBack } from './undo-failover.ts';

interface OfReplica extends Asked {
  readonly replicaId: string;
  readonly now: Date;
}

/** Where a standby may go from where it is (contract 10.2); what is final is not listed. */
const nextStatuses: Partial<Record<ReplicaStatus, readonly ReplicaStatus[]>> = {
  launching: ['syncing', 'ready', 'failed', 'terminated'],
  syncing: ['ready', 'failed', 'terminated'],
  ready: ['failed', 'terminated'],
};

const allows = (from: ReplicaStatus, to: ReplicaStatus) => nextStatuses[from]?.includes(to) ?? false;

function requireReplica({ named }: StandbyState, replicaId: string): Replica {
  if (!named) throw new AppError('replica_not_found', `Agent has no replica ${replicaId.slice(0, 64)}`);
  return named;
}

/**
 * R5: the agent has launched the machine. One that came too late, or second, is entered as terminated: it runs and costs,
 * so it must be listed until it has been seen to go.
 * @throws AppError agent_not_found, replica_not_found; replica_has_machine for a second machine, which is entered first
 */
export async function attachMachine(
  db: Db,
  call: OfReplica & { instanceId: string; status: 'launching' | 'syncing' | 'ready' },
) {
  const { replicaId, instanceId, now } = call;
  const outcome = await transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...call, machineId: instanceId });
    const replica = requireReplica(state, replicaId);
    const isSaidAgain = replica.instanceId === instanceId && (!replica.isActive || call.status !== 'ready');
    if (isSaidAgain) return { status: replica.status };
    requireOwnMachine(state, instanceId);
    const machine = {
      agent: state.agent,
      instanceId,
      instanceType: replica.instanceType,
      region: replica.region,
      az: replica.az,
    };
    const isAnothers = state.machine?.replicaId != null && state.machine.replicaId !== replica.id;
    if (isAnothers || isRetired(state))
      throw new AppError('replica_has_machine', `${instanceId} is or was another standby, or is to be terminated`);
    if (replica.instanceId !== null && replica.instanceId !== instanceId) {
      await writeStandbyMachine(tx, { ...machine, runs: false }, now);
      return { surplusOf: replica.instanceId };
    }
    if (!replica.isActive) {
      await writeStandbyMachine(tx, { ...machine, runs: false }, now);
      await update(tx, replica, { instanceId, launchedAt: now, terminationConfirmed: false });
      return { status: replica.status };
    }
    const isReady = call.status === 'ready' || replica.status === 'ready';
    const changes = {
      instanceId,
      status: isReady ? 'ready' : 'syncing',
      syncStatus: isReady ? 'synced' : 'syncing',
      launchedAt: replica.launchedAt ?? now,
      readyAt: replica.readyAt ?? (isReady ? now : null),
    } as const;
    if (await failOverIfPending(tx, state, { ...replica, ...changes }, now)) return { status: 'promoted' };
    await writeStandbyMachine(tx, { ...machine, runs: true }, now);
    await update(tx, replica, changes);
    return { status: changes.status };
  });
  if ('surplusOf' in outcome)
    throw new AppError(
      'replica_has_machine',
      `Replica has the machine ${outcome.surplusOf}; ${instanceId} is to be terminated`,
    );
  return { success: true as const, replica_id: replicaId, instance_id: instanceId, status: outcome.status };
}

/** R6: how the standby is. What the table does not allow changes nothing, and is answered 200: agents handle no error. */
export async function reportStatus(
  db: Db,
  call: OfReplica & { body: z.output<typeof StatusRequest>; speakerId: string | undefined },
) {
  const { replicaId, body, now } = call;
  return transact(db, async (tx) => {
    // A failure may be one of the machine that has just taken over from the one that speaks: see `giveBack`.
    const speaker = body.status === 'failed' ? call.speakerId : undefined;
    const state = await lockAgent(tx, { ...call, machineId: speaker });
    const replica = requireReplica(state, replicaId);
    const status = await applyStatus(tx, state, replica, body, now);
    return { success: true as const, replica_id: replicaId, status };
  });
}

async function applyStatus(
  tx: Tx,
  state: StandbyState,
  replica: Replica,
  body: z.output<typeof StatusRequest>,
  now: Date,
) {
  if (body.status === 'terminated') {
    await endReplica(tx, replica, { at: heldTo(now, body.terminated_at), now, confirmed: true });
    return allows(replica.status, 'terminated') ? 'terminated' : replica.status;
  }
  const why = body.error_message ?? 'no reason given';
  if (body.status === 'failed' && (await giveBack(tx, state, replica, why, now))) return 'failed';
  if (body.status === replica.status || !allows(replica.status, body.status)) return replica.status;
  if (body.status === 'ready') {
    const changes = {
      status: 'ready',
      readyAt: replica.readyAt ?? now,
      syncStatus: 'synced',
      stateTransferProgress: '100',
      syncCompletedAt: heldTo(now, body.sync_completed_at),
    } as const;
    if (await failOverIfPending(tx, state, { ...replica, ...changes }, now)) return 'promoted';
    await update(tx, replica, changes);
    return 'ready';
  }
  if (body.status === 'failed') {
    await failReplica(tx, state, replica, why, now);
    return 'failed';
  }
  await update(tx, replica, { status: body.status, syncStartedAt: heldTo(now, body.sync_started_at) });
  return body.status;
}

/** R7. */
export async function reportSync(db: Db, call: OfReplica & { body: z.output<typeof SyncRequest> }) {
  const { replicaId, body, now } = call;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, call);
    const replica = requireReplica(state, replicaId);
    const message = 'Recorded';
    if (!replica.isActive && body.status !== 'terminated') return { success: true as const, message };
    const progress = body.state_transfer_progress;
    await update(tx, replica, {
      lastSyncAt: now,
      ...(body.sync_status && { syncStatus: body.sync_status }),
      ...(body.sync_latency_ms !== undefined && { syncLatencyMs: body.sync_latency_ms }),
      ...(progress !== undefined && { stateTransferProgress: progress.toFixed(2) }),
    });
    const wanted = body.status ?? (progress !== undefined && progress >= 100 ? 'ready' : undefined);
    if (wanted) await applyStatus(tx, state, replica, { status: wanted }, now);
    return { success: true as const, message };
  });
}

/**
 * R4: the standby is not wanted any more. Its machine is listed to the agent until it has been seen to go; one that was
 * never launched is simply closed.
 * @throws AppError agent_not_found, replica_not_found, replica_inactive
 */
export async function deleteReplica(db: Db, call: OfReplica) {
  const { replicaId, now } = call;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, call);
    const replica = requireReplica(state, replicaId);
    if (!replica.isActive)
      throw new AppError('replica_inactive', `Replica is ${replica.status} already`, {
        terminated_at: replica.terminatedAt?.toISOString() ?? null,
      });
    await endReplica(tx, replica, { at: now, now, confirmed: replica.instanceId === null });
    await record(tx, now, {
      clientId: replica.clientId,
      agentId: replica.agentId,
      type: 'replica_terminated',
      severity: 'info',
      message: `The standby of agent ${state.agent.logicalAgentId} in ${replica.poolId} is to be terminated`,
      metadata: { replicaId },
      dedupeKey: `replica_terminated:${replicaId}`,
    });
    return {
      success: true as const,
      message: 'Replica terminated',
      replica_id: replicaId,
      terminated_at: now.toISOString(),
    };
  });
}

/** Standby and machine together. A promoted one is the primary now, and no report about the standby ends it. */
export async function endReplica(
  tx: Tx,
  replica: Replica,
  { at, now, confirmed }: { at: Date; now: Date; confirmed: boolean },
): Promise<void> {
  await sql`
    UPDATE replica_instances AS r
      LEFT JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id AND NOT i.is_primary
    SET r.status = IF(r.status IN ('launching', 'syncing', 'ready'), 'terminated', r.status),
        r.terminated_at = COALESCE(r.terminated_at, ${at}), r.termination_confirmed = (r.termination_confirmed OR ${confirmed}),
        i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${at}),
        i.termination_confirmed = (i.termination_confirmed OR ${confirmed}), i.version = i.version + 1,
        i.termination_attempted_at = IF(${confirmed}, ${now}, i.termination_attempted_at)
    WHERE r.id = ${replica.id} AND r.client_id = ${replica.clientId} AND r.status <> 'promoted'`.execute(tx);
}

/**
 * A launch or a standby that came to nothing; what there is of its machine is to be terminated. Where it was to take over
 * from a machine that EC2 takes, the next pool is tried at once.
 */
export async function failReplica(
  tx: Tx,
  state: StandbyState,
  replica: Replica,
  why: string,
  now: Date,
): Promise<void> {
  await sql`
    UPDATE replica_instances AS r
      LEFT JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id AND NOT i.is_primary
    SET r.status = 'failed', r.failed_at = ${now}, r.error_message = ${why.slice(0, 2000)},
        i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = COALESCE(i.terminated_at, ${now}), i.version = i.version + 1
    WHERE r.id = ${replica.id} AND r.client_id = ${replica.clientId} AND r.status IN ('launching', 'syncing', 'ready')`.execute(
    tx,
  );
  const failed: SystemEvent = {
    clientId: replica.clientId,
    agentId: replica.agentId,
    instanceId: replica.instanceId ?? undefined,
    type: 'replica_failed',
    severity: 'warning',
    message: `The standby of agent ${state.agent.logicalAgentId} in ${replica.poolId} failed: ${why.slice(0, 500)}`,
    metadata: { replicaId: replica.id },
    notify: true,
    dedupeKey: `replica_failed:${replica.id}`,
  };
  await recordLoss(tx, state, replica, now, failed);
}

/** The primary is being taken away and this standby has come up: it takes over (contract 14, b). @returns whether it did */
export async function failOverIfPending(tx: Tx, state: StandbyState, replica: Replica, now: Date): Promise<boolean> {
  const { agent, primary } = state;
  const isPending = agent.pendingTerminationInstance !== null && agent.pendingTerminationInstance === primary?.id;
  if (!isPending || !canTakeOver(replica)) return false;
  await promote(tx, state, replica, { trigger: 'emergency', demote: false, now });
  return true;
}

type Changes = Partial<
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

const update = (tx: Tx, replica: Replica, changes: Changes) =>
  tx
    .updateTable('replicaInstances')
    .set(changes)
    .where('id', '=', replica.id)
    .where('clientId', '=', replica.clientId)
    .execute();
