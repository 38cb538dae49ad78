import { callerOf, selectCaller } from '../core/agent/caller.ts';
import { standbyCount } from '../core/agent/facts.ts';
import { type OfAgent, parseHandle, type Standing, standingOf } from '../core/agent/identity.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { agentNotFound } from '../shared/errors.ts';
import type { Agent } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';

/** The only columns that the settings sent to an instance are derived from. */
const settingColumns = [
  'status',
  'enabled',
  'autoSwitchEnabled',
  'autoTerminateEnabled',
  'terminateWaitSeconds',
  'replicaEnabled',
  'manualReplicaEnabled',
  'minSavingsPercent',
  'riskThreshold',
  'maxSwitchesPerWeek',
  'minPoolDurationHours',
  'configVersion',
] as const satisfies readonly (keyof Agent)[];
type Settings = Pick<Agent, (typeof settingColumns)[number]>;

/**
 * The settings of an agent, even a deleted one, and the caller's standing. One statement that reads few columns,
 * because every agent polls it each minute.
 * @throws AppError agent_not_found
 */
export async function readSettings(db: Db, { clientId, ref }: OfAgent) {
  const row = await selectSettings(db, { clientId, ref }).executeTakeFirst();
  if (!row) throw agentNotFound(ref);
  return settingsIn(row, ref);
}

/** The query of `readSettings`, to which callers may add columns. */
export const selectSettings = (db: Db, { clientId, ref }: OfAgent) =>
  selectCaller(db, { clientId, handle: parseHandle(ref) })
    .select(settingColumns.map((column) => `a.${column}` as const))
    .select(standbyCount.as('standbyCount'));

/** Parses a row of `selectSettings`. */
export const settingsIn = (row: SettingsRow, ref: string) => ({
  settings: row as Settings,
  standing: standingOf(callerOf(row), parseHandle(ref)),
  standbyCount: row.standbyCount,
});
type SettingsRow = Settings & Parameters<typeof callerOf>[0] & { readonly standbyCount: number };

/** The settings that the calling instance follows. All flags are off unless it is the primary (protocol 1.9, A1). */
export function settingsFor(agent: Settings, standing: Standing, replicas: number) {
  const acts = standing === 'primary' && agent.status !== 'deleted';
  return {
    enabled: acts && agent.enabled,
    auto_switch_enabled: acts && agent.autoSwitchEnabled,
    auto_terminate_enabled: acts && agent.autoTerminateEnabled,
    terminate_wait_seconds: acts ? agent.terminateWaitSeconds : 0,
    replica_enabled: acts && agent.replicaEnabled,
    replica_count: acts ? replicas : 0,
    manual_replica_enabled: acts && agent.manualReplicaEnabled,
    min_savings_percent: fromDecimal(agent.minSavingsPercent),
    risk_threshold: fromDecimal(agent.riskThreshold),
    max_switches_per_week: agent.maxSwitchesPerWeek,
    min_pool_duration_hours: agent.minPoolDurationHours,
    config_version: agent.configVersion,
  };
}

/** The response of A11, with the keys of both servers that agents were written for. */
export function replicaSettings(agent: Settings, replicas: number) {
  return {
    enabled: agent.replicaEnabled,
    count: replicas,
    replica_enabled: agent.replicaEnabled,
    replica_count: replicas,
    manual_replica_enabled: agent.manualReplicaEnabled,
  };
}

/** The response of X1. */
export function summary(agent: Agent) {
  return {
    id: agent.id,
    logical_agent_id: agent.logicalAgentId,
    status: agent.status,
    enabled: agent.enabled,
    instance_id: agent.instanceId,
    instance_type: agent.instanceType,
    region: agent.region,
    az: agent.az,
    current_mode: agent.currentMode,
    current_pool_id: agent.currentPoolId,
    agent_version: agent.agentVersion,
    last_heartbeat_at: iso(agent.lastHeartbeatAt),
    epoch: agent.epoch,
    primary_cause: agent.primaryCause,
    primary_changed_at: agent.primaryChangedAt?.toISOString() ?? null,
  };
}
