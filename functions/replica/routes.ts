import * as z from 'zod';
import { claimedTime, optional, text } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

/** A replica as v4 agents and consoles read it; agents take `pool` or the flat `pool_id` and `az`. */
export const Replica = z
  .object({
    id: z.string(),
    instance_id: z.string().nullable(),
    type: z.string(),
    status: z.string(),
    is_active: z.boolean(),
    pool_id: z.string(),
    az: z.string(),
    pool: z.object({ id: z.string(), name: z.string(), instance_type: z.string(), region: z.string(), az: z.string() }),
    sync_status: z.string(),
    sync_latency_ms: z.number().nullable(),
    state_transfer_progress: z.number(),
    cost: z.object({ hourly: z.number().nullable(), total: z.number() }),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    ready_at: z.iso.datetime().nullable(),
    terminated_at: z.iso.datetime().nullable(),
    age_seconds: z.int(),
    tags: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Replica' });

const ofAgent = z.object({ agent_id: z.string() });
const ofReplica = ofAgent.extend({ replica_id: z.string() });
const Pool = z.object({
  id: z.string(),
  name: z.string(),
  instance_type: z.string(),
  region: z.string(),
  az: z.string(),
});
const Status = z.enum(['launching', 'syncing', 'ready', 'promoted', 'terminated', 'failed']);

export const CreateReplicaRequest = z.object({
  pool_id: optional(text(128)),
  target_pool_id: optional(text(128)),
  exclude_zones: optional(z.array(z.string().max(48)).max(50)),
  max_hourly_cost: optional(z.number().positive()),
  tags: optional(z.record(z.string(), z.unknown())),
  created_by: optional(z.string().max(64)).transform((by) => by ?? 'unknown'),
  instance_id: optional(text(64)),
  replica_type: optional(z.string().max(32)),
  parent_instance_id: optional(z.string().max(64)),
  status: optional(z.string().max(16)),
});

export const StatusRequest = z.object({
  status: z.enum(['launching', 'syncing', 'ready', 'failed', 'terminated']),
  sync_started_at: claimedTime.optional(),
  sync_completed_at: claimedTime.optional(),
  error_message: optional(z.string().max(2000)).optional(),
  is_active: optional(z.boolean()).optional(),
  terminated_at: claimedTime.optional(),
});

export const SyncRequest = z
  .object({
    sync_status: optional(z.enum(['initializing', 'syncing', 'synced', 'out-of-sync'])),
    sync_latency_ms: optional(z.int().nonnegative()),
    state_transfer_progress: optional(z.number().min(0).max(100)),
    status: optional(z.enum(['launching', 'syncing', 'ready', 'failed', 'terminated'])),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'at least one field is required');

const Promoted = z.object({
  success: z.literal(true),
  message: z.string(),
  new_instance_id: z.string(),
  old_instance_id: z.string().nullable(),
  demoted: z.boolean(),
  switch_time: z.iso.datetime(),
});
const Changed = z.object({ success: z.literal(true), changed: z.boolean() });
const StandbyStatus = z.object({
  agent_id: z.string(),
  auto_switch_enabled: z.boolean(),
  manual_replica_enabled: z.boolean(),
  primary_instance_id: z.string().nullable(),
  active_replicas: z.array(
    z.object({
      id: z.string(),
      instance_id: z.string().nullable(),
      type: z.string(),
      status: z.string(),
      pool_id: z.string(),
    }),
  ),
  emergency_mode_active: z.boolean(),
  pending_termination_at: z.iso.datetime().nullable(),
  last_emergency_event: z
    .object({
      detected_at: z.iso.datetime(),
      termination_time: z.iso.datetime(),
      failover_completed: z.boolean(),
      failover_time_ms: z.number().nullable(),
    })
    .nullable(),
});

const promotionErrors = [
  'agent_not_found',
  'replica_not_found',
  'replica_not_ready',
  'replica_has_no_machine',
  'command_in_flight',
] as const;

/** Standby endpoints (contract 4). */
export const replicaRoutes = {
  create: {
    id: 'R1',
    method: 'POST',
    path: '/api/agents/{agent_id}/replicas',
    access: 'clientOrAdmin',
    summary: 'Asks for a standby, or enters one whose machine an agent has launched on command',
    params: ofAgent,
    body: CreateReplicaRequest,
    status: 201,
    response: z.object({
      success: z.literal(true),
      replica_id: z.string(),
      instance_id: z.string().nullable(),
      pool: Pool,
      hourly_cost: z.number().nullable(),
      status: z.string(),
      message: z.string(),
    }),
    errors: [
      'agent_not_found',
      'pool_not_found',
      'manual_mode_off',
      'agent_too_old',
      'replica_exists',
      'no_suitable_pool',
      'pool_mismatch',
      'instance_of_another_client',
      'replica_has_machine',
    ],
  },
  list: {
    id: 'R2',
    method: 'GET',
    path: '/api/agents/{agent_id}/replicas',
    access: 'clientOrAdmin',
    summary: 'The standbys of an agent, newest first',
    params: ofAgent,
    query: z.object({ status: Status.optional(), include_terminated: z.enum(['true', 'false']).default('false') }),
    response: z.object({ replicas: z.array(Replica), total: z.int() }),
    errors: ['agent_not_found'],
  },
  promote: {
    id: 'R3',
    method: 'POST',
    path: '/api/agents/{agent_id}/replicas/{replica_id}/promote',
    access: 'clientOrAdmin',
    summary: 'Makes a standby the primary',
    params: ofReplica,
    body: z.object({ demote_old_primary: z.boolean().default(false), wait_for_sync: z.boolean().default(true) }),
    response: Promoted,
    errors: promotionErrors,
  },
  remove: {
    id: 'R4',
    method: 'DELETE',
    path: '/api/agents/{agent_id}/replicas/{replica_id}',
    access: 'clientOrAdmin',
    summary: 'Ends a standby; its machine is listed for termination until it has been seen to go',
    params: ofReplica,
    response: z.object({
      success: z.literal(true),
      message: z.string(),
      replica_id: z.string(),
      terminated_at: z.iso.datetime(),
    }),
    errors: ['agent_not_found', 'replica_not_found', 'replica_inactive'],
  },
  attach: {
    id: 'R5',
    method: 'PUT',
    path: '/api/agents/{agent_id}/replicas/{replica_id}',
    access: 'clientOrAdmin',
    summary: 'Says which machine an agent has launched for a standby',
    params: ofReplica,
    body: z.object({
      instance_id: text(64).startsWith('i-', 'must be an EC2 instance id, i-…'),
      status: optional(z.enum(['launching', 'syncing', 'ready'])).transform((status) => status ?? ('syncing' as const)),
    }),
    response: z.object({
      success: z.literal(true),
      replica_id: z.string(),
      instance_id: z.string(),
      status: z.string(),
    }),
    errors: ['agent_not_found', 'replica_not_found', 'replica_has_machine', 'instance_of_another_client'],
  },
  status: {
    id: 'R6',
    method: 'POST',
    path: '/api/agents/{agent_id}/replicas/{replica_id}/status',
    access: 'clientOrAdmin',
    summary: 'Says how a standby is; what cannot follow its state changes nothing',
    params: ofReplica,
    body: StatusRequest,
    response: z.object({ success: z.literal(true), replica_id: z.string(), status: z.string() }),
    errors: ['agent_not_found', 'replica_not_found'],
  },
  syncStatus: {
    id: 'R7',
    method: 'POST',
    path: '/api/agents/{agent_id}/replicas/{replica_id}/sync-status',
    access: 'clientOrAdmin',
    summary: 'Says how far a standby has caught up',
    params: ofReplica,
    body: SyncRequest,
    response: z.object({ success: z.literal(true), message: z.string() }),
    errors: ['agent_not_found', 'replica_not_found'],
  },
  createEmergency: {
    id: 'R8',
    method: 'POST',
    path: '/api/agents/{agent_id}/create-emergency-replica',
    access: 'client',
    summary: 'EC2 may take, or takes, the machine: a standby is made sure of',
    params: ofAgent,
    body: z.object({
      signal_type: z.enum(['rebalance-recommendation', 'termination-notice']),
      instance_id: optional(text(64)),
      termination_time: claimedTime,
      preferred_zones: optional(z.array(z.string().max(48)).max(50)),
      exclude_zones: optional(z.array(z.string().max(48)).max(50)),
    }),
    status: 201,
    unchanged: (answer: unknown) => {
      const { success, existing } = answer as { success: boolean; existing?: boolean };
      return !success || existing === true;
    },
    response: z.object({
      success: z.boolean(),
      replica_id: z.string().optional(),
      replica_instance_id: z.string().nullable().optional(),
      instance_id: z.string().nullable().optional(),
      existing: z.boolean().optional(),
      pool: z.object({ id: z.string(), name: z.string(), az: z.string() }).optional(),
      hourly_cost: z.number().nullable().optional(),
      urgency: z.enum(['critical', 'high']).optional(),
      message: z.string().optional(),
      error: z.string().optional(),
    }),
    errors: ['agent_not_found', 'auto_switch_disabled'],
  },
  terminationImminent: {
    id: 'R9',
    method: 'POST',
    path: '/api/agents/{agent_id}/termination-imminent',
    access: 'client',
    summary: 'EC2 takes the machine in two minutes: the standby takes over; repeats are told the first outcome',
    params: ofAgent,
    body: z.object({
      instance_id: optional(text(64)),
      termination_time: claimedTime,
      detected_at: claimedTime,
      replica_id: optional(z.string().max(64)),
    }),
    response: z.object({
      success: z.boolean(),
      message: z.string(),
      new_instance_id: z.string().optional(),
      replica_id: z.string().optional(),
      failover_time_ms: z.number().optional(),
      action: z.string().optional(),
      error: z.string().optional(),
    }),
    errors: ['agent_not_found'],
  },
  enableManual: {
    id: 'X22',
    method: 'POST',
    path: '/api/agents/{agent_id}/manual-replica/enable',
    access: 'clientOrAdmin',
    summary: 'Keeps a standby at all times; turns auto-switch off',
    params: ofAgent,
    response: Changed,
    errors: ['agent_not_found', 'agent_too_old'],
  },
  disableManual: {
    id: 'X23',
    method: 'POST',
    path: '/api/agents/{agent_id}/manual-replica/disable',
    access: 'clientOrAdmin',
    summary: 'Keeps no standby any more, and ends the one that was kept',
    params: ofAgent,
    response: Changed,
    errors: ['agent_not_found'],
  },
  manualSwitch: {
    id: 'X24',
    method: 'POST',
    path: '/api/agents/{agent_id}/manual-switch',
    access: 'clientOrAdmin',
    summary: 'Makes the standby the primary',
    params: ofAgent,
    response: Promoted,
    errors: promotionErrors,
  },
  sefStatus: {
    id: 'X25',
    method: 'GET',
    path: '/api/agents/{agent_id}/sef-status',
    access: 'clientOrAdmin',
    summary: 'How the agent is provided for: modes, standbys, and the last notice',
    params: ofAgent,
    response: StandbyStatus,
    errors: ['agent_not_found'],
  },
  emergencyStatus: {
    id: 'X15',
    method: 'GET',
    path: '/api/agents/{agent_id}/emergency-status',
    access: 'clientOrAdmin',
    summary: 'Whether an interruption is being dealt with',
    params: ofAgent,
    response: StandbyStatus,
    errors: ['agent_not_found'],
  },
} satisfies Routes;
