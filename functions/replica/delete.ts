import { lockAgent } from '../core/agent/lock.ts';
import { audit, type By } from '../core/event/audit.ts';
import { record } from '../core/event/events.ts';
import { endStandby } from '../core/failover/standby-rows.ts';
import { requireStandby } from '../core/failover/standbys.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import type { OfReplica } from './of-replica.ts';

/**
 * Ends a standby that is no longer wanted (protocol R4). Its instance is listed to the agent until it is confirmed to
 * be gone; a standby that was never launched is closed at once.
 * @throws AppError agent_not_found, replica_not_found, replica_inactive
 */
export function deleteReplica(db: Db, { clientId, agentId, replicaId }: OfReplica, by: By, now: Date) {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { clientId, agentId, with: { replica: replicaId } }, now);
    const standby = requireStandby(state, replicaId);
    if (!standby.isActive)
      throw new AppError('replica_inactive', `Replica is already ${standby.status}`, {
        terminated_at: standby.terminatedAt?.toISOString() ?? null,
      });
    await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
    await record(
      tx,
      {
        clientId: standby.clientId,
        agentId,
        type: 'replica_terminated',
        severity: 'info',
        message: `The standby of agent ${state.agent.logicalAgentId} in ${standby.poolId} will be terminated`,
        metadata: { replicaId },
        dedupeKey: `replica_terminated:${replicaId}`,
      },
      now,
    );
    const { status, poolId, instanceId } = standby;
    const change = { before: { agentId, status, poolId, instanceId }, after: { status: 'terminated' } };
    const act = { clientId: standby.clientId, action: 'replica_deleted', targetId: replicaId, ...change };
    await audit(tx, by, act, now);
    return {
      success: true as const,
      message: 'Replica terminated',
      replica_id: replicaId,
      terminated_at: now.toISOString(),
    };
  });
}
