import type { Instance } from '../ec2/instance.ts';
import type { Workload } from './workload.ts';

export interface Uptime {
  /** Since the workload was first up. */
  readonly totalSeconds: number;
  readonly downSeconds: number;
  readonly gaps: number;
}

/**
 * When a workload was up. An instance serves once it is the primary and its application has started, and until it stops:
 * a replaced instance keeps serving while its successor starts.
 * @param launchSeconds from RunInstances until the application serves
 */
export function uptimeOf({ primaryChanges, instances }: Workload, launchSeconds: number, end: Date): Uptime {
  const spans = primaryChanges
    .map(({ instanceId, since }) => servingSpan(instances.get(instanceId), since, launchSeconds, end))
    .filter(([from, to]) => to > from)
    .toSorted(([a], [b]) => a - b);
  const [first] = spans;
  if (!first) return { totalSeconds: 0, downSeconds: 0, gaps: 0 };
  let downMs = 0;
  let gaps = 0;
  let until = first[0];
  const gapUntil = (from: number) => {
    if (from <= until) return;
    downMs += from - until;
    gaps++;
  };
  for (const [from, to] of spans) {
    gapUntil(from);
    until = Math.max(until, to);
  }
  gapUntil(end.getTime());
  return { totalSeconds: (end.getTime() - first[0]) / 1000, downSeconds: downMs / 1000, gaps };
}

function servingSpan(instance: Instance | undefined, since: Date, launchSeconds: number, end: Date): [number, number] {
  if (!instance) return [0, 0];
  const started = instance.launchedAt.getTime() + launchSeconds * 1000;
  return [Math.max(since.getTime(), started), Math.min(instance.stoppedAt?.getTime() ?? Infinity, end.getTime())];
}

/** 0 to 1, over all workloads. @param cutoverSeconds extra downtime for each of the cutovers */
export function availabilityOf(uptimes: readonly Uptime[], cutoverSeconds = 0, cutovers = 0): number {
  const total = uptimes.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0);
  const down = uptimes.reduce((sum, { downSeconds }) => sum + downSeconds, 0) + cutoverSeconds * cutovers;
  return total === 0 ? 0 : 1 - down / total;
}
