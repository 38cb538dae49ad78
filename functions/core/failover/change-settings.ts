import type { Tx } from '../../shared/db.ts';
import { type SettingChanges, settingChanges, updateSettings } from '../agent/settings.ts';
import type { AgentState } from '../agent/state.ts';
import { type AuditEntry, audit, type By } from '../event/audit.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { provideStandby } from './provide-standby.ts';
import { endStandby } from './standby-rows.ts';
import { requireLaunches } from './standbys.ts';

/**
 * Changes the settings of an agent and updates its standbys. Turning manual mode on creates a standby at once; turning
 * it off ends the manual one. Emergency standbys stay. If no setting changes, nothing is written, not even an audit
 * row. The caller holds the agent's lock.
 * @returns the settings that changed
 * @throws AppError invalid_request if both modes are requested; agent_too_old if the agent cannot launch standbys
 */
export async function changeSettings(
  tx: Tx,
  state: AgentState<'standbys' | 'openSwitch'>,
  asked: SettingChanges,
  by: By,
  now: Date,
): Promise<SettingChanges> {
  const changes = settingChanges(state.agent, asked);
  if (Object.keys(changes).length === 0) return changes;
  if (changes.manualReplicaEnabled) requireLaunches(state);
  await updateSettings(tx, { agent: state.agent, changes }, now);
  if (changes.manualReplicaEnabled === false || changes.autoSwitchEnabled)
    for (const standby of state.standbys.filter(({ replicaType }) => replicaType === 'manual'))
      await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
  const news = eventOf(state, changes);
  if (changes.manualReplicaEnabled) await provideStandby(tx, state, { occasion: 'manual-mode-on', also: [news] }, now);
  else await record(tx, news, now);
  await audit(tx, by, actOf(state, changes), now);
  return changes;
}

const words: Readonly<Record<keyof SettingChanges, string>> = {
  enabled: 'agent',
  autoSwitchEnabled: 'auto-switch',
  manualReplicaEnabled: 'manual replicas',
  autoTerminateEnabled: 'auto-terminate',
  replicaEnabled: 'replicas',
  terminateWaitSeconds: 'seconds before a replaced instance is terminated',
  minSavingsPercent: 'minimum saving in %',
  riskThreshold: 'risk threshold',
  maxSwitchesPerWeek: 'switches a week',
  maxSwitchesPerDay: 'switches a day',
  minPoolDurationHours: 'minimum hours in a pool',
  limitsSet: 'own limits',
  availabilityTarget: 'availability target',
  availabilityForm: 'form of the availability target',
  disruptionWindows: 'disruption windows',
  deadline: 'deadline',
  remainingWorkSeconds: 'seconds of work left',
  restartOverheadSeconds: 'seconds of work added by a launch',
};

function saidOf(value: unknown) {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value instanceof Date) return value.toISOString();
  return value === null ? 'none' : typeof value === 'object' ? 'changed' : value;
}

/** The audit entry: old and new values of the changed settings only. */
function actOf({ agent }: AgentState, changes: SettingChanges): AuditEntry {
  const names = Object.keys(changes) as (keyof SettingChanges)[];
  return {
    clientId: agent.clientId,
    action: changes.enabled === undefined ? 'agent_configured' : changes.enabled ? 'agent_enabled' : 'agent_disabled',
    targetId: agent.id,
    before: Object.fromEntries(names.map((name) => [name, agent[name]])),
    after: changes,
  };
}

function eventOf({ agent }: AgentState, changes: SettingChanges): SystemEvent {
  const said = Object.entries(changes).map(
    ([name, value]) => `${words[name as keyof SettingChanges]}: ${saidOf(value)}`,
  );
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    type: changes.enabled === undefined ? 'agent_config_updated' : 'agent_toggled',
    severity: 'info',
    message: `Settings of agent ${agent.logicalAgentId} were changed: ${said.join(', ')}`,
    metadata: changes,
  };
}
