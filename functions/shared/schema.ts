import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';

/**
 * The tables as Kysely sees them, in camel case; functions/migrate/sql says the rest: keys, checks and why.
 * A DECIMAL is text when read, so that no digit is lost, and may be given as text or a number.
 */
type Decimal = ColumnType<string, string | number, string | number>;
/** Parsed when read; an object or array when written. */
type Json = ColumnType<unknown, unknown, unknown>;
/** The same where the column may be NULL. */
type NullableDecimal = ColumnType<string | null, string | number | null, string | number | null>;
/** The same where the column has a default. */
type DecimalWithDefault = ColumnType<string, string | number | undefined, string | number>;

/** Protocol 7.1. */
export type AgentStatus = 'online' | 'offline' | 'disabled' | 'switching' | 'error' | 'deleted';
/** Protocol 7.4. */
export type InstanceStatus = 'running_primary' | 'running_replica' | 'zombie' | 'terminated';
/** Protocol 7.3; a command inferred complete is `completed` with `inferred`. */
export type CommandStatus = 'pending' | 'dispatched' | 'completed' | 'failed' | 'cancelled' | 'expired';
/** Protocol 7.2. */
export type ReplicaStatus = 'launching' | 'syncing' | 'ready' | 'promoted' | 'terminated' | 'failed';
export type Mode = 'spot' | 'ondemand' | 'unknown';
export type TargetMode = Exclude<Mode, 'unknown'>;
export type Severity = 'info' | 'warning' | 'error';

// core/tenant

