import type { AgentStatus, Mode, TargetMode } from '../../shared/schema.ts';
import type { DisruptionWindows } from '../agent/disruption-windows.ts';
import type { Availability, Downtime, Slo, Timing } from './policy-a/input.ts';
import type { PoolRecord } from './policy-b/pool-record.ts';

/**
 * Everything a decision depends on; stored with it so that it can be replayed. Prices are USD per instance-hour, and what
 * the tenant pays: public prices, but for its price overlays (`paid-prices.ts`).
 */
export interface DecisionInput {
  readonly agent: {
    readonly instanceId: string | null;
    readonly status: AgentStatus;
    readonly enabled: boolean;
    readonly autoSwitchEnabled: boolean;
    readonly mode: Mode;
    readonly poolId: string | null;
    readonly lastSwitchAt: Date | null;
    readonly switches24h: number;
    readonly switches7d: number;
    readonly hasOpenCommand: boolean;
    /** When we heard of the primary's newest interruption notice or rebalance recommendation. */
    readonly lastEmergencyAt: Date | null;
    readonly hasEmergencyReplica: boolean;
    /**
     * When the agent's newest failed switch was closed. With a target or a deadline, switches that a pool without
     * capacity refused are left out: that pool counts as `down` for ten minutes instead.
     */
    readonly lastFailedSwitchAt: Date | null;
  };
  readonly prices: {
    readonly onDemand: number | null;
    /** What on-demand costs others; absent unless overlays apply. */
    readonly publicOnDemand?: number | null;
    /** What the agent's instance pays now, if it is Spot. */
    readonly currentSpot: number | null;
    readonly pools: readonly PoolState[];
    /** The names of the overlays that apply; absent if none does. */
    readonly overlays?: readonly string[];
  };
  readonly config: {
    readonly minSavingsPercent: number;
    readonly riskThreshold: number;
    readonly maxSwitchesPerWeek: number;
    readonly maxSwitchesPerDay: number;
    readonly minPoolDurationHours: number;
    /** Whether the five limits above apply. With a target or a deadline they do so only if somebody has set them. */
    readonly limitsHold: boolean;
    readonly disruptionWindows: DisruptionWindows | null;
  };
  /** Only for an agent with an availability target, where policy A decides. */
  readonly service: ServiceFacts | null;
  /** Only for an agent with a deadline ahead and work to do, where policy B decides. */
  readonly job: JobFacts | null;
}

/** The input of policy B. Times are seconds; `deadline` is seconds since 1970. */
export interface JobFacts {
  readonly deadline: number;
  readonly workLeft: number;
  /** Work that each launch adds, and how much of the last launch's overhead is left. */
  readonly overhead: number;
  readonly overheadLeft: number;
  /** The share of the last day in which the place's pools were observed, on average. */
  readonly observedShare: number;
  /** What was observed of the pools in the last week. Each tier consists of the first `size` pools of `order`. */
  readonly group: {
    readonly order: readonly string[];
    readonly pools: Readonly<Record<string, PoolRecord>>;
    readonly tiers: readonly { readonly size: number; readonly record: PoolRecord | null; readonly isKnown: boolean }[];
  };
}

/** The input of policy A. Times are seconds since 1970. */
export interface ServiceFacts {
  readonly slo: Slo;
  readonly weekStart: number;
  readonly downtime: readonly Downtime[];
  /** `null` without recent shadows. They count only where enough of the pools is observed (`enoughObserved`). */
  readonly pacing: { readonly startedAt: number; readonly sums: readonly number[] } | null;
  readonly observedShare: number;
  readonly timing: Timing;
  /** The model that the hazards of the pools came from. */
  readonly model: string;
  /** Whether that model is a fallback, because the intended one failed. */
  readonly degraded: boolean;
}

export interface PoolState {
  readonly id: string;
  readonly price: number;
  /** What the pool costs others; absent unless overlays apply. */
  readonly publicPrice?: number;
  /** When the price was last seen. */
  readonly at: Date;
  /** Hours of the last 30 days in which the pool was interrupted, however many agents that hit. */
  readonly interruptions30d: number;
  readonly availability: Availability;
  /** Expected losses per hour; `null` where no model was asked. */
  readonly hazard: number | null;
  /** EC2's score, 1 to 10; `null` if it was not requested lately, absent from decisions that predate it. */
  readonly placementScore?: number | null;
}

export type Action = 'stay' | 'switch_spot' | 'switch_ondemand';

/** Where an agent would go, and what that is worth. */
export interface Move {
  readonly action: Action;
  readonly mode: TargetMode;
  readonly poolId: string | null;
  /** 0…1, of the place that the agent would be in. */
  readonly risk: number;
  /** USD per hour, compared with what is paid now; negative where safety costs more. */
  readonly savingsPerHour: number;
  /** Without this move a deadline would be missed: limits, windows and waiting times do not hold it back. */
  readonly isNeeded?: true;
}

/** Interruptions in 30 days divided by 30, at most 1 (protocol 9.6). */
export const poolRisk = (pool: Pick<PoolState, 'interruptions30d'>) => Math.min(pool.interruptions30d / 30, 1);

/** The reason to stay for an agent on Spot whose pool, or whose pool's price, is not known. */
export const unknownPrice = (poolId: string | null) =>
  poolId === null ? 'The agent’s Spot pool is not known' : `The price of ${poolId} is not known`;
