import type { Instance, Interruption } from '../ec2/ec2.ts';

/** A machine became its agent's primary, by the control plane's word. */
export interface Primacy {
  readonly instanceId: string;
  readonly since: Date;
}

/** What the report needs to know of one agent's machines. */
export interface Workload {
  readonly agent: string;
  /** In the order in which they became primary; a machine may come twice. */
  readonly primacies: readonly Primacy[];
  readonly machines: ReadonlyMap<string, Instance>;
}

export interface Uptime {
  /** From when it first served. */
  readonly totalSeconds: number;
  readonly downSeconds: number;
  readonly gaps: number;
}

/**
 * When a workload was served. A machine serves once it has become the primary and its application has started, and goes
 * on until it stops: one that has been replaced serves while its successor starts.
 * @param launchSeconds from RunInstances until the application serves
 */
export function uptimeOf({ primacies, machines }: Workload, launchSeconds: number, end: Date): Uptime {
  const spans = primacies
    .map(({ instanceId, since }) => spanOf(machines.get(instanceId), since, launchSeconds, end))
    .filter(([from, to]) => to > from)
    .toSorted(([a], [b]) => a - b);
  const [first] = spans;
  if (!first) return { totalSeconds: 0, downSeconds: 0, gaps: 0 };
  let downMs = 0;
  let gaps = 0;
  let until = first[0];
  const gap = (from: number) => {
    if (from <= until) return;
    downMs += from - until;
    gaps++;
  };
  for (const [from, to] of spans) {
    gap(from);
    until = Math.max(until, to);
  }
  gap(end.getTime());
  return { totalSeconds: (end.getTime() - first[0]) / 1000, downSeconds: downMs / 1000, gaps };
}

function spanOf(machine: Instance | undefined, since: Date, launchSeconds: number, end: Date): [number, number] {
  if (!machine) return [0, 0];
  const started = machine.launchedAt.getTime() + launchSeconds * 1000;
  return [Math.max(since.getTime(), started), Math.min(machine.stoppedAt?.getTime() ?? Infinity, end.getTime())];
}

export const availabilityOf = (uptimes: readonly Uptime[], cutoverSeconds = 0, cutovers = 0): number => {
  const total = uptimes.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0);
  const down = uptimes.reduce((sum, { downSeconds }) => sum + downSeconds, 0) + cutoverSeconds * cutovers;
  return total === 0 ? 0 : 1 - down / total;
};

export const paths = [
  'standby ready',
  'standby launched on notice',
  'switch to another pool',
  'switch to on-demand',
  'move that was under way',
  'rescued by owner',
  'not recovered',
] as const;
export type Path = (typeof paths)[number];

/** An interruption of a machine that was the primary when it was announced or came. */
export interface Failover {
  readonly agent: string;
  readonly instanceId: string;
  readonly path: Path;
  readonly noticeAt: Date;
  /** From the notice until another machine was the primary. */
  readonly seconds: number | undefined;
}

/**
 * How each interruption of a workload's primary was answered, by the first machine that came up after it.
 * @param switchedAt when agents began the switches that machines were launched for, a while before their launch
 */
export function failoversOf(
  { agent, primacies, machines }: Workload,
  interruptions: ReadonlyMap<string, Interruption>,
  switchedAt: ReadonlyMap<string, Date> = new Map(),
): Failover[] {
  return primacies.flatMap(({ instanceId, since }, index): Failover[] => {
    const machine = machines.get(instanceId);
    const noticeAt = interruptions.get(instanceId)?.noticeAt;
    const next = primacies.slice(index + 1).find((later) => !diedBooting(machines.get(later.instanceId)));
    if (!machine?.interrupted || !noticeAt || since > machine.stoppedAt!) return [];
    if (next && next.since <= noticeAt) return []; // replaced before its time had come
    const seconds = next && (next.since.getTime() - noticeAt.getTime()) / 1000;
    const successor = next && machines.get(next.instanceId);
    const path = successor
      ? pathTo(successor, (switchedAt.get(successor.id) ?? successor.launchedAt) <= noticeAt)
      : 'not recovered';
    return [{ agent, instanceId, path, noticeAt, seconds }];
  });
}

/** It was the primary before it ran, and never did; one that EC2 took has an interruption of its own. */
export const diedBooting = (machine: Instance | undefined): boolean =>
  machine?.stoppedAt !== undefined && machine.stoppedAt <= machine.runningAt && !machine.interrupted;

/** @param isOlder than the notice: the machine, or the switch that it was launched for */
function pathTo({ cause, mode }: Instance, isOlder: boolean): Path {
  if (cause.kind === 'owner') return 'rescued by owner';
  if (cause.kind === 'replica') return isOlder ? 'standby ready' : 'standby launched on notice';
  if (isOlder) return 'move that was under way';
  return mode === 'ondemand' ? 'switch to on-demand' : 'switch to another pool';
}
