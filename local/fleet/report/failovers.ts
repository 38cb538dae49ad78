import type { Instance } from '../ec2/instance.ts';
import type { Interruption } from '../ec2/interruption.ts';
import type { Workload } from './workload.ts';

/** How a workload recovered from an interruption. */
export const paths = [
  'standby ready',
  'standby launched on notice',
  'switch to another pool',
  'switch to on-demand',
  'switch already under way',
  'auto recovery',
  'not recovered',
] as const;
export type Path = (typeof paths)[number];

/** An interruption of an instance that was the primary at its notice or its end. */
export interface Failover {
  readonly agent: string;
  readonly instanceId: string;
  readonly path: Path;
  readonly noticeAt: Date;
  /** From the notice until another instance was the primary. */
  readonly seconds: number | undefined;
}

/**
 * How a workload recovered from each interruption of its primary: by the first later primary that booted.
 * @param switchedAt by launched instance: when its agent began the switch, a while before the launch
 */
export function failoversOf(
  { agent, primaryChanges, instances }: Workload,
  interruptions: ReadonlyMap<string, Interruption>,
  switchedAt: ReadonlyMap<string, Date> = new Map(),
): Failover[] {
  return primaryChanges.flatMap(({ instanceId, since }, index): Failover[] => {
    const instance = instances.get(instanceId);
    const noticeAt = interruptions.get(instanceId)?.noticeAt;
    const next = primaryChanges.slice(index + 1).find((later) => !failedToBoot(instances.get(later.instanceId)));
    if (!instance?.interrupted || !noticeAt || since > instance.stoppedAt!) return [];
    if (next && next.since <= noticeAt) return []; // replaced before the notice
    const seconds = next && (next.since.getTime() - noticeAt.getTime()) / 1000;
    const successor = next && instances.get(next.instanceId);
    const path = successor
      ? pathTo(successor, (switchedAt.get(successor.id) ?? successor.launchedAt) <= noticeAt)
      : 'not recovered';
    return [{ agent, instanceId, path, noticeAt, seconds }];
  });
}

/** Whether it stopped before it ever ran. One that EC2 interrupted counts as an interruption of its own instead. */
const failedToBoot = (instance: Instance | undefined): boolean =>
  instance?.stoppedAt !== undefined && instance.stoppedAt <= instance.runningAt && !instance.interrupted;

/** @param isOlder whether the instance, or the switch that launched it, is older than the notice */
function pathTo({ cause, mode }: Instance, isOlder: boolean): Path {
  if (cause.kind === 'auto recovery') return 'auto recovery';
  if (cause.kind === 'replica') return isOlder ? 'standby ready' : 'standby launched on notice';
  if (isOlder) return 'switch already under way';
  return mode === 'ondemand' ? 'switch to on-demand' : 'switch to another pool';
}
