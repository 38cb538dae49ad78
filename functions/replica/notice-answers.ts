import type { Preparation } from '../core/failover/announce.ts';
import type { Outcome } from '../core/failover/notices.ts';
import type { Signal } from '../core/failover/signal.ts';

/** The response of R8, with the keys that agents read: `success`, `replica_id`, `error`. */
export function emergencyAnswer(
  { type, instanceId }: Signal,
  preparation: Preparation | { readonly kind: 'not-primary' },
) {
  switch (preparation.kind) {
    case 'not-primary':
      return {
        success: false,
        error: `${instanceId || 'The instance'} is not the agent's primary: nothing is done for it`,
      };
    case 'on-demand':
      return { success: false, error: 'No standby can be launched: a switch to on-demand is queued' };
    case 'switching':
      return { success: false, error: 'The agent is carrying out a switch: its successor takes over' };
    case 'no-pool':
      return { success: false, error: 'No standby can be launched now: the launch is retried every minute' };
    case 'standby': {
      const { replicaId, pool, existing } = preparation;
      return {
        success: true,
        replica_id: replicaId,
        replica_instance_id: preparation.instanceId,
        instance_id: preparation.instanceId,
        existing,
        pool: { id: pool.id, name: pool.name, az: pool.az },
        hourly_cost: pool.price,
        urgency: type === 'termination-notice' ? ('critical' as const) : ('high' as const),
        message: existing
          ? 'A standby is already active'
          : 'A standby is queued: the agent launches it on its next poll',
      };
    }
  }
}

/** The response of R9. `success` makes the agent shut down its instance: true only once another has taken over. */
export function terminationAnswer(outcome: Outcome) {
  switch (outcome.kind) {
    case 'promoted':
      return {
        success: true,
        message: 'The standby has taken over',
        new_instance_id: outcome.newInstanceId,
        ...(outcome.replicaId !== null && { replica_id: outcome.replicaId }),
        failover_time_ms: outcome.timeMs,
        action: 'promoted',
      };
    case 'pending':
      return {
        success: false,
        error: 'No replica available',
        action: 'emergency_snapshot_required',
        message: 'A standby is being launched: it takes over when it comes up',
        ...(outcome.replicaId !== undefined && { replica_id: outcome.replicaId }),
      };
    case 'on-demand':
      return {
        success: false,
        error: 'No replica available',
        action: 'emergency_snapshot_required',
        message: 'No standby can be launched: a switch to on-demand is queued',
      };
    case 'switching':
      return {
        success: false,
        error: 'No replica available',
        action: 'emergency_snapshot_required',
        message: 'The agent is carrying out a switch: its successor takes over',
      };
    case 'standby-lost':
      return {
        success: false,
        message: 'The standby is abandoned',
        error: 'This instance is a standby',
        replica_id: outcome.replicaId,
      };
    case 'not-primary':
      return { success: false, message: 'Nothing is done', error: "This instance is not the agent's primary" };
  }
}
