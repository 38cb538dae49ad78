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
  /** The account that the request is about; for AssumeRole, the role's account. */
  readonly account: string | undefined;
  /** `undefined` for AssumeRole, which belongs to no region. */
  readonly region: string | undefined;
  readonly parameters: URLSearchParams;
}

/** Strikes until it is removed, unless it says how often. */
export interface Fault extends Occurrence {
  /** An AWS error code, or a network failure: the connection breaks, or no response ever comes. */
  readonly error: ErrorCode | 'disconnect' | 'hang';
  /** Strikes only calls that match these; any if omitted. */
  readonly action?: Action;
  readonly account?: string;
  readonly region?: string;
}

export type Ec2Faults = Faults<Fault, Call>;

export const newFaults = (): Ec2Faults => new Faults({ concerns, times: Number.POSITIVE_INFINITY });

const concerns = (fault: Fault, call: Call) =>
  (['action', 'account', 'region'] as const).every((key) => fault[key] === undefined || fault[key] === call[key]);
