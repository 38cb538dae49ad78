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
 * The instance of a standby is known: it takes over if EC2 is taking the primary, and syncs otherwise. An instance that
 * comes after its standby was given up is entered as terminated: it runs and costs, so it is listed until it is seen to
 * be gone. The caller holds the agent's lock, and has checked that the instance may be this standby's.
 * @returns the status that the standby has then
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
