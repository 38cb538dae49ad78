import type { AgentStatus, Mode, TargetMode } from '../../shared/schema.ts';
import type { DisruptionWindows } from '../agent/disruption-windows.ts';
import type { Availability, Downtime, Slo, Timing } from './policy-a/input.ts';
import type { PoolRecord } from './policy-b/pool-record.ts';

/** Everything a decision depends on; stored with it, so that it can be taken again. Prices are USD per instance-hour. */
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
    /** When we heard of the agent's newest interruption signal. */
    readonly lastEmergencyAt: Date | null;
    readonly hasEmergencyReplica: boolean;
    /**
     * When the agent's newest switch that came to nothing was closed. With a target or a deadline, not one that a pool without
     * capacity refused: for ten minutes that pool is `down` instead.
     */
    readonly lastFailedSwitchAt: Date | null;
  };
  readonly prices: {
    readonly onDemand: number | null;
    /** What the agent's instance pays now, if it is Spot. */
    readonly currentSpot: number | null;
    readonly pools: readonly PoolState[];
  };
  readonly config: {
    readonly minSavingsPercent: number;
    readonly riskThreshold: number;
    readonly maxSwitchesPerWeek: number;
    readonly maxSwitchesPerDay: number;
    readonly minPoolDurationHours: number;
    /** Whether the five limits above hold: not where a target does in their place, and nobody has set them. */
    readonly limitsHold: boolean;
    readonly disruptionWindows: DisruptionWindows | null;
  };
  /** Of an agent with an availability target, where policy A decides. */
  readonly service: ServiceFacts | null;
  /** Of an agent with a deadline ahead and work to do, where policy B decides. */
  readonly job: JobFacts | null;
}

/** What policy B goes by; times are seconds, `deadline` since 1970. */
export interface JobFacts {
  readonly deadline: number;
  readonly workLeft: number;
  /** Work that each launch adds, and what is left of that of the last one. */
  readonly overhead: number;
  readonly overheadLeft: number;
  /** Of the place's pools, in the last day. */
  readonly observedShare: number;
  /** What was seen of the pools in a week; each tier has the first `size` of the pools in their order. */
  readonly group: {
    readonly order: readonly string[];
    readonly pools: Readonly<Record<string, PoolRecord>>;
    readonly tiers: readonly { readonly size: number; readonly record: PoolRecord | null; readonly isKnown: boolean }[];
  };
}

/** What policy A goes by; times are seconds since 1970. */
export interface ServiceFacts {
  readonly slo: Slo;
  readonly weekStart: number;
  readonly startedAt: number;
  readonly downtime: readonly Downtime[];
  /** `null` where too few of the pools are seen. */
  readonly pacing: { readonly startedAt: number; readonly sums: readonly number[] } | null;
  readonly observedShare: number;
  readonly timing: Timing;
  /** What told the hazards of the pools. */
  readonly model: string;
  /** Whether that is not the model that should have told them, which failed. */
  readonly degraded: boolean;
}

export interface PoolState {
  readonly id: string;
  readonly price: number;
  /** When the price was last seen. */
  readonly at: Date;
  /** Hours of the last 30 days in which the pool was interrupted, however many agents were told. */
  readonly interruptions30d: number;
  readonly availability: Availability;
  /** Expected losses per hour; `null` where no model was asked. */
  readonly hazard: number | null;
  /** Of EC2, 1 to 10; `null` where it has not been asked lately, and absent from decisions of before it counted. */
  readonly placementScore?: number | null;
}

export type Action = 'stay' | 'switch_spot' | 'switch_ondemand';

/** Where an agent would go, and what that is worth. */
export interface Move {
  readonly action: Action;
  readonly mode: TargetMode;
  readonly poolId: string | null;
  /** 0…1: of the place that the agent would be in. */
  readonly risk: number;
  /** USD per hour against what is paid now; negative where safety costs. */
  readonly savingsPerHour: number;
  /** A deadline would be missed otherwise: limits, windows and waiting times do not hold it. */
  readonly isNeeded?: true;
}

/** Interruptions in 30 days by 30, at most 1 (protocol 9.6). */
export const poolRisk = (pool: Pick<PoolState, 'interruptions30d'>) => Math.min(pool.interruptions30d / 30, 1);
