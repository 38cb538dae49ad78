import { type EventKind, eventKinds } from '../ec2/ec2-events.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Failover } from './failovers.ts';
import type { InterruptionSummary } from './interruption-summary.ts';
import type { Row } from './table.ts';

const labels: Record<EventKind, string> = {
  rebalance: 'rebalance recommendations',
  notice: 'interruption notices',
  'shutting-down': 'instances shutting down',
  terminated: 'instances terminated',
};

/** What happened to EC2's events on their way to the control plane. */
export function eventRows(events: InterruptionSummary['events']): Row[] {
  if (!events) return [];
  const { sent, lost, duplicated, delayed, deadLetters } = events;
  return [
    ['events through EventBridge', [...sent.values()].reduce((sum, count) => sum + count, 0)],
    ...eventKinds.map((kind): Row => [`  ${labels[kind]}`, sent.get(kind) ?? 0]),
    ['  lost', lost],
    ['  delivered twice', duplicated],
    ...(delayed > 0 ? [['  delayed by outages', delayed] as const] : []),
    ['  dead letters', deadLetters],
  ];
}

/** Who first told the control plane of each interruption. Often both do, and one comes first. */
export function noticeSourceRows({ ledger, images }: Fleet, failovers: readonly Failover[]): Row[] {
  const versions = new Map(images.map(({ logicalAgentId, version }) => [logicalAgentId, version]));
  const sourcesOf = ({ instanceId }: Failover) => ledger.noticeSources.get(instanceId) ?? [];
  const first = Map.groupBy(failovers, (failover) => sourcesOf(failover)[0]);
  const count = (some: readonly Failover[] = []) => some.length;
  const eventBridgeOnly = failovers.filter((failover) => sourcesOf(failover).join() === 'EventBridge');
  const byVersion = Map.groupBy(eventBridgeOnly, ({ agent }) => versions.get(agent)!);
  return [
    ['first notice from the agent', count(first.get('agent'))],
    ['first notice from EventBridge', count(first.get('EventBridge'))],
    [
      '  only from EventBridge',
      eventBridgeOnly.length,
      [...byVersion].map(([version, some]) => `${some.length} of ${version}`).join(', '),
    ],
    [
      'no notice received',
      count(first.get(undefined)),
      first.has(undefined) ? 'the agent was silent and its events were lost' : '',
    ],
  ];
}
