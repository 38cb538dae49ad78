import { Faults, type Occurrence } from '../faults.ts';
import type { ErrorCode } from './errors.ts';

export type Action =
  | 'AssumeRole'
  | 'DescribeInstances'
  | 'DescribeInstanceStatus'
  | 'DescribeSpotPriceHistory'
  | 'DescribeInstanceTypeOfferings'
  | 'DescribeAvailabilityZones'
  | 'GetSpotPlacementScores'
  | 'GetCapacityManagerMetricData';

/** One request as faults and observers see it. */
export interface Call {
  readonly action: Action;
  /** The account that is asked about; of AssumeRole, the role's. */
  readonly account: string | undefined;
  /** `undefined` for AssumeRole, which belongs to none. */
  readonly region: string | undefined;
  readonly parameters: URLSearchParams;
}

/** Strikes until it is removed when it does not say how often. */
export interface Fault extends Occurrence {
  /** AWS's code, or what happens on the way: the connection breaks, or no answer ever comes. */
  readonly error: ErrorCode | 'disconnect' | 'hang';
  /** Only these calls; any where left out. */
  readonly action?: Action;
  readonly account?: string;
  readonly region?: string;
}

export type Ec2Faults = Faults<Fault, Call>;

export const newFaults = (): Ec2Faults => new Faults({ concerns, times: Number.POSITIVE_INFINITY });

const concerns = (fault: Fault, call: Call) =>
  (['action', 'account', 'region'] as const).every((key) => fault[key] === undefined || fault[key] === call[key]);
