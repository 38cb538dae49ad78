import type { Agent, Command, FailureCause, Instance, InterruptionEvent, Replica } from '../../shared/schema.ts';
import { minuteMs } from '../../shared/time.ts';
import type { Overlay } from '../savings/overlay.ts';
import { jobColumns } from './remaining-work.ts';

/**
 * The room of an agent: its row, its instances, and which of them is the primary. How instances end is up to
 * core/termination.
 * Owns the tables: agents, instances, cleanup_logs, hearing.
 *
 * This file defines what rules see of an agent. `read.ts` is the only reader that fills it and `lock.ts` the only lock.
 * A rule names the parts it needs, as in `AgentState<'standbys' | 'notice'>`.
 */
export type AgentState<P extends keyof Parts = never> = {
  readonly agent: Agent;
  readonly primary: Primary | undefined;
} & Pick<Parts, P>;

export interface Parts {
  /** The instance that the request names, whoever owns it: nobody can choose an EC2 id. */
  readonly instance: KnownInstance | undefined;
  /** The switch that is queued or being carried out. */
  readonly openSwitch: Pick<Command, 'id' | 'status' | 'createdBy' | 'newInstanceId'> | undefined;
  /** The switch that the agent is carrying out, or has just completed without its successor being known. */
  readonly inFlight: InFlight | undefined;
  /** The active standbys, newest first. */
  readonly standbys: readonly Standby[];
  /** The standby that the request names, active or not. */
  readonly replica: Standby | undefined;
  /** How many standbys are active. Counted each time, because a stored counter would drift. */
  readonly standbyCount: number;
  /** The newest interruption notice of the instance asked about, or else of the primary. */
  readonly notice: Notice | undefined;
  /** Of the switch asked about: whether its agent has reported it, and whether a later one has begun. */
  readonly recorded: { readonly reported: boolean; readonly overtaken: boolean };
  /** How recent launches and standbys turned out. */
  readonly launches: Launches;
  /** What the gates for automatic moves count. */
  readonly history: History;
  readonly tenant: { readonly awsAccountId: string | null };
}

/** The instance that runs the agent. Prices are DECIMAL text, USD per hour. */
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
  /** The instance's own agent, which may not be the one that was asked for: what a change of its primary needs. */
  readonly owner: Pick<Agent, (typeof ownerColumns)[number]> | undefined;
};
export const ownerColumns = ['id', 'clientId', 'epoch', ...jobColumns] as const satisfies readonly (keyof Agent)[];
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

/** A standby, which the API and its table call a replica. */
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

/**
 * An interruption notice. `createdAt` is when we first heard of it, by our clock; `detectedAt` is the reporter's claim.
 */
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
  /** Standbys that were never heard of, created after the newest one that was ended or promoted. */
  readonly unheard: number;
  readonly lastFailureAt: Date | null;
  /** When the newest standby was created that has since been ended or promoted. */
  readonly lastEndedCreatedAt: Date | null;
}

/** A switch of the last week. */
export interface RecordedSwitch {
  /** Seconds since 1970. */
  readonly at: number;
  /** Seconds of downtime. */
  readonly seconds: number;
  readonly isEmergency: boolean;
  readonly oldInstanceId: string;
  /** When the new instance was launched, by its agent's clock, in seconds since 1970; `null` if unknown. */
  readonly launchedAt: number | null;
}

/** A primary that EC2 took within the last week and another instance has replaced. Times are in seconds since 1970. */
export interface RecordedLoss {
  readonly instanceId: string;
  /** When it ended, as far as we know: when EC2 said that it would, or when it was last heard of if later. */
  readonly endedAt: number;
  /** When another instance became the primary. */
  readonly replacedAt: number;
}

/** How far back failed switches are read: no older one is held against an agent. */
export const failedSwitchesMs = 30 * minuteMs;

/** A switch that failed. */
export interface FailedSwitch {
  /** The target pool; `null` for on-demand. */
  readonly poolId: string | null;
  /** When it was closed, seconds since 1970. */
  readonly at: number;
  readonly cause: FailureCause;
}

export interface History {
  /** Switches of the last 24 hours without emergencies, which count towards no limit. */
  readonly switches24h: number;
  readonly switches7d: number;
  /** Switches of the last seven days, emergencies included, oldest first. */
  readonly switches: readonly RecordedSwitch[];
  readonly losses: readonly RecordedLoss[];
  /** When we heard of the newest interruption signal. */
  readonly lastSignalAt: Date | null;
  /** Failed switches within `failedSwitchesMs`, oldest first. */
  readonly failedSwitches: readonly FailedSwitch[];
  readonly hasAutomaticStandby: boolean;
  /** For the agent's type and region, USD per hour, DECIMAL text. */
  readonly onDemandPrice: string | null;
  /** What its tenant pays now for its type instead of public prices. */
  readonly overlays: readonly Overlay[];
}

/** A switch, as a report identifies it. */
export interface SwitchKey {
  readonly oldId: string;
  readonly newId: string;
  readonly initiatedAt: Date;
}

/** The parts to read, each with the id or key it is asked for. An id of `undefined` finds nothing. */
export interface Wanted {
  readonly instance?: string | undefined;
  readonly openSwitch?: true;
  readonly inFlight?: true;
  readonly standbys?: true;
  readonly replica?: string | undefined;
  readonly standbyCount?: true;
  /** The instance whose notice to read; `undefined` for the primary. */
  readonly notice?: string | undefined;
  readonly recorded?: SwitchKey;
  readonly launches?: true;
  readonly history?: true;
  readonly tenant?: true;
}
