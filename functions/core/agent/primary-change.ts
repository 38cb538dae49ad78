import type { Agent, InstanceStatus } from '../../shared/schema.ts';
import type { InstanceFacts } from './instance-facts.ts';
import type { JobOfAgent } from './remaining-work.ts';

/**
 * Why the primary of an agent changed. Stored with the agent (the last change) and with the instance (when it became the
 * primary), so that "why is this instance the primary?" is one query.
 * - `register`: the agent's first instance. `successor`: a new instance registered and its predecessor was silent.
 * - `switch`: a switch was carried out, as a registration or a report showed. `promotion`: somebody asked for the standby.
 * - `failover`: EC2 takes the primary, and a standby took over. `takeover`: the primary fell silent while a standby lived.
 * - `failover_undone`: the standby that took over never came up. `switch_undone`: the agent that carried out a switch gave
 *   its successor up after that had registered. `ended`: its agent said that the primary ends. `deleted`: somebody deleted
 *   the agent.
 * - `released`: the primary registered under another logical id.
 */
export type PrimaryCause =
  | 'register'
  | 'successor'
  | 'switch'
  | 'promotion'
  | 'failover'
  | 'takeover'
  | 'failover_undone'
  | 'switch_undone'
  | 'ended'
  | 'deleted'
  | 'released';

/** The instance that takes over. */
export interface NewPrimary extends InstanceFacts {
  /** DECIMAL text or a number, USD per hour. */
  readonly onDemandPrice?: string | number | null | undefined;
  readonly launchedAt?: Date | null | undefined;
  /** What only the instance itself can tell, when it registers. */
  readonly host?: {
    readonly hostname: string | undefined;
    readonly privateIp: string | undefined;
    readonly publicIp: string | undefined;
    readonly agentVersion: string | undefined;
  };
}

export interface PrimaryChange {
  /** As the transaction has locked it: the change is refused when the epoch has moved on, and raises it. Without its job, what is left of its work stays. */
  readonly agent: Pick<Agent, 'id' | 'clientId' | 'epoch'> & Partial<JobOfAgent>;
  readonly cause: PrimaryCause;
  /** `undefined`: the agent is left without a primary, and offline or deleted. */
  readonly next: NewPrimary | undefined;
  /** Whether the agent's row was inserted in this transaction, with `next` as its primary. */
  readonly isNewAgent?: boolean;
  /** Whether `next` is the primary already, as when a switch is reported after its successor registered. */
  readonly wasPrimary?: boolean;
  /** What becomes of instances that were the primary, or were said to be. */
  readonly former?: readonly FormerPrimary[];
  /** The command that this change fulfils. */
  readonly command?: { readonly id: string; readonly closes: boolean } | undefined;
  /** Whether the agent is still carrying out a switch after this. */
  readonly staysSwitching?: boolean;
  /** The standby that `next` was until now. */
  readonly promotion?: Promotion | undefined;
}

export interface FormerPrimary {
  readonly instanceId: string;
  /** `detached`: it runs on with the status that it has, and serves nobody. */
  readonly becomes: Exclude<InstanceStatus, 'running_primary'> | 'detached';
  /** The agent of the same tenant that the instance belongs to from now on. */
  readonly movesTo?: string;
}

export interface Promotion {
  readonly replicaId: string;
  /** The interruption notice that this answers; without one, somebody asked for the promotion. */
  readonly failover?: { readonly noticeId: string; readonly timeMs: number } | undefined;
}

/** A change that counts as a switch: limits and minimum durations are reckoned from it. */
export const isSwitch = ({ cause }: Pick<PrimaryChange, 'cause'>) =>
  cause === 'switch' || cause === 'promotion' || cause === 'failover';
