import * as z from 'zod';
import { Mode } from '../core/wire.ts';

/** Response shapes for a tenant's agents, instances and standbys, as consoles read them (protocol 10). */

const Time = z.iso.datetime();
const Text = z.string().nullable();

export const ValidToken = z.object({
  valid: z.literal(true),
  client_id: z.string(),
  name: z.string(),
  email: z.string(),
});

export const ClientSummary = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['active', 'inactive']),
  instances: z.int(),
  agentsOnline: z.int(),
  agentsTotal: z.int(),
  totalSavings: z.number(),
  lastSync: Time.nullable(),
});

export const AgentItem = z
  .object({
    id: z.string(),
    logicalAgentId: z.string(),
    status: z.string(),
    lastHeartbeat: Time.nullable(),
    instanceCount: z.int(),
    enabled: z.boolean(),
    autoSwitchEnabled: z.boolean(),
    manualReplicaEnabled: z.boolean(),
    autoTerminateEnabled: z.boolean(),
    terminateWaitMinutes: z.int().min(1),
    auto_switch_enabled: z.boolean(),
    auto_terminate_enabled: z.boolean(),
    instanceId: Text,
    instanceType: Text,
    region: Text,
    az: Text,
    currentMode: Mode,
    agentVersion: Text,
    hostname: Text,
  })
  .meta({ id: 'AgentItem' });

export const AgentDetails = AgentItem.extend({
  clientId: z.string(),
  privateIp: Text,
  publicIp: Text,
  amiId: Text,
  currentPoolId: Text,
  minSavingsPercent: z.number(),
  riskThreshold: z.number(),
  maxSwitchesPerWeek: z.int(),
  maxSwitchesPerDay: z.int(),
  minPoolDurationHours: z.number(),
  availabilityTarget: z.number().nullable(),
  availabilityForm: z.enum(['week', 'rolling']),
  disruptionWindows: z
    .object({
      timeZone: z.string(),
      windows: z.array(z.object({ days: z.array(z.string()), from: z.string(), to: z.string() })),
    })
    .nullable(),
  deadline: Time.nullable(),
  remainingWorkSeconds: z.int().nullable(),
  restartOverheadSeconds: z.int(),
  nextDisruptionWindows: z.array(z.object({ from: Time, to: Time })),
  configVersion: z.int(),
  replicaCount: z.int(),
  currentReplicaId: Text,
  lastSwitchAt: Time.nullable(),
  createdAt: Time,
  primaryCause: Text,
  primaryChangedAt: Time.nullable(),
  pendingCommands: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      targetMode: z.string(),
      targetPoolId: Text,
      priority: z.int(),
      createdBy: z.string(),
      createdAt: Time,
    }),
  ),
  primaryInstance: z
    .object({
      id: z.string(),
      type: Text,
      region: Text,
      az: Text,
      mode: Mode,
      poolId: Text,
      spotPrice: z.number().nullable(),
      onDemandPrice: z.number().nullable(),
      lastSeenAt: Time.nullable(),
    })
    .nullable(),
  replicas: z.array(
    z.object({
      id: z.string(),
      instanceId: Text,
      type: z.string(),
      status: z.string(),
      poolId: z.string(),
      hourlyCost: z.number().nullable(),
      createdAt: Time,
      readyAt: Time.nullable(),
    }),
  ),
});

export const AgentHistoryItem = z.object({
  id: z.string(),
  logicalAgentId: z.string(),
  status: z.string(),
  instanceId: Text,
  instanceType: Text,
  region: Text,
  az: Text,
  currentMode: Mode,
  enabled: z.boolean(),
  autoSwitchEnabled: z.boolean(),
  manualReplicaEnabled: z.boolean(),
  createdAt: Time,
  installedAt: Time,
  updatedAt: Time,
  lastHeartbeat: Time.nullable(),
  terminatedAt: Time.nullable(),
});

export const InstanceItem = z.object({
  id: z.string(),
  type: z.string(),
  region: Text,
  az: z.string(),
  mode: Mode,
  poolId: z.string(),
  spotPrice: z.number(),
  onDemandPrice: z.number(),
  instanceStatus: z.string(),
  isPrimary: z.boolean(),
  isActive: z.boolean(),
  lastSwitch: Time.nullable(),
});

export const ReplicaItem = z.object({
  agentId: z.string(),
  primary: z.object({ instanceId: Text, instanceType: Text, region: Text, az: Text, mode: Mode }),
  replica: z.object({
    id: z.string(),
    instanceId: z.string(),
    type: z.string(),
    status: z.string(),
    sync_status: z.string(),
    sync_latency_ms: z.number().nullable(),
    state_transfer_progress: z.number(),
    pool: z.object({
      id: z.string(),
      name: z.string(),
      instance_type: z.string(),
      region: z.string(),
      az: z.string(),
    }),
    cost: z.object({ hourly: z.number().nullable(), total: z.number() }),
    created_by: z.string(),
    created_at: Time,
    ready_at: Time.nullable(),
    terminated_at: Time.nullable(),
    is_active: z.boolean(),
  }),
});
