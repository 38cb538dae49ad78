import {
  type EC2Client,
  EC2ServiceException,
  type Metric,
  type MetricDataResult,
  paginateGetCapacityManagerMetricData,
} from '@aws-sdk/client-ec2';
import type { CapacityMetric } from '../core/savings/capacity-metrics.ts';
import { dayMs, secondMs } from '../shared/time.ts';
import { isThrottle, reachAws } from './aws.ts';

const metrics = {
  spotHours: 'spot-total-usage-hrs-inst',
  spotCost: 'spot-total-estimated-cost',
  ondemandCost: 'unreserved-total-estimated-cost',
  interruptions: 'spot-total-interruptions-inst',
  interruptionRate: 'spot-interruption-rate-inst',
  lifeBeforeInterruption: 'spot-avg-run-time-before-interruption-inst',
} as const satisfies Record<string, Metric>;

/** The most rows read for a region: types in zones of accounts by day. */
const mostRows = 20_000;

/** More than any metric can be for a type in a zone on a day, and more than a column holds. */
const absurd = 1e7;

/**
 * The metrics, or EC2's error code if it refused: the role need not allow the call, and few accounts have enabled
 * Capacity Manager. `isPassing`: it may be asked again soon.
 */
export type CapacityAnswer =
  | { readonly metrics: readonly CapacityMetric[] }
  | { readonly refused: string; readonly isPassing: boolean };

/**
 * EC2 Capacity Manager's daily metrics of an account's instances; impossible values are left out. A refusal is
 * returned, not thrown: EC2 was reached, and a failure would pause the look-ups that verify terminations.
 * @param span whole days, UTC
 * @throws AwsFailure when EC2 does not respond
 */
export function readCapacityMetrics(
  ec2: EC2Client,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<CapacityAnswer> {
  const query = {
    MetricNames: Object.values(metrics),
    StartTime: from,
    EndTime: to,
    Period: dayMs / secondMs,
    GroupBy: ['resource-region', 'availability-zone-id', 'account-id', 'instance-type'] as (
      | 'resource-region'
      | 'availability-zone-id'
      | 'account-id'
      | 'instance-type'
    )[],
    MaxResults: 1000,
  };
  return reachAws(async () => {
    const found: CapacityMetric[] = [];
    try {
      for await (const { MetricDataResults } of paginateGetCapacityManagerMetricData({ client: ec2 }, query)) {
        found.push(...(MetricDataResults ?? []).flatMap((row) => toMetric(row) ?? []));
        if (found.length >= mostRows) break;
      }
    } catch (error) {
      if (!(error instanceof EC2ServiceException)) throw error;
      return { refused: error.name, isPassing: (error.$metadata.httpStatusCode ?? 500) >= 500 || isThrottle(error) };
    }
    return { metrics: found };
  });
}

function toMetric({ Dimension, Timestamp, MetricValues = [] }: MetricDataResult): CapacityMetric | undefined {
  const { ResourceRegion, AvailabilityZoneId, AccountId, InstanceType } = Dimension ?? {};
  if (!Timestamp || !ResourceRegion || !AvailabilityZoneId || !AccountId || !InstanceType) return undefined;
  if ([ResourceRegion, AvailabilityZoneId, AccountId].some(({ length }) => length > 32) || InstanceType.length > 64)
    return undefined;
  const figureOf = (name: Metric) => {
    const value = MetricValues.find(({ Metric }) => Metric === name)?.Value;
    return value !== undefined && value >= 0 && value < absurd ? value : undefined;
  };
  const values = Object.fromEntries(Object.entries(metrics).map(([key, name]) => [key, figureOf(name)]));
  return {
    day: Timestamp,
    region: ResourceRegion,
    zoneId: AvailabilityZoneId,
    accountId: AccountId,
    instanceType: InstanceType,
    ...(values as Record<keyof typeof metrics, number | undefined>),
  };
}
