import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { invalidField } from '../../shared/errors.ts';
import type { Agent, AvailabilityForm } from '../../shared/schema.ts';

/** The settings of an agent, which people change. */
export interface AgentSettings {
  readonly enabled: boolean;
  readonly autoSwitchEnabled: boolean;
  readonly manualReplicaEnabled: boolean;
  readonly autoTerminateEnabled: boolean;
  readonly replicaEnabled: boolean;
  readonly terminateWaitSeconds: number;
  /** DECIMAL text. */
  readonly minSavingsPercent: string;
  /** DECIMAL text. */
  readonly riskThreshold: string;
  readonly maxSwitchesPerWeek: number;
  readonly maxSwitchesPerDay: number;
  readonly minPoolDurationHours: number;
  /** Whether one of the five limits above was ever changed. */
  readonly limitsSet: boolean;
  /** DECIMAL text, such as 0.99950; `null` for none. */
  readonly availabilityTarget: string | null;
  readonly availabilityForm: AvailabilityForm;
  /** `DisruptionWindows`, or `null` for none. */
  readonly disruptionWindows: unknown;
  /** Of the agent's job; `null` for none. */
  readonly deadline: Date | null;
  /** Work that the job has left, as of now; `null` if nobody has said. */
  readonly remainingWorkSeconds: number | null;
  /** Overhead of each launch. */
  readonly restartOverheadSeconds: number;
}

const limits = [
  'minSavingsPercent',
  'riskThreshold',
  'maxSwitchesPerWeek',
  'maxSwitchesPerDay',
  'minPoolDurationHours',
] as const satisfies readonly (keyof AgentSettings)[];

export type SettingChanges = { readonly [Name in keyof AgentSettings]?: AgentSettings[Name] | undefined };

/**
 * The settings that have to change to become what was asked for; those that already match are left out. Automatic moves
 * and a manual standby exclude each other: turning one on turns the other off (protocol C7, X22).
 * @throws AppError invalid_request when both are asked for
 */
export function settingChanges(agent: AgentSettings, asked: SettingChanges): SettingChanges {
  if (asked.autoSwitchEnabled && asked.manualReplicaEnabled)
    throw invalidField('manualReplicaEnabled', 'cannot be true together with autoSwitchEnabled');
  const wanted: SettingChanges = {
    ...asked,
    ...(asked.autoSwitchEnabled && { manualReplicaEnabled: false }),
    ...(asked.manualReplicaEnabled && { autoSwitchEnabled: false }),
  };
  const isNews = ([name, value]: [string, unknown]) => {
    const before = agent[name as keyof AgentSettings];
    if (value === undefined) return false;
    // Remaining work is stated as of now, so it always counts as a change.
    if (name === 'remainingWorkSeconds') return true;
    if (name === 'disruptionWindows' || name === 'deadline') return !isDeepStrictEqual(before, value);
    // A DECIMAL written as 15 is read as 15.00.
    return isDecimal(before) && isDecimal(value) ? Number(before) !== Number(value) : before !== value;
  };
  const changes: SettingChanges = Object.fromEntries(Object.entries(wanted).filter(isNews));
  const setsLimit = !agent.limitsSet && limits.some((limit) => changes[limit] !== undefined);
  return { ...changes, ...(setsLimit && { limitsSet: true }) };
}

const isDecimal = (value: unknown) => typeof value === 'string' && value !== '' && !Number.isNaN(Number(value));

const columns: Readonly<Record<keyof AgentSettings, string>> = {
  enabled: 'enabled',
  autoSwitchEnabled: 'auto_switch_enabled',
  manualReplicaEnabled: 'manual_replica_enabled',
  autoTerminateEnabled: 'auto_terminate_enabled',
  replicaEnabled: 'replica_enabled',
  terminateWaitSeconds: 'terminate_wait_seconds',
  minSavingsPercent: 'min_savings_percent',
  riskThreshold: 'risk_threshold',
  maxSwitchesPerWeek: 'max_switches_per_week',
  maxSwitchesPerDay: 'max_switches_per_day',
  minPoolDurationHours: 'min_pool_duration_hours',
  limitsSet: 'limits_set',
  availabilityTarget: 'availability_target',
  availabilityForm: 'availability_form',
  disruptionWindows: 'disruption_windows',
  deadline: 'deadline',
  remainingWorkSeconds: 'remaining_work_seconds',
  restartOverheadSeconds: 'restart_overhead_seconds',
};

interface Update {
  readonly agent: Pick<Agent, 'id' | 'clientId'>;
  readonly changes: SettingChanges;
}

/**
 * Changes settings of an agent that the caller has locked, and cancels pending commands that the new settings no longer
 * allow: all of them if the agent is disabled, the decision engine's if auto-switch is turned off.
 * Sets columns of: agents, commands.
 */
export async function updateSettings(tx: Tx, { agent, changes }: Update, now: Date): Promise<void> {
  const set = Object.entries(changes).map(
    ([name, value]) => sql`a.${sql.ref(columns[name as keyof AgentSettings])} = ${value}`,
  );
  if (changes.remainingWorkSeconds !== undefined) set.push(sql`a.remaining_work_at = ${now}`);
  const isDisabled = changes.enabled === false;
  const isAutoSwitchOff = changes.autoSwitchEnabled === false;
  await sql`
    UPDATE agents AS a LEFT JOIN commands AS c
      ON c.agent_id = a.id AND c.client_id = a.client_id AND c.status = 'pending'
        AND (${isDisabled} OR (${isAutoSwitchOff} AND c.trigger_type = 'model'))
    SET ${sql.join(set)},
        a.config_version = a.config_version + 1, a.version = a.version + 1, a.updated_at = ${now},
        c.status = 'cancelled', c.completed_at = ${now},
        c.message = ${isDisabled ? 'the agent was disabled' : 'auto-switch was turned off'}
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId}`.execute(tx);
}
