import * as z from 'zod';
import { claimedPrice, claimedTime, optional, quotedTime, text } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

/**
 * `agent_id` of a path: the handle that register returned, `<agent uuid>~<instance id>`, or a bare uuid, which means the
 * agent's primary. Whatever else stands there is an agent we do not know (404), so it is not validated here.
 */
const ofAgent = z.object({ agent_id: z.string() });

const Success = z.object({ success: z.literal(true) });
const Mode = z.enum(['spot', 'ondemand', 'unknown']);
const TargetMode = z.enum(['spot', 'ondemand']);

export const RegisterRequest = z.object({
  client_token: optional(z.string().max(255)),
  logical_agent_id: text(255),
  instance_id: text(64),
  instance_type: text(64),
  region: text(32),
  az: text(48),
  hostname: optional(z.string().max(255)),
  ami_id: optional(z.string().max(64)),
  mode: optional(Mode),
  agent_version: optional(z.string().max(32)),
  private_ip: optional(z.string().max(45)),
  public_ip: optional(z.string().max(45)),
});

const Settings = z.object({
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

export const HeartbeatRequest = z.object({
  status: z.enum(['online', 'disabled', 'offline', 'switching', 'error']).default('online'),
  monitored_instances: optional(z.array(z.string().max(64)).max(100)),
  instance_id: optional(z.string().max(64)),
  instance_type: optional(text(64)),
  mode: optional(Mode),
  az: optional(text(48)),
});

/** Exactly what agents need of a command: a null in one of these makes a v4 agent retry for ever or lose a machine. */
const PendingCommand = z.object({
  id: text(64),
  command_type: z.enum(['switch', 'create_replica']),
  target_mode: TargetMode,
  target_pool_id: z.string().nullable(),
  terminate_wait_seconds: z.int().nonnegative(),
  priority: z.int(),
  instance_id: z.string().nullable(),
  created_at: z.iso.datetime(),
});

const PoolPrice = z.object({
  pool_id: optional(z.string().max(128)),
  instance_type: optional(z.string().max(64)),
  az: optional(z.string().max(48)),
  price: claimedPrice,
});
const CheapestPool = z.object({ pool_id: optional(z.string().max(128)), price: claimedPrice });
const PoolPrices = optional(z.array(PoolPrice).max(200));

/** Both shapes: v4 wraps its prices in `pricing`, v3.2 has them at the top level (contract A6). */
export const PricingReport = z.object({
  instance: z.object({
    instance_id: text(64),
    instance_type: optional(text(64)),
    region: optional(text(32)),
    az: optional(text(48)),
    mode: optional(Mode),
    pool_id: optional(z.string().max(128)),
    current_mode: optional(Mode),
    current_pool_id: optional(z.string().max(128)),
  }),
  pricing: optional(
    z.object({
      on_demand_price: claimedPrice,
      current_spot_price: claimedPrice,
      cheapest_pool: optional(CheapestPool),
      spot_pools: PoolPrices,
      collected_at: claimedTime,
    }),
  ),
  on_demand_price: optional(z.object({ price: claimedPrice })),
  spot_pools: PoolPrices,
});

const SwitchSide = z.object({
  instance_id: optional(z.string().max(64)),
  instance_type: optional(z.string().max(64)),
  region: optional(z.string().max(32)),
  az: optional(z.string().max(48)),
  ami_id: optional(z.string().max(64)),
  mode: optional(Mode),
  pool_id: optional(z.string().max(128)),
});
const SwitchPrices = z.object({ on_demand: claimedPrice, old_spot: claimedPrice, new_spot: claimedPrice });

/** What both agents send, and the other family of keys that the server they were written for expected (contract A7). */
export const SwitchReport = z.object({
  old_instance: optional(SwitchSide),
  new_instance: SwitchSide.extend({ instance_id: text(64) }),
  snapshot: optional(
    z.object({
      used: optional(z.boolean()),
      snapshot_id: optional(z.string().max(64)),
      volume_id: optional(z.string().max(64)),
    }),
  ),
  prices: optional(SwitchPrices),
  pricing: optional(SwitchPrices),
  timing: optional(
    z.object({
      switch_initiated_at: quotedTime,
      initiated_at: quotedTime,
      ami_created_at: quotedTime,
      new_instance_launched_at: quotedTime,
      instance_launched_at: quotedTime,
      new_instance_ready_at: quotedTime,
      instance_ready_at: quotedTime,
      traffic_switched_at: quotedTime,
      old_instance_terminated_at: quotedTime,
      old_terminated_at: quotedTime,
    }),
  ),
  trigger: optional(z.string().max(32)),
  command_id: optional(z.string().max(64)),
});

const CleanupSection = z.object({
  deleted: optional(z.array(z.unknown())),
  deleted_amis: optional(z.array(z.unknown())),
  deleted_snapshots: optional(z.array(z.unknown())),
  failed: optional(z.array(z.unknown())),
  cutoff_date: claimedTime,
  error: optional(z.string()),
});
export const CleanupReport = z.object({
  timestamp: claimedTime,
  snapshots: optional(CleanupSection.loose()),
  amis: optional(CleanupSection.loose()),
});

/** What the engine answers, in the words of both of the contract's decision shapes (13.2). */
export const Decision = z
  .object({
    instance_id: z.string().nullable(),
    recommended_action: z.enum(['stay', 'switch_spot', 'switch_ondemand']),
    decision_type: z.enum(['stay_spot', 'stay_ondemand', 'switch_to_spot', 'switch_to_ondemand']),
    recommended_mode: TargetMode,
    recommended_pool_id: z.string().nullable(),
    risk_score: z.number().min(0).max(1),
    expected_savings_per_hour: z.number(),
    expected_savings: z.number(),
    allowed: z.boolean(),
    reason: z.string(),
    confidence: z.number().min(0).max(1),
    model_version: z.string(),
  })
  .meta({ id: 'Decision' });

export const DecideRequest = z.object({
  instance: z.object({
    instance_id: optional(z.string().max(64)),
    instance_type: optional(z.string().max(64)),
    region: optional(z.string().max(32)),
    current_mode: optional(Mode),
    current_pool_id: optional(z.string().max(128)),
  }),
  pricing: optional(
    z.object({
      current_spot_price: claimedPrice,
      on_demand_price: claimedPrice,
      cheapest_pool: optional(CheapestPool),
      spot_pools: PoolPrices,
    }),
  ),
});

const Pool = z.object({ id: z.string(), name: z.string(), az: z.string() });

/** Agent endpoints: what the machines in the field call (contract 3, and 8 for the extras that they need). */
export const agentRoutes = {
  register: {
    id: 'A1',
    method: 'POST',
    path: '/api/agents/register',
    access: 'open', // its 401 and 403 have bodies of their own, and the token may stand in the body (contract 1.2)
    summary: 'Makes the calling machine known, and tells it the handle by which it speaks from then on',
    body: RegisterRequest,
    response: z.object({
      agent_id: text(128),
      client_id: z.string(),
      config: Settings,
      message: z.string().optional(),
    }),
    errors: ['missing_token', 'invalid_token', 'client_inactive', 'instance_of_another_client'],
  },
  heartbeat: {
    id: 'A2',
    method: 'POST',
    path: '/api/agents/{agent_id}/heartbeat',
    access: 'client',
    summary: 'Says that the machine lives, and what it is',
    params: ofAgent,
    body: HeartbeatRequest,
    response: Success,
    errors: ['agent_not_found'],
  },
  config: {
    id: 'A3',
    method: 'GET',
    path: '/api/agents/{agent_id}/config',
    access: 'client',
    summary: 'The settings the calling machine has to follow',
    params: ofAgent,
    response: Settings,
    errors: ['agent_not_found'],
  },
  pendingCommands: {
    id: 'A4',
    method: 'GET',
    path: '/api/agents/{agent_id}/pending-commands',
    access: 'client',
    summary: 'Hands the next command to the primary, at most one at a time and each only once',
    params: ofAgent,
    response: z.array(PendingCommand).max(1),
    errors: ['agent_not_found'],
  },
  commandExecuted: {
    id: 'A5',
    method: 'POST',
    path: '/api/agents/{agent_id}/commands/{command_id}/executed',
    access: 'client',
    summary: 'Closes a command with its result; the first result wins',
    params: ofAgent.extend({ command_id: z.string() }),
    body: z.object({ success: z.boolean().default(true), message: optional(z.string().max(2000)) }),
    response: Success,
    errors: ['agent_not_found', 'command_not_found'],
  },
  pricingReport: {
    id: 'A6',
    method: 'POST',
    path: '/api/agents/{agent_id}/pricing-report',
    access: 'client',
    summary: 'Takes the spot prices of the pools an agent can see, and its on-demand price',
    params: ofAgent,
    body: PricingReport,
    response: Success,
    errors: ['agent_not_found'],
  },
  switchReport: {
    id: 'A7',
    method: 'POST',
    path: '/api/agents/{agent_id}/switch-report',
    access: 'client',
    summary: 'Records a finished switch: the new machine becomes the primary',
    params: ofAgent,
    body: SwitchReport,
    response: Success,
    errors: ['agent_not_found', 'instance_of_another_client'],
  },
  termination: {
    id: 'A8',
    method: 'POST',
    path: '/api/agents/{agent_id}/termination',
    access: 'client',
    summary: 'Says that the agent stops for good',
    params: ofAgent,
    body: z.object({ reason: z.string().max(500).default('Unknown'), instance_id: optional(z.string().max(64)) }),
    response: Success,
    errors: ['agent_not_found'],
  },
  cleanupReport: {
    id: 'A9',
    method: 'POST',
    path: '/api/agents/{agent_id}/cleanup-report',
    access: 'client',
    summary: 'Records which snapshots and images an agent has deleted',
    params: ofAgent,
    body: CleanupReport,
    response: z.object({
      success: z.literal(true),
      message: z.string(),
      deleted_snapshots: z.int(),
      deleted_amis: z.int(),
      failed_count: z.int(),
    }),
    errors: ['agent_not_found'],
  },
  rebalanceRecommendation: {
    id: 'A10',
    method: 'POST',
    path: '/api/agents/{agent_id}/rebalance-recommendation',
    access: 'client',
    summary: 'Records that EC2 sees an elevated risk of interruption, and answers whether to move',
    params: ofAgent,
    body: z.object({ instance_id: optional(z.string().max(64)), detected_at: claimedTime }),
    response: z.object({
      success: z.literal(true),
      action: z.enum(['switch', 'monitor']),
      risk_score: z.number(),
      reason: z.string(),
      target_mode: z.literal('spot').optional(),
      target_pool_id: z.string().optional(),
      target_pool_name: z.string().optional(),
    }),
    errors: ['agent_not_found'],
  },
  replicaConfig: {
    id: 'A11',
    method: 'GET',
    path: '/api/agents/{agent_id}/replica-config',
    access: 'client',
    summary: 'Whether the agent keeps a standby',
    params: ofAgent,
    response: z.object({
      enabled: z.boolean(),
      count: z.int(),
      replica_enabled: z.boolean(),
      replica_count: z.int(),
      manual_replica_enabled: z.boolean(),
    }),
    errors: ['agent_not_found'],
  },
  decide: {
    id: 'A12',
    method: 'POST',
    path: '/api/agents/{agent_id}/decide',
    access: 'client',
    summary: 'Decides for the state that the caller describes; what it leaves out is read from the database',
    params: ofAgent,
    body: DecideRequest,
    response: Decision,
    errors: ['agent_not_found'],
  },
  switchRecommendation: {
    id: 'A13',
    method: 'GET',
    path: '/api/agents/{agent_id}/switch-recommendation',
    access: 'client',
    summary: 'What the engine would do now, whether or not it may',
    params: ofAgent,
    response: Decision.extend({
      agent_id: z.string(),
      auto_switch_enabled: z.boolean(),
      will_auto_execute: z.boolean(),
      current_pool: Pool.nullable(),
      alternative_pools: z.array(Pool.extend({ spot_price: z.number() })).max(5),
    }),
    errors: ['agent_not_found'],
  },
  issueSwitchCommand: {
    id: 'A14',
    method: 'POST',
    path: '/api/agents/{agent_id}/issue-switch-command',
    access: 'client',
    summary: 'Queues a switch',
    params: ofAgent,
    body: z.object({
      target_mode: TargetMode,
      target_pool_id: optional(text(128)),
      reason: z.string().max(500).default('Manual command'),
      priority: z.int().min(0).max(100).default(25),
    }),
    status: 201,
    unchanged: ({ success }: { success: boolean }) => !success, // the agent is there already (contract A14)
    response: z.object({
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
    }),
    errors: ['agent_not_found', 'agent_disabled', 'auto_switch_disabled', 'command_in_flight'],
  },
  get: {
    id: 'X1',
    method: 'GET',
    path: '/api/agents/{agent_id}',
    access: 'client',
    summary:
      'A summary of the agent; its 404 makes an agent uninstall itself, so it is answered only where that is meant',
    params: ofAgent,
    response: z.object({
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
    }),
    errors: ['agent_not_found'],
  },
  markCommandExecuted: {
    id: 'X2',
    method: 'POST',
    path: '/api/agents/{agent_id}/mark-command-executed',
    access: 'client',
    summary: 'Closes a command as version 3.2 agents do, which report it whether or not it worked',
    params: ofAgent,
    body: z.object({ command_id: text(64) }),
    response: Success,
    errors: ['agent_not_found', 'command_not_found'],
  },
  instancesToTerminate: {
    id: 'X3',
    method: 'GET',
    path: '/api/agents/{agent_id}/instances-to-terminate',
    access: 'client',
    summary: 'The machines of this agent that are to go and have not been seen to go',
    params: ofAgent,
    response: z.object({
      instances: z.array(
        z.object({
          instance_id: z.string(),
          instance_type: z.string().nullable(),
          az: z.string().nullable(),
          reason: z.enum(['zombie_timeout', 'replica_terminated']),
          seconds_waiting: z.int(),
        }),
      ),
      auto_terminate_enabled: z.boolean(),
      terminate_wait_seconds: z.int(),
    }),
    errors: ['agent_not_found'],
  },
  terminationReport: {
    id: 'X4',
    method: 'POST',
    path: '/api/agents/{agent_id}/termination-report',
    access: 'client',
    summary: 'Says whether EC2 has terminated a machine',
    params: ofAgent,
    body: z.object({
      instance_id: text(64),
      success: z.boolean(),
      error: optional(z.string().max(2000)),
      terminated_at: claimedTime,
    }),
    response: Success.extend({ message: z.string() }),
    errors: ['agent_not_found', 'instance_not_found'],
  },
  uninstall: {
    id: 'X5',
    method: 'POST',
    path: '/api/agents/uninstall',
    access: 'client',
    summary: 'Says that the agent was removed from its machine',
    body: z.object({ instance_id: optional(z.string().max(64)), reason: optional(z.string().max(500)) }),
    response: Success,
  },
} satisfies Routes;
