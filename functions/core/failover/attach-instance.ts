import type { Tx } from '../../shared/db.ts';
import type { ReplicaStatus } from '../../shared/schema.ts';
import { enterStandbyInstance } from '../agent/instances.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import { failOverIfPending } from './fail-over.ts';
import { updateStandby } from './standby-rows.ts';

interface Launched {
  readonly standby: Standby;
  readonly instanceId: string;
  readonly isReady: boolean;
}

/**
 * Records the instance of a standby. It takes over if EC2 is reclaiming the primary; otherwise it starts to sync. If
 * the standby was already given up, the instance is recorded as terminated: it still runs and costs money, so it is
 * listed for termination until it is confirmed gone. The caller holds the agent's lock and has checked that the
 * instance can belong to this standby.
 * @returns the standby's new status
 */
export async function attachToStandby(
  tx: Tx,
  state: AgentState<'standbys' | 'openSwitch' | 'notice'>,
  { standby, instanceId, isReady: isSaidReady }: Launched,
  now: Date,
): Promise<ReplicaStatus> {
  const { clientId, agentId, instanceType, region, az } = standby;
  const instance = { clientId, agentId, instanceId, instanceType, region, az };
  if (!standby.isActive) {
    await enterStandbyInstance(tx, { ...instance, isKept: false }, now);
    await updateStandby(tx, standby, { instanceId, launchedAt: now, terminationConfirmed: false });
    return standby.status;
  }
  const isReady = isSaidReady || standby.status === 'ready';
  const changes = {
    instanceId,
    status: isReady ? 'ready' : 'syncing',
    syncStatus: isReady ? 'synced' : 'syncing',
    launchedAt: standby.launchedAt ?? now,
    readyAt: standby.readyAt ?? (isReady ? now : null),
  } as const;
  if (await failOverIfPending(tx, state, { ...standby, ...changes }, now)) return 'promoted';
  await enterStandbyInstance(tx, { ...instance, isKept: true }, now);
  await updateStandby(tx, standby, changes);
  return changes.status;
}
