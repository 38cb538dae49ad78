import { type EventKind, eventKinds } from '../ec2/ec2-events.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Failover } from '../run/workloads.ts';
import type { InterruptionBooks } from './leak-check.ts';

type Cells = readonly (string | number)[];

const labels: Record<EventKind, string> = {
  rebalance: 'rebalance recommendations',
  warning: 'interruption warnings',
  'shutting-down': 'machines shutting down',
  terminated: 'machines terminated',
};

/** How EC2's events fared on their way to the control plane. */
export function eventRows(events: InterruptionBooks['events']): Cells[] {
  if (!events) return [];
  const { sent, lost, doubled, held, deadLetters } = events;
  return [
    ['events by EventBridge', [...sent.values()].reduce((sum, count) => sum + count, 0)],
    ...eventKinds.map((kind): Cells => [`  ${labels[kind]}`, sent.get(kind) ?? 0]),
    ['  of these lost', lost],
    ['  delivered twice', doubled],
    ...(held > 0 ? [['  held up by outages', held] as const] : []),
    ['  dead letters', deadLetters],
  ];
}

/** By whom the control plane first heard that EC2 takes a primary: with luck by both, and one comes first. */
export function announcementRows({ ledger, images }: Fleet, failovers: readonly Failover[]): Cells[] {
  const versions = new Map(images.map(({ logicalAgentId, version }) => [logicalAgentId, version]));
  const announcersOf = ({ instanceId }: Failover) => ledger.announcers.get(instanceId) ?? [];
  const first = Map.groupBy(failovers, (failover) => announcersOf(failover)[0]);
  const count = (some: readonly Failover[] = []) => some.length;
  const alone = failovers.filter((failover) => announcersOf(failover).join() === 'EventBridge');
  const byVersion = Map.groupBy(alone, ({ agent }) => versions.get(agent)!);
  return [
    ['announced first by the agent', count(first.get('agent'))],
    ['announced first by EventBridge', count(first.get('EventBridge'))],
    [
      '  by EventBridge alone',
      alone.length,
      [...byVersion].map(([version, some]) => `${some.length} of ${version}`).join(', '),
    ],
    [
      'announced by nobody',
      count(first.get(undefined)),
      first.has(undefined) ? 'silent agents whose events were lost' : '',
    ],
  ];
}
