import { randomUUID } from 'node:crypto';
import type { Instance } from './instance.ts';

/** The EC2 events about an instance that matter to a control plane of Spot instances. */
export const eventKinds = ['rebalance', 'notice', 'shutting-down', 'terminated'] as const;
export type EventKind = (typeof eventKinds)[number];

export interface AwsAccount {
  readonly id: string;
  readonly region: string;
}

/** An event of EC2, field by field as EventBridge delivers it. */
export function ec2Event(
  kind: EventKind,
  { id, az }: Pick<Instance, 'id' | 'az'>,
  { id: account, region }: AwsAccount,
  time: Date,
) {
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
    case 'notice':
      // The ARN of this event has the zone in place of the region, and no account.
      return envelope(
        'EC2 Spot Instance Interruption Warning',
        { 'instance-action': 'terminate' },
        `arn:aws:ec2:${az}:instance/${id}`,
      );
    default:
      return envelope('EC2 Instance State-change Notification', { state: kind });
  }
}
