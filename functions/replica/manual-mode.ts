import { lockAgent } from '../core/agent/lock.ts';
import { setManualMode } from '../core/agent/manual-mode.ts';
import { readAgent } from '../core/agent/read.ts';
import type { AgentState } from '../core/agent/state.ts';
import { record, type SystemEvent } from '../core/event/events.ts';
import { provideStandby } from '../core/failover/provide-standby.ts';
import { endStandby } from '../core/failover/standby-rows.ts';
import { bestStandby, requireLaunches } from '../core/failover/standbys.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import type { OfAgent } from './of-replica.ts';
import { promoteReplica } from './promote.ts';

/**
 * A standby is kept at all times (protocol X22). Moves by the engine and a kept standby exclude each other, so turning one
 * on turns the other off, in one statement, which a CHECK holds for whoever else writes. The standby is entered at once.
 * @returns whether this call changed it: a repeat changes nothing
 * @throws AppError agent_not_found, agent_too_old
 */
export function enableManualReplica(db: Db, of: OfAgent, now: Date): Promise<boolean> {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...of, with: { standbys: true, openSwitch: true } }, now);
    if (state.agent.manualReplicaEnabled) return false;
    requireLaunches(state);
    await setManualMode(tx, { agent: state.agent, on: true }, now);
    const news = modeChanged(state, 'Manual replicas are on, auto-switch is off');
    await provideStandby(tx, state, { occasion: 'manual-mode-on', also: [news] }, now);
    return true;
  });
}

/**
 * No standby is kept any more (protocol X23). What was kept for that is let go; an emergency's standby stays.
 * @returns whether this call changed it
 * @throws AppError agent_not_found
 */
export function disableManualReplica(db: Db, of: OfAgent, now: Date): Promise<boolean> {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...of, with: { standbys: true } }, now);
    if (!state.agent.manualReplicaEnabled) return false;
    await setManualMode(tx, { agent: state.agent, on: false }, now);
    for (const standby of state.standbys.filter(({ replicaType }) => replicaType === 'manual'))
      await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
    await record(tx, modeChanged(state, 'Manual replicas are off'), now);
    return true;
  });
}

const modeChanged = ({ agent }: AgentState, what: string): SystemEvent => ({
  clientId: agent.clientId,
  agentId: agent.id,
  type: 'agent_config_updated',
  severity: 'info',
  message: `Agent ${agent.logicalAgentId}: ${what}`,
});

/**
 * The standby takes over now (protocol X24).
 * @throws AppError as `promoteReplica`; replica_not_found when there is none that could
 */
export async function switchManually(db: Db, of: OfAgent, now: Date) {
  const { standbys } = await readAgent(db, { ...of, with: { standbys: true } }, now);
  const standby = bestStandby(standbys);
  if (!standby) throw new AppError('replica_not_found', 'Agent has no standby that could take over');
  return promoteReplica(db, { ...of, replicaId: standby.id, demote: false }, now);
}
