import * as z from 'zod';

/** Response shapes of the operators' overview (protocol 4). Fields that consoles calculate with are never null. */

const time = z.iso.datetime();

export const ListedClient = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['active', 'inactive']),
  agentsOnline: z.int(),
  agentsTotal: z.int(),
  instances: z.int(),
  totalSavings: z.number(),
  lastSync: time.nullable(),
});

export const Stats = z.object({
  totalAccounts: z.int(),
  agentsOnline: z.int(),
  agentsTotal: z.int(),
  poolsCovered: z.int(),
  totalSavings: z.number(),
  totalSwitches: z.int(),
  manualSwitches: z.int(),
  modelSwitches: z.int(),
  backendHealth: z.literal('Healthy'),
  decisionEngineLoaded: z.boolean(),
  mlModelsLoaded: z.boolean(),
});

export const Growth = z.array(
  z.object({ date: z.iso.date(), count: z.int(), total: z.int(), new: z.int(), active: z.int() }),
);

export const Activity = z.object({
  id: z.string(),
  type: z.enum(['switch', 'agent', 'event']),
  text: z.string(),
  time,
  severity: z.enum(['info', 'warning', 'error']),
});

const filters = z.record(z.string(), z.string());

export const FleetInstances = z.object({
  instances: z.array(
    z.object({
      id: z.string(),
      instanceId: z.string(),
      clientId: z.string(),
      clientName: z.string(),
      agentId: z.string(),
      logicalAgentId: z.string().nullable(),
      agentStatus: z.string().nullable(),
      instanceType: z.string(),
      region: z.string(),
      az: z.string().nullable(),
      currentMode: z.string(),
      currentPoolId: z.string().nullable(),
      spotPrice: z.number().nullable(),
      ondemandPrice: z.number().nullable(),
      isActive: z.boolean(),
      isPrimary: z.boolean(),
      instanceStatus: z.string(),
      installedAt: time,
      createdAt: time,
    }),
  ),
  total: z.int().meta({ description: 'The number of entries on this page' }),
  nextCursor: z.string().nullable().meta({ description: 'For the query parameter `cursor`; null on the last page' }),
  filters,
});

export const FleetAgents = z.object({
  agents: z.array(
    z.object({
      id: z.string(),
      logicalAgentId: z.string(),
      clientId: z.string(),
      clientName: z.string(),
      status: z.string(),
      hostname: z.string(),
      instanceId: z.string(),
      lastHeartbeatAt: time.nullable(),
      version: z.string(),
      instanceType: z.string().nullable(),
      region: z.string().nullable(),
      az: z.string().nullable(),
      currentMode: z.string(),
      currentPoolId: z.string().nullable(),
      enabled: z.boolean(),
      autoSwitchEnabled: z.boolean(),
      createdAt: time,
    }),
  ),
  total: z.int().meta({ description: 'The number of entries on this page' }),
  nextCursor: z.string().nullable().meta({ description: 'For the query parameter `cursor`; null on the last page' }),
  filters,
});

const Model = z.object({ name: z.string(), version: z.string(), active: z.boolean() });

export const SystemHealth = z.object({
  apiStatus: z.literal('Healthy'),
  database: z.literal('Connected'),
  decisionEngine: z.enum(['Loaded', 'Not Loaded']),
  connectionPool: z.string(),
  timestamp: time,
  decisionEngineStatus: z.object({
    loaded: z.boolean(),
    type: z.string(),
    version: z.string(),
    filesUploaded: z.int(),
    files: z.array(z.string()),
    calibration: z
      .object({
        model: z.string(),
        times: z.array(
          z.object({
            withinHours: z.number(),
            outcomes: z.number(),
            expectedShare: z.number().nullable(),
            lostShare: z.number().nullable(),
          }),
        ),
      })
      .nullable()
      .meta({ description: 'How the chances of losses came true; null while no pool was rated' }),
    riskModel: z.object({ name: z.string(), degraded: z.boolean(), observedAt: time }).nullable().meta({
      description: 'The model that last rated the hazards of pools; null while no agent has an availability target',
    }),
  }),
  modelStatus: z.object({
    loaded: z.boolean(),
    name: z.string(),
    version: z.string(),
    filesUploaded: z.int(),
    files: z.array(z.string()),
    activeModels: z.array(Model),
  }),
  backgroundJobs: z.object({ total: z.int(), failing: z.array(z.string()) }),
});
