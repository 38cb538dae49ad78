import { randomUUID } from 'node:crypto';
import type { Instance } from './ec2.ts';

/** What EC2 says of a machine through EventBridge, as far as it concerns a control plane of Spot machines. */
export const eventKinds = ['rebalance', 'warning', 'shutting-down', 'terminated'] as const;
export type EventKind = (typeof eventKinds)[number];

export interface Account {
  readonly id: string;
  readonly region: string;
}

/** An event of EC2's as EventBridge brings it, field by field. */
export function ec2Event(kind: EventKind, { id, az }: Instance, { id: account, region }: Account, time: Date) {
  const arn = `arn:aws:ec2:${region}:${account}:instance/${id}`;
  const envelope = (detailType: string, detail: object, resource = arn) => ({
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source: 'aws.ec2',
    account,
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [resource],
    detail: { 'instance-id': id, ...detail },
  });
  switch (kind) {
    case 'rebalance':
      return envelope('EC2 Instance Rebalance Recommendation', {});
    case 'warning':
      // This one names a machine by its zone, without the account.
      return envelope(
        'EC2 Spot Instance Interruption Warning',
        { 'instance-action': 'terminate' },
        `arn:aws:ec2:${az}:instance/${id}`,
      );
    default:
      return envelope('EC2 Instance State-change Notification', { state: kind });
  }
}
