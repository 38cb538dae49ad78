import { EC2Client, paginateDescribeSpotPriceHistory, type SpotPrice } from '@aws-sdk/client-ec2';
import type { MarketPrice } from '../core/pool/market-prices.ts';
import { chunks } from '../shared/chunks.ts';
import { patience, reachAws } from './aws.ts';

interface Wanted {
  readonly region: string;
  readonly instanceTypes: readonly string[];
  readonly from: Date;
  readonly to: Date;
}

/** Instance types per request; EC2 decides how large its pages are. */
const typesAtOnce = 50;

/**
 * EC2's Spot prices of Linux instances: the changes since `from`, and the price of each pool in force then. Our own
 * credentials are enough, because prices are the same for every account. A row that cannot be read is left out.
 * @throws AwsFailure
 */
export function readSpotPrices({ region, instanceTypes, from, to }: Wanted): Promise<MarketPrice[]> {
  const ec2 = new EC2Client({ ...patience, region });
  return reachAws(async () => {
    const found: MarketPrice[] = [];
    try {
      for (const types of chunks(instanceTypes, typesAtOnce)) {
        const query = {
          // An agent may report a type that the SDK does not know yet.
          InstanceTypes: types as never[],
          ProductDescriptions: ['Linux/UNIX'],
          StartTime: from,
          EndTime: to,
          MaxResults: 1000,
        };
        for await (const page of paginateDescribeSpotPriceHistory({ client: ec2 }, query))
          found.push(...(page.SpotPriceHistory ?? []).flatMap((row) => toPrice(row) ?? []));
      }
    } finally {
      ec2.destroy();
    }
    return found;
  });
}

function toPrice({ InstanceType, AvailabilityZone, SpotPrice, Timestamp }: SpotPrice): MarketPrice | undefined {
  const price = Number(SpotPrice);
  if (!InstanceType || !AvailabilityZone || !Timestamp || !Number.isFinite(price)) return undefined;
  return { instanceType: InstanceType, az: AvailabilityZone, price, at: Timestamp };
}
