import { randomUUID } from 'node:crypto';

interface Told {
  readonly account: string;
  /** As in `detailTypes`. */
  readonly type: string;
  readonly detail: object;
  readonly at: Date;
}

/** An EC2 event as EventBridge delivers it: its time has whole seconds. */
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
