import { sql } from 'kysely';
import { record, type SystemEvent } from '../core/event/events.ts';
import { keepOne } from '../core/failover/coordinate.ts';
import { requireStandbysLaunched } from '../core/failover/create.ts';
import { endReplica } from '../core/failover/lifecycle.ts';
import { bestStandby, promoteReplica } from '../core/failover/promote.ts';
import { type Asked, lockAgent, readMachines, type StandbyState } from '../core/failover/state.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';

interface ModeCall extends Asked {
  readonly now: Date;
}

/**
 * X22: a standby is kept at all times. Moves by the engine and a kept standby exclude each other, so turning one on turns
 * the other off, in one statement, which a CHECK holds for whoever else writes. The standby is entered at once.
 * @returns whether this call changed it: a repeat changes nothing
 */
export function enableManualReplica(db: Db, call: ModeCall): Promise<boolean> {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, call);
    if (state.agent.manualReplicaEnabled) return false;
    requireStandbysLaunched(state);
    await setMode(tx, state, true, call.now);
    const news = modeChanged(state, 'Manual replicas are on, auto-switch is off');
    const isEntered = state.standbys.length === 0 && (await keepOne(tx, state, call.now, { also: [news] }));
    if (!isEntered) await record(tx, call.now, news);
    return true;
  });
}

/** X23: no standby is kept any more. What was kept for that is let go; an emergency's standby stays. */
export function disableManualReplica(db: Db, call: ModeCall): Promise<boolean> {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, call);
    if (!state.agent.manualReplicaEnabled) return false;
    await setMode(tx, state, false, call.now);
    for (const replica of state.standbys.filter(({ replicaType }) => replicaType === 'manual'))
      await endReplica(tx, replica, { at: call.now, now: call.now, confirmed: replica.instanceId === null });
    await record(tx, call.now, modeChanged(state, 'Manual replicas are off'));
    return true;
  });
}

/** Commands of the engine that nobody has fetched yet are withdrawn with its leave to move. */
const setMode = (tx: Tx, { agent }: StandbyState, on: boolean, now: Date) =>
  sql`
    UPDATE agents AS a LEFT JOIN commands AS c
      ON ${on} AND c.agent_id = a.id AND c.client_id = a.client_id AND c.status = 'pending' AND c.trigger_type = 'model'
    SET a.manual_replica_enabled = ${on}, a.auto_switch_enabled = IF(${on}, FALSE, a.auto_switch_enabled),
        a.config_version = a.config_version + 1, a.version = a.version + 1, a.updated_at = ${now},
        c.status = 'cancelled', c.message = 'auto-switch was turned off', c.completed_at = ${now}
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId}`.execute(tx);

const modeChanged = ({ agent }: StandbyState, what: string): SystemEvent => ({
  clientId: agent.clientId,
  agentId: agent.id,
  type: 'agent_config_updated',
  severity: 'info',
  message: `Agent ${agent.logicalAgentId}: ${what}`,
});

/** X24: the standby takes over now. @throws AppError as `promoteReplica`; replica_not_found when there is none to */
export async function switchManually(db: Db, call: ModeCall) {
  const { standbys } = await readMachines(db, call);
  const standby = bestStandby(standbys);
  if (!standby) throw new AppError('replica_not_found', 'Agent has no standby that could take over');
  return promoteReplica(db, { ...call, replicaId: standby.id, demote: false });
}

/** X25 and X15: how the agent is provided for. */
export async function standbyStatus(db: Db, call: Asked) {
  const { agent, primary, standbys, notice } = await readMachines(db, call);
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
    pending_termination_at: agent.pendingTerminationAt?.toISOString() ?? null,
    last_emergency_event: notice
      ? {
          detected_at: notice.detectedAt.toISOString(),
          termination_time: notice.terminationTime.toISOString(),
          failover_completed: notice.failoverCompleted,
          failover_time_ms: notice.failoverTimeMs,
        }
      : null,
  };
}
