import type { Agent, InstanceStatus } from '../../shared/schema.ts';
import type { InstanceFacts } from './instance-facts.ts';
import type { JobOfAgent } from './remaining-work.ts';

/**
 * Why the primary of an agent changed. Stored with the agent (the last change) and with the instance (when it became
 * the primary), so that "why is this instance the primary?" is one query.
 * - `register`: the agent's first instance. `successor`: a new instance registered while the primary was silent.
 * - `switch`: a registration or a report showed that a switch was carried out. `promotion`: somebody promoted the
 *   standby.
 * - `failover`: EC2 takes the primary, and a standby took over. `takeover`: the primary fell silent while an instance
 *   beside it was alive.
 * - `failover_undone`: the standby that took over never came up. `switch_undone`: the agent reported its switch as
 *   failed after the successor had registered. `ended`: the agent reported that the primary ends. `deleted`: somebody
 *   deleted the agent.
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
  /** What only the instance itself knows, and reports when it registers. */
  readonly host?: {
    readonly hostname: string | undefined;
    readonly privateIp: string | undefined;
    readonly publicIp: string | undefined;
    readonly agentVersion: string | undefined;
  };
}

export interface PrimaryChange {
  /** As locked by the transaction. The change is refused if the epoch has moved on, and raises it. */
  readonly agent: Pick<Agent, 'id' | 'clientId' | 'epoch'> & JobOfAgent;
  readonly cause: PrimaryCause;
  /** `undefined`: the agent is left without a primary, and offline or deleted. */
  readonly next: NewPrimary | undefined;
  /** Whether the agent's row was inserted in this transaction, with `next` as its primary. */
  readonly isNewAgent?: boolean;
  /** Whether `next` is already the primary, as when a switch is reported after its successor registered. */
  readonly wasPrimary?: boolean;
  /** What becomes of instances that were the primary, or were reported to be. */
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
  /** `detached`: it keeps running with the status it has, but serves nobody. */
  readonly becomes: Exclude<InstanceStatus, 'running_primary'> | 'detached';
  /** The agent of the same tenant that the instance belongs to from now on. */
  readonly movesTo?: string;
}

export interface Promotion {
  readonly replicaId: string;
  /** The interruption notice that the promotion answers; without one, somebody asked for the promotion. */
  readonly failover?: { readonly noticeId: string; readonly timeMs: number } | undefined;
}

/** Whether a change counts as a switch: limits and minimum durations are counted from it. */
export const isSwitch = ({ cause }: Pick<PrimaryChange, 'cause'>) =>
  cause === 'switch' || cause === 'promotion' || cause === 'failover';
