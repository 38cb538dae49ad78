import type * as z from 'zod';
import { lockAgent } from '../core/agent/lock.ts';
import type { AgentState, Standby } from '../core/agent/state.ts';
import { failOverIfPending, failStandby } from '../core/failover/fail-over.ts';
import { failureCauseOf } from '../core/failover/failure-cause.ts';
import { endStandby, updateStandby } from '../core/failover/standby-rows.ts';
import { requireStandby } from '../core/failover/standbys.ts';
import { undoFailover } from '../core/failover/undo-failover.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { heldTo } from '../shared/fields.ts';
import type { ReplicaStatus } from '../shared/schema.ts';
import type { OfReplica } from './of-replica.ts';
import type { StatusRequest, SyncRequest } from './requests.ts';

type Body = z.output<typeof StatusRequest>;
type State = AgentState<'standbys' | 'replica' | 'instance' | 'openSwitch' | 'notice'>;

/** The statuses that may follow each status of a standby (protocol 7.2). Final statuses are not listed. */
const nextStatuses: Partial<Record<ReplicaStatus, readonly ReplicaStatus[]>> = {
  launching: ['syncing', 'ready', 'failed', 'terminated'],
  syncing: ['ready', 'failed', 'terminated'],
  ready: ['failed', 'terminated'],
};

const allows = (from: ReplicaStatus, to: ReplicaStatus) => nextStatuses[from]?.includes(to) ?? false;

/** @param speaker the instance that reports a failure; it may become the primary again, see `undoFailover` */
const wanted = (replicaId: string, speaker: string | undefined) =>
  ({ standbys: true, replica: replicaId, instance: speaker, openSwitch: true, notice: undefined }) as const;

interface StatusReport extends OfReplica {
  readonly body: Body;
  /** The calling instance. */
  readonly speakerId: string | undefined;
}

/**
 * Updates the status of a standby (protocol R6). A change that `nextStatuses` does not allow is ignored, with a 200,
 * because agents do not handle errors.
 * @throws AppError agent_not_found, replica_not_found
 */
export function reportStatus(db: Db, report: StatusReport, now: Date) {
  const { clientId, agentId, replicaId, body, speakerId } = report;
  const speaker = body.status === 'failed' ? speakerId : undefined;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { clientId, agentId, with: wanted(replicaId, speaker) }, now);
    const standby = requireStandby(state, replicaId);
    const status = await applyStatus(tx, state, standby, body, now);
    return { success: true as const, replica_id: replicaId, status };
  });
}

/**
 * Records how far a standby has caught up (protocol R7).
 * @throws AppError agent_not_found, replica_not_found
 */
export function reportSync(db: Db, report: OfReplica & { readonly body: z.output<typeof SyncRequest> }, now: Date) {
  const { clientId, agentId, replicaId, body } = report;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { clientId, agentId, with: wanted(replicaId, undefined) }, now);
    const standby = requireStandby(state, replicaId);
    const recorded = { success: true as const, message: 'Recorded' };
    if (!standby.isActive && body.status !== 'terminated') return recorded;
    const progress = body.state_transfer_progress;
    await updateStandby(tx, standby, {
      lastSyncAt: now,
      ...(body.sync_status && { syncStatus: body.sync_status }),
      ...(body.sync_latency_ms !== undefined && { syncLatencyMs: body.sync_latency_ms }),
      ...(progress !== undefined && { stateTransferProgress: progress.toFixed(2) }),
    });
    const status = body.status ?? (progress !== undefined && progress >= 100 ? 'ready' : undefined);
    if (status) await applyStatus(tx, state, standby, { status }, now);
    return recorded;
  });
}

/** @returns the standby's status afterwards */
async function applyStatus(tx: Tx, state: State, standby: Standby, body: Body, now: Date): Promise<ReplicaStatus> {
  if (body.status === 'terminated') {
    await endStandby(tx, standby, { at: heldTo(body.terminated_at, now), confirmed: true }, now);
    return allows(standby.status, 'terminated') ? 'terminated' : standby.status;
  }
  const why = body.error_message ?? 'no reason given';
  if (body.status === 'failed' && (await undoFailover(tx, state, standby, why, now))) return 'failed';
  if (body.status === standby.status || !allows(standby.status, body.status)) return standby.status;
  if (body.status === 'ready') return becomeReady(tx, state, standby, body, now);
  if (body.status === 'failed') {
    await failStandby(tx, state, standby, { why, cause: failureCauseOf(why), endsAt: now }, now);
    return 'failed';
  }
  await updateStandby(tx, standby, { status: body.status, syncStartedAt: heldTo(body.sync_started_at, now) });
  return body.status;
}

async function becomeReady(tx: Tx, state: State, standby: Standby, body: Body, now: Date): Promise<ReplicaStatus> {
  const changes = {
    status: 'ready',
    readyAt: standby.readyAt ?? now,
    syncStatus: 'synced',
    stateTransferProgress: '100',
    syncCompletedAt: heldTo(body.sync_completed_at, now),
  } as const;
  if (await failOverIfPending(tx, state, { ...standby, ...changes }, now)) return 'promoted';
  await updateStandby(tx, standby, changes);
  return 'ready';
}