export interface ClientTable {
  id: string;
  name: string;
  email: string;
  tokenHash: string;
  tokenCiphertext: string;
  isActive: Generated<boolean>;
  totalSavings: DecimalWithDefault;
  defaultAutoSwitchEnabled: Generated<boolean>;
  defaultAutoTerminate: Generated<boolean>;
  defaultTerminateWaitSeconds: Generated<number>;
  awsAccountId: string | null;
  awsRoleArn: string | null;
  awsExternalId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface AwsLookupTable {
  clientId: string;
  region: string;
  checkedAt: Date | null;
  failures: Generated<number>;
  failingSince: Date | null;
  nextAt: Date | null;
  error: string | null;
  notifiedAt: Date | null;
}

// core/agent, and core/termination for the end of an instance

export interface AgentTable {
  id: string;
  clientId: string;
  logicalAgentId: string;
  status: AgentStatus;
  enabled: Generated<boolean>;
  epoch: Generated<number>;
  version: Generated<number>;
  configVersion: Generated<number>;
  hostname: string | null;
  instanceId: string | null;
  primaryCause: string | null;
  primaryChangedAt: Date | null;
  instanceType: string | null;
  region: string | null;
  az: string | null;
  amiId: string | null;
  privateIp: string | null;
  publicIp: string | null;
  currentMode: Generated<Mode>;
  currentPoolId: string | null;
  agentVersion: string | null;
  lastHeartbeatAt: Date | null;
  pricedAt: Date | null;
  decidedAt: Date | null;
  autoSwitchEnabled: Generated<boolean>;
  autoTerminateEnabled: Generated<boolean>;
  terminateWaitSeconds: Generated<number>;
  replicaEnabled: Generated<boolean>;
  manualReplicaEnabled: Generated<boolean>;
  minSavingsPercent: DecimalWithDefault;
  riskThreshold: DecimalWithDefault;
  maxSwitchesPerWeek: Generated<number>;
  maxSwitchesPerDay: Generated<number>;
  minPoolDurationHours: Generated<number>;
  lastSwitchAt: Date | null;
  lastFailoverAt: Date | null;
  lastInterruptionSignal: string | null;
  lastTerminationNoticeAt: Date | null;
  lastRebalanceRecommendationAt: Date | null;
  pendingTerminationAt: Date | null;
  pendingTerminationInstance: string | null;
  interruptionHandledCount: Generated<number>;
  emergencyReplicaCount: Generated<number>;
  lastCleanupAt: Date | null;
  terminatedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface InstanceTable {
  id: string;
  clientId: string;
  agentId: string;
  instanceType: string | null;
  region: string | null;
  az: string | null;
  amiId: string | null;
  instanceStatus: InstanceStatus;
  isPrimary: Generated<boolean>;
  isActive: Generated<boolean>;
  primaryCause: string | null;
  primarySince: Date | null;
  currentMode: Generated<Mode>;
  currentPoolId: string | null;
  spotPrice: NullableDecimal;
  ondemandPrice: NullableDecimal;
  baselineOndemandPrice: NullableDecimal;
  recentReports: Json;
  lastReportAt: Date | null;
  version: Generated<number>;
  installedAt: Date;
  lastSeenAt: Date | null;
  lastSwitchAt: Date | null;
  zombieAt: Date | null;
  detachedAt: Date | null;
  terminatedAt: Date | null;
  terminationAttemptedAt: Date | null;
  terminationAttempts: Generated<number>;
  terminationConfirmed: Generated<boolean>;
  ec2State: string | null;
  ec2CheckedAt: Date | null;
  ec2NextCheckAt: Date | null;
  ec2Checks: Generated<number>;
  createdAt: Date;
  primaryOf: GeneratedAlways<string | null>;
}

export interface CleanupLogTable {
  id: string;
  clientId: string;
  agentId: string;
  cleanupType: string;
  deletedSnapshotsCount: number;
  deletedAmisCount: number;
  failedCount: number;
  details: Json;
  cutoffDate: Date | null;
  executedAt: Date;
}

// core/command

export interface CommandTable {
  id: string;
  clientId: string;
  agentId: string;
  commandType: 'switch' | 'create_replica';
  targetMode: TargetMode;
  targetPoolId: string | null;
  instanceId: string | null;
  priority: Generated<number>;
  terminateWaitSeconds: Generated<number>;
  status: CommandStatus;
  success: boolean | null;
  inferred: Generated<boolean>;
  message: string | null;
  reason: string | null;
  createdBy: string;
  triggerType: string;
  newInstanceId: string | null;
  dispatchedAt: Date | null;
  dispatchedTo: string | null;
  dispatchToken: string | null;
  leaseUntil: Date | null;
  expiresAt: Date | null;
  executedAt: Date | null;
  completedAt: Date | null;
  createdAt: Date;
  openSwitchOf: GeneratedAlways<string | null>;
}

export interface SwitchTable {
  id: string;
  clientId: string;
  agentId: string;
  commandId: string | null;
  oldInstanceId: string;
  newInstanceId: string;
  oldInstanceType: string | null;
  newInstanceType: string | null;
  oldRegion: string | null;
  newRegion: string | null;
  oldAz: string | null;
  newAz: string | null;
  oldMode: Generated<Mode>;
  newMode: Generated<Mode>;
  oldPoolId: string | null;
  newPoolId: string | null;
  oldAmiId: string | null;
  newAmiId: string | null;
  ondemandPrice: NullableDecimal;
  oldSpotPrice: NullableDecimal;
  newSpotPrice: NullableDecimal;
  savingsImpact: NullableDecimal;
  eventTrigger: string;
  triggerType: string;
  snapshotUsed: Generated<boolean>;
  snapshotId: string | null;
  volumeId: string | null;
  initiatedAt: Date;
  amiCreatedAt: Date | null;
  instanceLaunchedAt: Date | null;
  instanceReadyAt: Date | null;
  trafficSwitchedAt: Date | null;
  oldTerminatedAt: Date | null;
  timingData: Json;
  downtimeSeconds: number | null;
  totalDurationSeconds: number | null;
  success: Generated<boolean>;
  inferred: Generated<boolean>;
  createdAt: Date;
}

// core/failover

export interface ReplicaInstanceTable {
  id: string;
  clientId: string;
  agentId: string;
  instanceId: string | null;
  replicaType: string;
  poolId: string;
  instanceType: string;
  region: string;
  az: string;
  status: ReplicaStatus;
  isActive: GeneratedAlways<boolean>;
  createdBy: Generated<string>;
  parentInstanceId: string | null;
  syncStatus: Generated<string>;
  syncLatencyMs: number | null;
  lastSyncAt: Date | null;
  syncStartedAt: Date | null;
  syncCompletedAt: Date | null;
  stateTransferProgress: DecimalWithDefault;
  hourlyCost: NullableDecimal;
  totalCost: DecimalWithDefault;
  interruptionSignalType: string | null;
  interruptionDetectedAt: Date | null;
  terminationTime: Date | null;
  errorMessage: string | null;
  tags: Json;
  launchClaimedAt: Date | null;
  launchedAt: Date | null;
  readyAt: Date | null;
  promotedAt: Date | null;
  failedAt: Date | null;
  terminatedAt: Date | null;
  terminationAttemptedAt: Date | null;
  terminationAttempts: Generated<number>;
  terminationConfirmed: Generated<boolean>;
  ec2CheckedAt: Date | null;
  createdAt: Date;
}

export interface SpotInterruptionEventTable {
  id: string;
  clientId: string;
  agentId: string;
  instanceId: string;
  signalType: string;
  terminationTime: Date;
  poolId: string | null;
  instanceType: string | null;
  region: string | null;
  az: string | null;
  detectedAt: Date;
  responseAction: string | null;
  replicaId: string | null;
  replicaReady: boolean | null;
  failoverCompleted: boolean | null;
  failoverTimeMs: number | null;
  success: boolean | null;
  features: Json;
  createdAt: Date;
}

export interface PoolLossTable {
  poolId: string;
  bucket: Date;
}

// core/pool

export interface SpotPoolTable {
  id: string;
  instanceType: string;
  region: string;
  az: string;
  poolName: string;
  isActive: Generated<boolean>;
  latestPrice: NullableDecimal;
  latestAt: Date | null;
  version: Generated<number>;
  createdAt: Date;
}

export interface OndemandPriceTable {
  instanceType: string;
  region: string;
  price: Decimal;
  recordedAt: Date;
}

export interface OndemandPriceSnapshotTable {
  instanceType: string;
  region: string;
  capturedAt: Date;
  price: Decimal;
}

export interface PricingSnapshotsCleanTable {
  poolId: string;
  timeBucket: Date;
  spotPrice: Decimal;
  ondemandPrice: NullableDecimal;
  savingsPercent: NullableDecimal;
  sourceType: string;
  sourcePriority: number;
  confidenceScore: Decimal;
  dataSource: string | null;
  interpolationMethod: string | null;
  observedAt: Date;
}

// core/decision

export interface DecisionTable {
  id: string;
  clientId: string;
  agentId: string;
  instanceId: string | null;
  decisionTime: Date;
  source: string;
  recommendedAction: string;
  recommendedMode: string;
  recommendedPoolId: string | null;
  riskScore: Decimal;
  expectedSavingsPerHour: Decimal;
  allowed: boolean;
  failedGate: string | null;
  reason: string;
  confidence: Decimal;
  modelVersion: string;
  commandId: string | null;
  inputs: Json;
}

// core/event

export interface SystemEventTable {
  id: string;
  clientId: string | null;
  agentId: string | null;
  instanceId: string | null;
  eventType: string;
  severity: Severity;
  message: string;
  metadata: Json;
  notify: Generated<boolean>;
  isRead: Generated<boolean>;
  dedupeKey: string | null;
  createdAt: Date;
}

export interface AuditLogTable {
  id: string;
  clientId: string | null;
  actor: string;
  action: string;
  sourceIp: string | null;
  metadata: Json;
  createdAt: Date;
}

// shared/job.ts

/** When we were there to hear agents; one row (core/agent/hearing.ts). */
export interface HearingTable {
  id: number;
  heardSince: Date | null;
  heardUntil: Date;
}

export interface JobRunTable {
  job: string;
  runningUntil: Date | null;
  runToken: string | null;
  dueAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  rowsChanged: number | null;
  error: string | null;
}

// Written by nothing yet

export interface CostRecordTable {
  instanceId: string;
  periodStart: Date;
  clientId: string;
  agentId: string;
  mode: string;
  hoursRunning: Decimal;
  baselineCost: Decimal;
  actualCost: Decimal;
  savings: Decimal;
}

export interface ClientSavingsDailyTable {
  clientId: string;
  savingsDate: string;
  baselineCost: Decimal;
  actualCost: Decimal;
  savings: Decimal;
  switchCount: number;
  instanceCount: number;
}

export interface ClientSavingsMonthlyTable {
  clientId: string;
  savingsYear: number;
  savingsMonth: number;
  baselineCost: Decimal;
  actualCost: Decimal;
  savings: Decimal;
  switchCount: number;
  instanceCount: number;
}

export interface ClientsDailySnapshotTable {
  snapshotDate: string;
  totalClients: number;
  newClients: number;
  activeClients: number;
}

export interface Schema {
  clients: ClientTable;
  awsLookups: AwsLookupTable;
  agents: AgentTable;
  instances: InstanceTable;
  cleanupLogs: CleanupLogTable;
  commands: CommandTable;
  switches: SwitchTable;
  replicaInstances: ReplicaInstanceTable;
  spotInterruptionEvents: SpotInterruptionEventTable;
  poolLosses: PoolLossTable;
  spotPools: SpotPoolTable;
  ondemandPrices: OndemandPriceTable;
  ondemandPriceSnapshots: OndemandPriceSnapshotTable;
  pricingSnapshotsClean: PricingSnapshotsCleanTable;
  decisions: DecisionTable;
  systemEvents: SystemEventTable;
  auditLogs: AuditLogTable;
  jobRuns: JobRunTable;
  hearing: HearingTable;
  costRecords: CostRecordTable;
  clientSavingsDaily: ClientSavingsDailyTable;
  clientSavingsMonthly: ClientSavingsMonthlyTable;
  clientsDailySnapshot: ClientsDailySnapshotTable;
}

export type Agent = Selectable<AgentTable>;
export type Instance = Selectable<InstanceTable>;
export type Command = Selectable<CommandTable>;
export type Replica = Selectable<ReplicaInstanceTable>;
export type AwsLookup = Selectable<AwsLookupTable>;
export type InterruptionEvent = Selectable<SpotInterruptionEventTable>;
