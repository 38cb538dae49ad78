import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';
import type { OperatorScope, TenantScope } from './identity.ts';

/**
 * The tables as Kysely sees them, in camel case; functions/migrate/sql has the rest: keys, checks and the reasons.
 * A DECIMAL is text when read, so that no digit is lost; it may be written as text or a number.
 */
type Decimal = ColumnType<string, string | number, string | number>;
/** Parsed when read; an object or array when written. */
type Json = ColumnType<unknown, unknown, unknown>;
/** A Decimal that may be NULL. */
type NullableDecimal = ColumnType<string | null, string | number | null, string | number | null>;
/** A Decimal whose column has a default. */
type DecimalWithDefault = ColumnType<string, string | number | undefined, string | number>;

/** Protocol 7.1. */
export type AgentStatus = 'online' | 'offline' | 'disabled' | 'switching' | 'error' | 'deleted';
/** Protocol 7.4. */
export type InstanceStatus = 'running_primary' | 'running_replica' | 'zombie' | 'terminated';
/** Protocol 7.3; a command whose completion was inferred is `completed` with `inferred`. */
export type CommandStatus = 'pending' | 'dispatched' | 'completed' | 'failed' | 'cancelled' | 'expired';
/** Protocol 7.2. */
export type ReplicaStatus = 'launching' | 'syncing' | 'ready' | 'promoted' | 'terminated' | 'failed';
/** `silent`: its instance reported and then fell silent; `unheard`: it was launched and never reported. */
export type FailureCause =
  | 'not-launched'
  | 'silent'
  | 'unheard'
  | 'interrupted'
  | 'capacity'
  | 'quota'
  | 'permission'
  | 'throttle'
  | 'other';
/** Measured over each calendar week (Monday to Sunday, UTC), or over any seven days. */
export type AvailabilityForm = 'week' | 'rolling';
export type Mode = 'spot' | 'ondemand' | 'unknown';
export type TargetMode = Exclude<Mode, 'unknown'>;
export type Severity = 'info' | 'warning' | 'error';

// core/tenant

export interface ClientTable {
  id: string;
  name: string;
  email: string;
  isActive: Generated<boolean>;
  deletedAt: Date | null;
  totalSavings: DecimalWithDefault;
  defaultAutoSwitchEnabled: Generated<boolean>;
  defaultAutoTerminate: Generated<boolean>;
  defaultTerminateWaitSeconds: Generated<number>;
  defaultAvailabilityTarget: NullableDecimal;
  awsAccountId: string | null;
  awsRoleArn: string | null;
  awsExternalId: string | null;
  launchesHeldUntil: Date | null;
  maxAgents: Generated<number>;
  maxInstances: Generated<number>;
  createdAt: Date;
  updatedAt: Date;
}

export interface ClientTokenTable {
  id: string;
  clientId: string;
  name: string;
  scope: TenantScope | 'all';
  tokenHash: string;
  tokenCiphertext: string | null;
  expiresAt: Date | null;
  lastUsedOn: string | null;
  revokedAt: Date | null;
  createdAt: Date;
  createdBy: string;
  liveName: GeneratedAlways<string | null>;
}

export interface OperatorTable {
  id: string;
  name: string;
  role: OperatorScope;
  tokenHash: string;
  lastUsedOn: string | null;
  revokedAt: Date | null;
  createdAt: Date;
  createdBy: string;
  liveName: GeneratedAlways<string | null>;
}

export interface ModelSessionTable {
  id: string;
  kind: 'model' | 'engine';
  status: 'pending' | 'live' | 'fallback' | 'archived';
  createdAt: Date;
  createdBy: string;
  activatedAt: Date | null;
  sha256: string | null;
  liveKey: GeneratedAlways<number | null>;
  fallbackKey: GeneratedAlways<number | null>;
}

