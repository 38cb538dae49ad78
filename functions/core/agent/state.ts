import type { Agent, Command, FailureCause, Instance, InterruptionEvent, Replica } from '../../shared/schema.ts';
import { minuteMs } from '../../shared/time.ts';

/**
 * The room of an agent: its row, its instances, and which of them is the primary. How instances end is for
 * core/termination to say.
 * Owns the tables: agents, instances, cleanup_logs, hearing.
 *
 * This file says what the rules see of an agent; `read.ts` is the one reader that fills it and `lock.ts` the one lock.
 * A rule names the parts it needs, as in `AgentState<'standbys' | 'notice'>`.
 */
export type AgentState<P extends keyof Parts = never> = {
  readonly agent: Agent;
  readonly primary: Primary | undefined;
} & Pick<Parts, P>;

export interface Parts {
  /** The instance that the call names, whoever owns it: nobody chooses an EC2 id. */
  readonly instance: KnownInstance | undefined;
  /** The switch that is queued or being carried out. */
  readonly openSwitch: Pick<Command, 'id' | 'status' | 'createdBy' | 'newInstanceId'> | undefined;
  /** The switch that an agent is carrying out, or has just carried out without its successor's name being known. */
  readonly inFlight: InFlight | undefined;
  /** The active ones, newest first. */
  readonly standbys: readonly Standby[];
  /** The standby that the call names, active or not. */
  readonly replica: Standby | undefined;
  /** How many standbys are active. Counted, as a counter that is kept would drift. */
  readonly standbyCount: number;
  /** The newest interruption notice of the instance that was asked about, or else of the primary. */
  readonly notice: Notice | undefined;
  /** Of the switch that was asked about: whether its agent has reported it, and whether a later one has begun. */
  readonly recorded: { readonly reported: boolean; readonly overtaken: boolean };
  /** What became of launches and standbys lately. */
  readonly launches: Launches;
  /** What the gates of automatic moves count. */
  readonly history: History;
  readonly tenant: { readonly awsAccountId: string | null };
}

/** The instance that carries the agent; prices are DECIMAL text, USD per hour. */
export type Primary = Pick<Instance, (typeof primaryColumns)[number]>;
export const primaryColumns = [
  'id',
  'instanceType',
  'region',
  'az',
  'currentMode',
  'currentPoolId',
  'spotPrice',
  'ondemandPrice',
  'lastReportAt',
  'lastSeenAt',
] as const satisfies readonly (keyof Instance)[];

export type KnownInstance = Pick<Instance, (typeof instanceColumns)[number]> & {
  /** The standby that the instance is or was. */
  readonly replicaId: string | null;
  /** Of its agent, which need not be the one that was asked for. */
  readonly agentEpoch: number | null;
};
export const instanceColumns = [
  'id',
  'clientId',
  'agentId',
  'instanceStatus',
  'isPrimary',
  'instanceType',
  'region',
  'az',
  'amiId',
  'currentMode',
  'currentPoolId',
  'lastSeenAt',
  'zombieAt',
] as const satisfies readonly (keyof Instance)[];

export type InFlight = Pick<Command, (typeof commandColumns)[number]>;
export const commandColumns = [
  'id',
  'status',
  'targetMode',
  'targetPoolId',
  'dispatchedTo',
  'newInstanceId',
  'createdBy',
] as const satisfies readonly (keyof Command)[];

/** A standby; on the wire and in its table it is a replica. */
export type Standby = Pick<Replica, (typeof standbyColumns)[number]>;
export const standbyColumns = [
  'id',
  'clientId',
  'agentId',
  'instanceId',
  'replicaType',
  'poolId',
  'instanceType',
  'region',
  'az',
  'status',
  'isActive',
  'syncStatus',
  'hourlyCost',
  'launchedAt',
  'readyAt',
  'promotedAt',
  'terminatedAt',
  'createdAt',
] as const satisfies readonly (keyof Replica)[];

/** An interruption notice. `createdAt` is when we first heard of it, by our own clock; `detectedAt` is a claim. */
export type Notice = Pick<InterruptionEvent, (typeof noticeColumns)[number]>;
export const noticeColumns = [
  'id',
  'detectedAt',
  'createdAt',
  'terminationTime',
  'responseAction',
  'replicaId',
  'failoverCompleted',
  'failoverTimeMs',
] as const satisfies readonly (keyof InterruptionEvent)[];

export interface Launches {
  /** Launches of the last hour that failed before their standby was ready, or whose standby was never heard of. */
  readonly failures: number;
  /** Standbys that were never heard of, since the last one that was let go or promoted. */
  readonly unheard: number;
  readonly lastFailureAt: Date | null;
  /** When the newest standby was entered that has since been let go or promoted. */
  readonly lastEndedCreatedAt: Date | null;
}

/** A switch of the last week. */
export interface RecordedSwitch {
  /** Seconds since 1970. */
  readonly at: number;
  /** Of downtime. */
  readonly seconds: number;
  readonly isEmergency: boolean;
  readonly oldInstanceId: string;
  /** Of the new instance, seconds since 1970, by its agent's clock; `null` where nobody said. */
  readonly launchedAt: number | null;
}

/** A primary that EC2 took within the last week, and that another instance has replaced. Seconds since 1970. */
export interface RecordedLoss {
  readonly instanceId: string;
  /** When it ended, as far as we know: as EC2 announced, or later where it was still heard of. */
  readonly endedAt: number;
  /** When another instance became the primary. */
  readonly replacedAt: number;
}

/** So far back are failed switches read: none is held against an agent for longer. */
export const failedSwitchesMs = 30 * minuteMs;

/** A switch that came to nothing. */
export interface FailedSwitch {
  /** Where it was to go; `null` for on-demand. */
  readonly poolId: string | null;
  /** When it was closed, seconds since 1970. */
  readonly at: number;
  readonly cause: FailureCause;
}

export interface History {
  /** Those that nobody needed: what an emergency takes counts towards no limit. */
  readonly switches24h: number;
  readonly switches7d: number;
  /** Those of seven days, emergencies too, oldest first. */
  readonly switches: readonly RecordedSwitch[];
  readonly losses: readonly RecordedLoss[];
  /** When we heard of the newest interruption signal. */
  readonly lastSignalAt: Date | null;
  /** Those of `failedSwitchesMs`, oldest first. */
  readonly failedSwitches: readonly FailedSwitch[];
  readonly hasAutomaticStandby: boolean;
  /** USD per hour, DECIMAL text: of the agent's type and region. */
  readonly onDemandPrice: string | null;
}

/** A switch as its reporter names it. */
export interface SwitchKey {
  readonly oldId: string;
  readonly newId: string;
  readonly initiatedAt: Date;
}

/** The parts to read, and what each is asked for. `undefined` as an id finds nothing. */
export interface Wanted {
  readonly instance?: string | undefined;
  readonly openSwitch?: true;
  readonly inFlight?: true;
  readonly standbys?: true;
  readonly replica?: string | undefined;
  readonly standbyCount?: true;
  /** Of which instance; `undefined` for the primary. */
  readonly notice?: string | undefined;
  readonly recorded?: SwitchKey;
  readonly launches?: true;
  readonly history?: true;
  readonly tenant?: true;
}
