import { readAgent } from '../core/agent/read.ts';
import type { Db } from '../shared/db.ts';
import { iso } from '../shared/time.ts';
import type { OfAgent } from './of-replica.ts';

/**
 * An agent's standbys and the state of its last interruption notice (protocol X15, X25).
 * @throws AppError agent_not_found
 */
export async function standbyStatus(db: Db, of: OfAgent, now: Date) {
  const wanted = { standbys: true, notice: undefined } as const;
  const { agent, primary, standbys, notice } = await readAgent(db, { ...of, with: wanted }, now);
  return {
    agent_id: agent.id,
    auto_switch_enabled: agent.autoSwitchEnabled,
    manual_replica_enabled: agent.manualReplicaEnabled,
    primary_instance_id: primary?.id ?? null,
    active_replicas: standbys.map(({ id, instanceId, replicaType, status, poolId }) => ({
      id,
      instance_id: instanceId,
      type: replicaType,
      status,
      pool_id: poolId,
    })),
    emergency_mode_active:
      agent.pendingTerminationAt !== null || standbys.some(({ replicaType }) => replicaType !== 'manual'),
    pending_termination_at: iso(agent.pendingTerminationAt),
    counts: {
      active_replicas: standbys.length,
      emergency_replicas: standbys.filter(({ replicaType }) => replicaType !== 'manual').length,
      interruptions_handled: agent.interruptionHandledCount,
    },
    last_emergency_event: notice
      ? {
          detected_at: notice.detectedAt.toISOString(),
          termination_time: notice.terminationTime.toISOString(),
          failover_completed: notice.failoverCompleted ?? false,
          failover_time_ms: notice.failoverTimeMs,
        }
      : null,
  };
}
