import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

/** A change of a Spot price, as EC2 keeps it: the price holds from then on. */
export interface SpotPriceChange {
  readonly instanceType: string;
  readonly az: string;
  /** USD per hour, as text such as EC2's `0.031200`. */
  readonly price: string;
  readonly at: Date;
  readonly product?: string;
}

const mostResults = 1000;

/** The values of a list in the Query protocol: `InstanceType.1`, `InstanceType.2`, … */
const listOf = (parameters: URLSearchParams, name: string) =>
  [...parameters].filter(([key]) => new RegExp(`^${name}\\.\\d+$`).test(key)).map(([, value]) => value);

/**
 * A page of DescribeSpotPriceHistory, newest first: the changes between the two times, and for each pool the one in
 * force at the start.
 */
export function describeSpotPriceHistory(
  changes: readonly SpotPriceChange[],
  parameters: URLSearchParams,
  pageSize: number,
): Xml {
  const types = listOf(parameters, 'InstanceType');
  const products = listOf(parameters, 'ProductDescription');
  const [from, to] = ['StartTime', 'EndTime'].map((name) => timeIn(parameters, name));
  const asked = changes.filter(
    ({ instanceType, product = 'Linux/UNIX', at }) =>
      (types.length === 0 || types.includes(instanceType)) &&
      (products.length === 0 || products.includes(product)) &&
      (to === undefined || at <= to),
  );
  const held = new Map<string, SpotPriceChange>();
  const later: SpotPriceChange[] = [];
  for (const change of asked.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    if (from === undefined || change.at > from) later.push(change);
    else held.set(`${change.instanceType} ${change.az} ${change.product}`, change);
  }
  const all = [...held.values(), ...later].toSorted((a, b) => b.at.getTime() - a.at.getTime());
  const start = startOf(parameters.get('NextToken'));
  const end = start + Math.min(Number(parameters.get('MaxResults') ?? mostResults), mostResults, pageSize);
  return {
    spotPriceHistorySet: all.slice(start, end).map(({ instanceType, az, price, at, product = 'Linux/UNIX' }) => ({
      instanceType,
      productDescription: product,
      spotPrice: price,
      timestamp: at.toISOString(),
      availabilityZone: az,
    })),
    // EC2 marks the end of a list with an empty token.
    nextToken: end < all.length ? Buffer.from(`from ${end}`).toString('base64') : '',
  };
}

function timeIn(parameters: URLSearchParams, name: string): Date | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new AwsError('InvalidParameterValue', `Value ( ${text} ) is not a time`);
  return time;
}

function startOf(token: string | null): number {
  const [, from] = /^from (\d+)$/.exec(Buffer.from(token ?? '', 'base64').toString()) ?? [];
  if (token && from === undefined) throw new AwsError('InvalidNextToken', 'The token is invalid');
  return Number(from ?? 0);
}
