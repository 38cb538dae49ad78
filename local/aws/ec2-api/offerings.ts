import { type Fields, pageOf } from './describe-instances.ts';
import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

/** An instance type that EC2 offers in a zone. */
export interface Ec2Offering {
  readonly instanceType: string;
  readonly az: string;
}

const fields: Fields<Ec2Offering> = { 'instance-type': ({ instanceType }) => instanceType, location: ({ az }) => az };

/** A page of DescribeInstanceTypeOfferings, by availability zone only. EC2 also supports region and zone id. */
export function describeInstanceTypeOfferings(
  offerings: readonly Ec2Offering[],
  parameters: URLSearchParams,
  pageSize: number,
): Xml {
  const locationType = parameters.get('LocationType');
  if (locationType !== 'availability-zone')
    throw new AwsError('InvalidParameterValue', `The location type ${locationType} is not served here`);
  const { page, nextToken } = pageOf(offerings, fields, parameters, pageSize);
  return {
    instanceTypeOfferingSet: page.map(({ instanceType, az }) => ({ instanceType, location: az, locationType })),
    nextToken,
  };
}
