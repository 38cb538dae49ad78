import * as z from 'zod';
import { Mode, Replica, Success, TargetMode } from '../core/wire.ts';
import { text } from '../shared/fields.ts';

/** Response shapes that agents read (protocol 2). */

export const Settings = z.object({
  enabled: z.boolean(),
  auto_switch_enabled: z.boolean(),
  auto_terminate_enabled: z.boolean(),
  terminate_wait_seconds: z.int().nonnegative(),
  replica_enabled: z.boolean(),
  replica_count: z.int().nonnegative(),
  manual_replica_enabled: z.boolean(),
  min_savings_percent: z.number(),
  risk_threshold: z.number(),
  max_switches_per_week: z.int(),
  min_pool_duration_hours: z.number(),
  config_version: z.int(),
});

/** The fields of a command that agents need. An unexpected null makes a v4 agent retry forever or lose an instance. */
export const PendingCommand = z.object({
  id: text(64),
  command_type: z.enum(['switch', 'create_replica']),
  target_mode: TargetMode,
  target_pool_id: z.string().nullable(),
  terminate_wait_seconds: z.int().nonnegative(),
  priority: z.int(),
  instance_id: z.string().nullable(),
  created_at: z.iso.datetime(),
});

/** The handle that the instance uses from now on, and its settings. */
export const Registered = z.object({
  agent_id: text(128),
  client_id: z.string(),
  config: Settings,
  message: z.string().optional(),
});

/** How many deletions succeeded and failed, as the agent reported. */
export const CleanupCounts = z.object({
  success: z.literal(true),
  message: z.string(),
  deleted_snapshots: z.int(),
  deleted_amis: z.int(),
  failed_count: z.int(),
});

/** Whether the agent should switch. */
export const RebalanceAdvice = z.object({
  success: z.literal(true),
  action: z.enum(['switch', 'monitor']),
  risk_score: z.number(),
  reason: z.string(),
  target_mode: z.literal('spot').optional(),
  target_pool_id: z.string().optional(),
  target_pool_name: z.string().optional(),
});

/** Has the keys of both servers that agents were written for. */
export const ReplicaConfig = z.object({
  enabled: z.boolean(),
  count: z.int(),
  replica_enabled: z.boolean(),
  replica_count: z.int(),
  manual_replica_enabled: z.boolean(),
});

/** Either the queued switch, or where the agent already is. */
export const SwitchIssued = z.object({
  success: z.boolean(),
  message: z.string(),
  command_id: z.string().optional(),
  agent_id: z.string().optional(),
  target_mode: TargetMode.optional(),
  target_pool_id: z.string().nullable().optional(),
  reason: z.string().optional(),
  auto_switch_enabled: z.literal(true).optional(),
  current_mode: Mode.optional(),
  current_pool_id: z.string().nullable().optional(),
});

/** An agent, and why its primary last changed. */
export const AgentSummary = z.object({
  id: z.string(),
  logical_agent_id: z.string(),
  status: z.string(),
  enabled: z.boolean(),
  instance_id: z.string().nullable(),
  instance_type: z.string().nullable(),
  region: z.string().nullable(),
  az: z.string().nullable(),
  current_mode: Mode,
  current_pool_id: z.string().nullable(),
  agent_version: z.string().nullable(),
  last_heartbeat_at: z.iso.datetime().nullable(),
  epoch: z.int(),
  primary_cause: z.string().nullable().meta({ description: 'Why the primary last changed (docs/protocol.md 7.5)' }),
  primary_changed_at: z.iso.datetime().nullable(),
});

const ToTerminate = z.object({
  instance_id: z.string(),
  instance_type: z.string().nullable(),
  az: z.string().nullable(),
  reason: z.enum(['zombie_timeout', 'replica_terminated']),
  seconds_waiting: z.int(),
});

/** The instances that should be terminated and are not known to be gone. */
export const InstancesToTerminate = z.object({
  instances: z.array(ToTerminate),
  auto_terminate_enabled: z.boolean(),
  terminate_wait_seconds: z.int(),
});

/** What an agent that accepts `merged` receives in addition to `success`, instead of making its other polls. */
const Merged = z.object({
  commands: z.array(PendingCommand).max(1),
  replicas: z.array(Replica).max(1).meta({ description: 'Standbys to launch' }),
  instances: z.array(ToTerminate).meta({ description: 'Instances to terminate' }),
  config_version: z.int(),
  config: Settings.optional().meta({ description: 'Only if the agent does not have this version yet' }),
  report_prices: z
    .boolean()
    .meta({ description: 'Whether to report prices, because nobody else reports those of its pools' }),
  next_seconds: z.int().positive().meta({ description: 'When to send the next heartbeat' }),
});

export const Heard = Success.extend({ merged: Merged.optional() });
