import { EC2Client, paginateDescribeInstanceTypeOfferings } from '@aws-sdk/client-ec2';
import type { Offering } from '../core/pool/offerings.ts';
import { chunks } from '../shared/chunks.ts';
import { patience, reachAws } from './aws.ts';

interface Wanted {
  readonly region: string;
  readonly instanceTypes: readonly string[];
}

/** The most values that a filter may have. */
const typesAtOnce = 200;

/**
 * The zones of a region in which EC2 offers these types, read with our own credentials. Types that EC2 does not know
 * are left out.
 * @throws AwsFailure
 */
export function readOfferings({ region, instanceTypes }: Wanted): Promise<Offering[]> {
  const ec2 = new EC2Client({ ...patience, region });
  return reachAws(async () => {
    const found: Offering[] = [];
    try {
      for (const types of chunks(instanceTypes, typesAtOnce)) {
        const query = {
          LocationType: 'availability-zone' as const,
          Filters: [{ Name: 'instance-type', Values: types }],
          MaxResults: 1000,
        };
        for await (const page of paginateDescribeInstanceTypeOfferings({ client: ec2 }, query))
          for (const { InstanceType, Location } of page.InstanceTypeOfferings ?? [])
            if (InstanceType && Location) found.push({ instanceType: InstanceType, az: Location });
      }
    } finally {
      ec2.destroy();
    }
    return found;
  });
}
