import { pageOf } from './describe-instances.ts';
import type { Xml } from './xml.ts';

/** One day of Capacity Manager's metrics for an instance type in a zone. */
export interface CapacityRow {
  readonly day: Date;
  readonly region: string;
  readonly zoneId: string;
  readonly instanceType: string;
  /** By metric name. Text is sent as it is. */
  readonly metrics: Readonly<Record<string, number | string>>;
}

/** A page of GetCapacityManagerMetricData, grouped by region, zone, account and type. */
export function getCapacityManagerMetricData(
  rows: readonly CapacityRow[],
  account: string,
  parameters: URLSearchParams,
  pageSize: number,
): Xml {
  const [from, to] = ['StartTime', 'EndTime'].map((name) => new Date(parameters.get(name)!));
  const within = rows.filter(({ day }) => day >= from! && day < to!);
  const { page, nextToken } = pageOf(within, {}, parameters, pageSize);
  return {
    metricDataResultSet: page.map(({ day, region, zoneId, instanceType, metrics }) => ({
      dimension: { resourceRegion: region, availabilityZoneId: zoneId, accountId: account, instanceType },
      timestamp: day.toISOString(),
      metricValueSet: Object.entries(metrics).map(([metric, value]) => ({ metric, value })),
    })),
    nextToken,
  };
}
