import { lossesOf } from '../../market/availability.ts';
import { type Market, poolId } from '../../market/market.ts';
import type { EventCounts } from '../ec2/event-bridge.ts';
import type { Owner } from '../run/auto-recovery.ts';
import type { Outage } from '../run/fault-plan.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Watch } from '../run/primary-observer.ts';
import { type Failover, failoversOf, type Uptime, uptimeOf, type Workload } from '../run/workloads.ts';

/** What came of the interruptions of a run. */
export interface InterruptionBooks {
  readonly failovers: readonly Failover[];
  /** Of each agent, in the order of their names. */
  readonly uptimes: readonly (Uptime & { readonly agent: string; readonly version: string })[];
  /** How often another machine became the primary, failovers included. */
  readonly cutovers: number;
  /** Machines that EC2 took, and those of them that were nobody's primary any more or yet. */
  readonly interrupted: number;
  readonly rescues: number;
  /** Primaries that never ran: promoted while they booted, and dead before they were up. */
  readonly neverRan: number;
  readonly doubles: readonly string[];
  /** Machines that were seen to run for nobody, at any of the checks. */
  readonly orphans: readonly string[];
  readonly orphanChecks: number;
  readonly outages: readonly Outage[];
  /** Undefined where nobody forwards EC2's events to the control plane. */
  readonly events: (EventCounts & { readonly deadLetters: number }) | undefined;
  /** By pool: how often the trace took its machines, and how many signals the control plane has recorded of that. */
  readonly pools: readonly { readonly az: string; readonly losses: number; readonly signals: number }[];
}

export interface Observers {
  readonly watch: Watch;
  readonly owner: Owner;
  readonly outages: readonly Outage[];
  readonly events: InterruptionBooks['events'];
  readonly orphans: ReadonlySet<string>;
  readonly orphanChecks: number;
  readonly signals: ReadonlyMap<string, number>;
}

export function interruptionBooks(
  fleet: Fleet,
  { watch, owner, outages, events, orphans, orphanChecks, signals }: Observers,
  { market, launchSeconds, end }: { market: Market; launchSeconds: number; end: Date },
): InterruptionBooks {
  const machines = new Map(fleet.ec2.instances.map((machine) => [machine.id, machine]));
  const workloads = fleet.images.map(({ logicalAgentId: agent, version }): Workload & { version: string } => ({
    agent,
    version,
    primacies: watch.primacies.get(agent) ?? [],
    machines,
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
    cutovers: workloads.reduce((sum, { primacies }) => sum + Math.max(0, primacies.length - 1), 0),
    interrupted: fleet.ec2.instances.filter(({ interrupted }) => interrupted).length,
    rescues: owner.rescues.length,
    neverRan: workloads
      .flatMap(({ primacies }) => primacies.map(({ instanceId }) => machines.get(instanceId)!))
      .filter(({ stoppedAt, runningAt }) => stoppedAt !== undefined && stoppedAt <= runningAt).length,
    doubles: watch.doubles,
    orphans: [...orphans],
    orphanChecks,
    outages: outages.filter(({ from }) => from < end),
    events,
    pools: market.pools.map((pool) => ({
      az: pool.az,
      losses: lossesOf(pool).filter((at) => at <= end.getTime()).length,
      signals: signals.get(poolId(market, pool.az)) ?? 0,
    })),
  };
}

/** The smallest value that at least so many percent of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}
