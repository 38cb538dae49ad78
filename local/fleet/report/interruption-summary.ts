import { capacityLosses } from '../../market/availability.ts';
import { type Market, poolId } from '../../market/market.ts';
import type { EventCounts } from '../ec2/event-bridge.ts';
import type { AutoRecovery } from '../run/auto-recovery.ts';
import type { Outage } from '../run/fault-plan.ts';
import type { Fleet } from '../run/fleet.ts';
import type { PrimaryObserver } from '../run/primary-observer.ts';
import { type Failover, failoversOf } from './failovers.ts';
import { type Uptime, uptimeOf } from './uptime.ts';
import type { Workload } from './workload.ts';

/** What the interruptions of a run led to. */
export interface InterruptionSummary {
  readonly failovers: readonly Failover[];
  /** One for each agent, ordered by name. */
  readonly uptimes: readonly (Uptime & { readonly agent: string; readonly version: string })[];
  /** How often another instance became the primary, failovers included. */
  readonly cutovers: number;
  /** Instances that EC2 interrupted, primaries or not. */
  readonly interrupted: number;
  /** Instances that auto recovery launched. */
  readonly recoveries: number;
  /** Primaries that never ran: promoted while booting, and stopped before they were up. */
  readonly neverRan: number;
  readonly doublePrimaries: readonly string[];
  /** Instances that any of the checks found to belong to nobody. */
  readonly orphans: readonly string[];
  readonly orphanChecks: number;
  readonly outages: readonly Outage[];
  /** Undefined when EC2's events are not forwarded to the control plane. */
  readonly events: (EventCounts & { readonly deadLetters: number }) | undefined;
  /** For each pool: how often the trace lost it, and how many interruption signals the control plane recorded. */
  readonly pools: readonly { readonly az: string; readonly losses: number; readonly signals: number }[];
}

/** What was seen during the run. */
export interface Observations {
  readonly observer: Pick<PrimaryObserver, 'primaryChanges' | 'doublePrimaries'>;
  readonly autoRecovery: Pick<AutoRecovery, 'launched'>;
  readonly outages: readonly Outage[];
  readonly events: InterruptionSummary['events'];
  readonly orphans: ReadonlySet<string>;
  readonly orphanChecks: number;
  readonly signals: ReadonlyMap<string, number>;
}

export function summarizeInterruptions(
  fleet: Fleet,
  { observer, autoRecovery, outages, events, orphans, orphanChecks, signals }: Observations,
  { market, launchSeconds, end }: { market: Market; launchSeconds: number; end: Date },
): InterruptionSummary {
  const instances = new Map(fleet.ec2.instances.map((instance) => [instance.id, instance]));
  const workloads = fleet.images.map(({ logicalAgentId: agent, version }): Workload & { version: string } => ({
    agent,
    version,
    primaryChanges: observer.primaryChanges.get(agent) ?? [],
    instances,
  }));
  const switchedAt = new Map(
    fleet.ledger.switches.flatMap(({ newInstanceId, startedAt }) =>
      newInstanceId ? [[newInstanceId, startedAt]] : [],
    ),
  );
  return {
    failovers: workloads.flatMap((workload) => failoversOf(workload, fleet.interruptions, switchedAt)),
    uptimes: workloads.map((workload) => ({
      agent: workload.agent,
      version: workload.version,
      ...uptimeOf(workload, launchSeconds, end),
    })),
    cutovers: workloads.reduce((sum, { primaryChanges }) => sum + Math.max(0, primaryChanges.length - 1), 0),
    interrupted: fleet.ec2.instances.filter(({ interrupted }) => interrupted).length,
    recoveries: autoRecovery.launched.length,
    neverRan: workloads
      .flatMap(({ primaryChanges }) => primaryChanges.map(({ instanceId }) => instances.get(instanceId)!))
      .filter(({ stoppedAt, runningAt }) => stoppedAt !== undefined && stoppedAt <= runningAt).length,
    doublePrimaries: observer.doublePrimaries,
    orphans: [...orphans],
    orphanChecks,
    outages: outages.filter(({ from }) => from < end),
    events,
    pools: market.pools.map((pool) => ({
      az: pool.az,
      losses: capacityLosses(pool).filter((at) => at <= end.getTime()).length,
      signals: signals.get(poolId(market, pool.az)) ?? 0,
    })),
  };
}
