import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { msBefore } from '../../shared/time.ts';
import { survivedMs } from './standby-policy.ts';

interface Reopening {
  readonly clientId: string;
  readonly agentId: string;
  /** The instance that has become the primary again. */
  readonly formerId: string;
  /** The standby whose failover is undone; absent if a switch is undone. */
  readonly replicaId?: string;
}

/**
 * Reopens the notice that a now undone change of primary had answered: EC2 is still reclaiming the former primary.
 * Sets columns of: agents, spot_interruption_events.
 * @returns whether there was such a notice
 */
export async function reopenNotice(tx: Tx, reopening: Reopening, now: Date): Promise<boolean> {
  const { clientId, agentId, formerId, replicaId } = reopening;
  const isAnswer =
    replicaId === undefined
      ? sql`e.response_action <> 'promoted-replica' AND e.termination_time > ${msBefore(now, survivedMs)}`
      : sql`e.replica_id = ${replicaId}`;
  const action = replicaId === undefined ? 'switch-undone' : 'failover-undone';
  const result = await sql`
    UPDATE agents AS a INNER JOIN spot_interruption_events AS e ON e.agent_id = a.id AND e.instance_id = ${formerId}
      AND e.signal_type = 'termination-notice' AND e.failover_completed AND ${isAnswer}
    SET e.failover_completed = FALSE, e.success = FALSE, e.replica_ready = FALSE, e.response_action = ${action},
        a.pending_termination_at = e.termination_time, a.pending_termination_instance = e.instance_id,
        a.interruption_handled_count = a.interruption_handled_count - 1,
        a.version = a.version + 1
    WHERE a.id = ${agentId} AND a.client_id = ${clientId}`.execute(tx);
  return (result.numAffectedRows ?? 0n) > 0n;
}
