import type { AgentStatus, CommandStatus, InstanceStatus, ReplicaStatus } from '../../../functions/shared/schema.ts';

/** A row as the database returns it: flags are 0 or 1; times are text in UTC, which sorts by time. */
export interface Row {
  readonly [column: string]: unknown;
}
export interface AgentRow extends Row {
  readonly id: string;
  readonly status: AgentStatus;
  readonly epoch: number;
  readonly config_version: number;
  readonly instance_id: string | null;
  readonly current_mode: string;
  readonly current_pool_id: string | null;
  readonly pending_termination_at: string | null;
  readonly pending_termination_instance: string | null;
  readonly interruption_handled_count: number;
  readonly last_heartbeat_at: string;
  readonly last_rebalance_recommendation_at: string | null;
}
export interface InstanceRow extends Row {
  readonly id: string;
  readonly instance_status: InstanceStatus;
  readonly is_primary: number;
  readonly is_active: number;
  readonly termination_confirmed: number;
  readonly termination_attempts: number;
  readonly termination_attempted_at: string | null;
  readonly zombie_at: string | null;
  readonly terminated_at: string | null;
}
export interface ReplicaRow extends Row {
  readonly id: string;
  readonly instance_id: string | null;
  readonly replica_type: string;
  readonly pool_id: string;
  readonly status: ReplicaStatus;
  readonly is_active: number;
  readonly created_at: string;
  readonly failed_at: string | null;
  readonly launch_claimed_at: string | null;
}
export interface NoticeRow extends Row {
  readonly instance_id: string;
  readonly signal_type: string;
  readonly pool_id: string | null;
  readonly response_action: string | null;
  readonly failover_completed: number | null;
  readonly created_at: string;
}
export interface CommandRow extends Row {
  readonly id: string;
  readonly status: CommandStatus;
  readonly success: number | null;
  readonly inferred: number;
  readonly message: string | null;
  readonly terminate_wait_seconds: number;
  readonly new_instance_id: string | null;
  readonly dispatched_to: string | null;
  readonly dispatched_at: string | null;
  readonly lease_until: string | null;
  readonly expires_at: string;
  readonly executed_at: string | null;
  readonly completed_at: string | null;
  readonly open_switch_of: string | null;
}
export interface SwitchRow extends Row {
  readonly old_instance_id: string;
  readonly new_instance_id: string;
  readonly trigger_type: string;
  readonly success: number;
  readonly inferred: number;
}
export interface EventRow extends Row {
  readonly id: string;
  readonly event_type: string;
  readonly instance_id: string | null;
  readonly notify: number;
  /** Ids of a standby that took over and of the instance that it took over from. */
  readonly replica: string | null;
  readonly former: string | null;
  /** Whether the switch was never reported. */
  readonly inferred: boolean;
}

/** One agent and everything that belongs to it, as stored. Each table is in order of creation. */
export interface AgentState {
  readonly agent: AgentRow | undefined;
  readonly instances: readonly InstanceRow[];
  readonly replicas: readonly ReplicaRow[];
  readonly interruptions: readonly NoticeRow[];
  readonly events: readonly EventRow[];
  readonly commands: readonly CommandRow[];
  readonly switches: readonly SwitchRow[];
}

export const nothing: AgentState = {
  agent: undefined,
  instances: [],
  replicas: [],
  interruptions: [],
  events: [],
  commands: [],
  switches: [],
};

export const primaryOf = ({ instances }: AgentState) => instances.find((row) => row.is_primary);
export const instanceIn = ({ instances }: AgentState, id: string) => instances.find((row) => row.id === id);
export const activeStandbys = ({ replicas }: AgentState) => replicas.filter((row) => row.is_active);
export const terminationNotices = ({ interruptions }: AgentState) =>
  interruptions.filter((row) => row.signal_type === 'termination-notice');
/** Whether a failover answered the notice, not a switch. */
export const isAnsweredByStandby = (row: NoticeRow) => row.response_action === 'promoted-replica';
export const eventsOf = ({ events }: AgentState, type: string) => events.filter((row) => row.event_type === type);

/** Formats a time as the database does. */
export const sqlTime = (time: Date) => time.toISOString().slice(0, 23).replace('T', ' ');
export const timeOf = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`);
