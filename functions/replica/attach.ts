import { enterStandbyInstance } from '../core/agent/instances.ts';
import { lockAgent } from '../core/agent/lock.ts';
import { attachToStandby } from '../core/failover/attach-instance.ts';
import { isRetired, requireOwnInstance, requireStandby } from '../core/failover/standbys.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import type { OfReplica } from './of-replica.ts';

interface Launched extends OfReplica {
  readonly instanceId: string;
  readonly status: 'launching' | 'syncing' | 'ready';
}

/**
 * Records the instance that an agent has launched for a standby (protocol R5). An instance that is too late, or a
 * second one, is recorded as terminated: it runs and costs money, so it must be listed until it is confirmed to be
 * gone.
 * @throws AppError agent_not_found, replica_not_found; replica_has_machine for a second instance, which is recorded
 * first
 */
export async function attachInstance(db: Db, launched: Launched, now: Date) {
  const { replicaId, instanceId } = launched;
  const outcome = await transact(db, async (tx) => {
    const { clientId, agentId } = launched;
    const wanted = {
      standbys: true,
      replica: replicaId,
      instance: instanceId,
      openSwitch: true,
      notice: undefined,
    } as const;
    const state = await lockAgent(tx, { clientId, agentId, with: wanted }, now);
    const standby = requireStandby(state, replicaId);
    const isSaidAgain = standby.instanceId === instanceId && (!standby.isActive || launched.status !== 'ready');
    if (isSaidAgain) return { status: standby.status };
    requireOwnInstance(state, instanceId);
    const isAnothers = state.instance?.replicaId != null && state.instance.replicaId !== standby.id;
    if (isAnothers || isRetired(state.instance))
      throw new AppError('replica_has_machine', `${instanceId} is or was another standby, or will be terminated`);
    if (standby.instanceId !== null && standby.instanceId !== instanceId) {
      const { instanceType, region, az } = standby;
      const surplus = { clientId: standby.clientId, agentId, instanceId, instanceType, region, az, isKept: false };
      await enterStandbyInstance(tx, surplus, now);
      return { surplusOf: standby.instanceId };
    }
    const isReady = launched.status === 'ready';
    return { status: await attachToStandby(tx, state, { standby, instanceId, isReady }, now) };
  });
  if ('surplusOf' in outcome)
    throw new AppError(
      'replica_has_machine',
      `Replica already has the instance ${outcome.surplusOf}; ${instanceId} will be terminated`,
    );
  return { success: true as const, replica_id: replicaId, instance_id: instanceId, status: outcome.status };
}