export interface ModelFileTable {
  sessionId: string;
  position: number;
  name: string;
  bytes: number;
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
  beatSeconds: number | null;
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
  limitsSet: Generated<boolean>;
  availabilityTarget: NullableDecimal;
  availabilityForm: Generated<AvailabilityForm>;
  disruptionWindows: Json;
  deadline: Date | null;
  restartOverheadSeconds: Generated<number>;
  remainingWorkSeconds: number | null;
  remainingWorkAt: Date | null;
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
  undecidedSince: GeneratedAlways<Date | null>;
  listedOf: GeneratedAlways<string | null>;
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

/** When the control plane was up to hear agents; one row (core/agent/hearing.ts). */
export interface HearingTable {
  id: number;
  heardSince: Date | null;
  heardUntil: Date;
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
  launchToken: string | null;
  launchedAt: Date | null;
  readyAt: Date | null;
  promotedAt: Date | null;
  failedAt: Date | null;
  failureCause: FailureCause | null;
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

// core/availability

export interface PoolAvailabilityTable {
  poolId: string;
  bucket: Date;
  isUp: boolean;
  running: number;
  launches: number;
  refusals: number;
  interruptions: number;
}

export interface PoolStateTable {
  poolId: string;
  observedAt: Date;
  record: Json;
}

// core/risk

export interface PoolRiskTable {
  poolId: string;
  ratedAt: Date;
  chances: Json | null;
  state: Json;
  model: string;
}

export interface RiskCalibrationTable {
  id: number;
  model: string;
  bins: Json;
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
  placementScore: number | null;
  placementScoredAt: Date | null;
  version: Generated<number>;
  createdAt: Date;
}

export interface TenantPoolPriceTable {
  poolId: string;
  clientId: string;
  price: Decimal;
  seenAt: Date;
}

export interface MarketCollectionTable {
  source: string;
  region: string;
  collectedUntil: Date | null;
  failures: Generated<number>;
  nextAt: Date | null;
  error: string | null;
  etag: string | null;
}

export interface MarketPlaceTable {
  instanceType: string;
  region: string;
  offeredAt: Date | null;
  ondemandAt: Date | null;
  scoredAt: Date | null;
  bandAt: Date | null;
  interruptionBand: number | null;
}

export interface OndemandPriceTable {
  clientId: string;
  instanceType: string;
  region: string;
  price: Decimal;
  recordedAt: Date;
}

export interface OndemandPriceSnapshotTable {
  clientId: string;
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
  answer: string | null;
  times: Generated<number>;
  lastTime: Date;
  fingerprint: string;
  latestOf: string | null;
}

export interface PolicyShadowTable {
  instanceType: string;
  region: string;
  observedAt: Date;
  pacing: Json;
  state: string;
  model: string;
  isDegraded: boolean;
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
  dedupeKey: string | null;
  times: Generated<number>;
  unqueued: boolean | null;
  createdAt: Date;
}

export interface NotificationMarkTable {
  reader: string;
  about: string;
  readUntil: Date;
  clientId: string;
}

export interface NotificationReadTable {
  reader: string;
  eventId: string;
  readAt: Date;
  clientId: string;
}

export interface AuditLogTable {
  id: string;
  clientId: string | null;
  actor: string;
  action: string;
  targetId: string | null;
  sourceIp: string | null;
  beforeState: Json;
  afterState: Json;
  createdAt: Date;
}

// core/pool, for consoles

export interface PricingAlertTable {
  id: string;
  clientId: string;
  poolId: string;
  direction: 'below' | 'above';
  threshold: Decimal;
  metSince: Date | null;
  createdAt: Date;
}

// core/backtest

export interface WhatIfRunTable {
  id: string;
  clientId: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  createdAt: Date;
  createdBy: string;
  periodFrom: Date;
  periodTo: Date;
  asked: Json;
  /** `Play[]` of core/backtest/plays.ts. */
  plays: Json;
  playCount: number;
  playsDone: Generated<number>;
  agents: number;
  agentsLeftOut: number;
  attempts: Generated<number>;
  finishedAt: ColumnType<Date | null, Date | null | undefined, Date | null>;
  failure: ColumnType<string | null, string | null | undefined, string | null>;
}

// core/export

export interface ExportKeyTable {
  tokenId: string;
  clientId: string | null;
  secret: string;
  createdAt: Date;
}

// shared/job.ts

export interface JobRunTable {
  job: string;
  runningUntil: Date | null;
  runToken: string | null;
  dueAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  rowsChanged: number | null;
  error: string | null;
  abandonedRuns: Generated<number>;
  abandonedAt: Date | null;
}

export interface RateCountTable {
  id: string;
  countedMinute: Date;
  requests: number;
}

// core/savings

export interface CostRecordTable {
  instanceId: string;
  periodStart: Date;
  clientId: string;
  agentId: string;
  mode: string;
  hoursRunning: Decimal;
  hoursPrimary: Decimal;
  hoursUnpriced: Decimal;
  freeReason: 'first-hour' | null;
  /** One line for each overlay that priced the hour. */
  overlays: string | null;
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

export interface SavingsProgressTable {
  id: number;
  accruedUntil: Date;
  afterAgent: string | null;
}

export interface CapacityMetricTable {
  clientId: string;
  metricDate: string;
  region: string;
  zoneId: string;
  accountId: string;
  instanceType: string;
  spotHours: NullableDecimal;
  spotCost: NullableDecimal;
  ondemandCost: NullableDecimal;
  interruptions: number | null;
  interruptionRate: NullableDecimal;
  lifeBeforeInterruption: NullableDecimal;
}

export interface CapacityReadTable {
  clientId: string;
  region: string;
  askedAt: Date;
  readAt: Date | null;
  error: string | null;
}

export interface ClientPriceOverlayTable {
  clientId: string;
  position: number;
  name: string | null;
  instanceType: string;
  mode: TargetMode;
  multiplier: NullableDecimal;
  hourlyPrice: NullableDecimal;
  validFrom: Date | null;
  validUntil: Date | null;
}

export interface SavingsCorrectionTable {
  clientId: string;
  nextHour: Date;
  afterAgent: string | null;
  changeId: string;
}

export interface ClientsDailySnapshotTable {
  snapshotDate: string;
  totalClients: number;
  newClients: number;
  activeClients: number;
  totalSwitches: number;
  manualSwitches: number;
  modelSwitches: number;
}

// core/webhook

export interface WebhookTable {
  clientId: string;
  sealed: string;
  host: string | null;
  topicArn: string | null;
  style: 'json' | 'slack';
  minSeverity: Severity;
  digestMinutes: number;
  dueAt: Date | null;
  failures: Generated<number>;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastError: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface WebhookTestTable {
  clientId: string;
  testedAt: Date | null;
}

export interface WebhookMessageTable {
  id: string;
  clientId: string;
  state: 'open' | 'dead';
  attempts: Generated<number>;
  isPosted: Generated<boolean>;
  isPublished: Generated<boolean>;
  createdAt: Date;
  deadAt: Date | null;
}

export interface WebhookItemTable {
  clientId: string;
  eventId: string;
  messageId: string | null;
}

export interface Schema {
  clients: ClientTable;
  clientTokens: ClientTokenTable;
  operators: OperatorTable;
  modelSessions: ModelSessionTable;
  modelFiles: ModelFileTable;
  awsLookups: AwsLookupTable;
  agents: AgentTable;
  instances: InstanceTable;
  cleanupLogs: CleanupLogTable;
  commands: CommandTable;
  switches: SwitchTable;
  replicaInstances: ReplicaInstanceTable;
  spotInterruptionEvents: SpotInterruptionEventTable;
  poolLosses: PoolLossTable;
  poolAvailability: PoolAvailabilityTable;
  poolStates: PoolStateTable;
  poolRisks: PoolRiskTable;
  riskCalibration: RiskCalibrationTable;
  spotPools: SpotPoolTable;
  tenantPoolPrices: TenantPoolPriceTable;
  marketCollections: MarketCollectionTable;
  marketPlaces: MarketPlaceTable;
  ondemandPrices: OndemandPriceTable;
  ondemandPriceSnapshots: OndemandPriceSnapshotTable;
  pricingSnapshotsClean: PricingSnapshotsCleanTable;
  decisions: DecisionTable;
  policyShadows: PolicyShadowTable;
  systemEvents: SystemEventTable;
  notificationMarks: NotificationMarkTable;
  notificationReads: NotificationReadTable;
  auditLogs: AuditLogTable;
  webhooks: WebhookTable;
  webhookTests: WebhookTestTable;
  webhookMessages: WebhookMessageTable;
  webhookItems: WebhookItemTable;
  exportKeys: ExportKeyTable;
  pricingAlerts: PricingAlertTable;
  jobRuns: JobRunTable;
  rateCounts: RateCountTable;
  hearing: HearingTable;
  costRecords: CostRecordTable;
  clientSavingsDaily: ClientSavingsDailyTable;
  clientSavingsMonthly: ClientSavingsMonthlyTable;
  savingsProgress: SavingsProgressTable;
  clientPriceOverlays: ClientPriceOverlayTable;
  capacityMetrics: CapacityMetricTable;
  capacityReads: CapacityReadTable;
  savingsCorrections: SavingsCorrectionTable;
  clientsDailySnapshot: ClientsDailySnapshotTable;
  whatIfRuns: WhatIfRunTable;
}

export type Agent = Selectable<AgentTable>;
export type Instance = Selectable<InstanceTable>;
export type Command = Selectable<CommandTable>;
export type Replica = Selectable<ReplicaInstanceTable>;
export type AwsLookup = Selectable<AwsLookupTable>;
export type InterruptionEvent = Selectable<SpotInterruptionEventTable>;
