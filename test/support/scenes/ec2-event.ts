import { randomUUID } from 'node:crypto';

interface Told {
  readonly account: string;
  /** As in `detailTypes`. */
  readonly type: string;
  readonly detail: object;
  readonly at: Date;
}

/** An event of EC2's as EventBridge brings it: to the second. */
export const ec2Event = ({ account, type, detail, at }: Told) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': type,
  source: 'aws.ec2',
  account,
  time: at.toISOString().replace(/\.\d+Z$/, 'Z'),
  region: 'us-east-1',
  resources: [],
  detail,
});
