import type { Ec2Api } from '../../aws/ec2-api/server.ts';
import type { Market } from '../../market/market.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Query } from '../run/query.ts';
import type { Tenant } from '../run/tenant.ts';
import { stateOf } from './instance.ts';

/** EC2 describes a terminated instance for about this long. */
const describedAfterEndMs = 3600_000;

/**
 * Lets the control plane see the fleet's instances in the tenant's AWS account, through the tenant's role.
 * @returns a function that counts the DescribeInstances calls so far
 */
export function exposeInstances(
  api: Ec2Api,
  { awsAccountId, awsRoleArn, awsExternalId }: Tenant,
  fleet: Fleet,
  now: () => Date,
): () => number {
  let describeCalls = 0;
  api.roles.trust(awsRoleArn, awsExternalId);
  api.onCall = ({ action }) => {
    if (action === 'DescribeInstances') describeCalls += 1;
  };
  api.instances = (account) =>
    fleet.ec2.instances
      .filter(() => account === awsAccountId)
      .filter(({ stoppedAt }) => !stoppedAt || now().getTime() - stoppedAt.getTime() < describedAfterEndMs)
      .map((instance) => ({
        ...instance,
        state: stateOf(instance, now()),
        ...(instance.stoppedAt && { endedAt: instance.stoppedAt }),
      }));
  return () => describeCalls;
}

/** Lets the control plane collect the market's prices itself: agents need not report what EC2 reports. */
export function exposePrices(api: Ec2Api, { instanceType, region, pools }: Market, now: () => Date): void {
  api.spotPrices = (asked) =>
    pools
      .filter(() => asked === region)
      .flatMap(({ az, steps }) =>
        steps
          .filter(({ from, price }) => price !== null && from <= now().getTime())
          .map(({ from, price }) => ({ instanceType, az, price: price!.toFixed(6), at: new Date(from) })),
      );
}

/** What the control plane knows about the instances that had to be terminated. */
export interface Terminations {
  readonly confirmed: number;
  /** Includes the instances that are not due yet. */
  readonly unconfirmed: number;
  /** DescribeInstances calls of the control plane. */
  readonly describeCalls: number;
}

export async function terminationsOf(query: Query, clientId: string, describeCalls: number): Promise<Terminations> {
  const [row] = await query(
    `SELECT COALESCE(SUM(termination_confirmed), 0) AS confirmed, COALESCE(SUM(NOT termination_confirmed), 0) AS unconfirmed
      FROM instances WHERE client_id = :client AND instance_status IN ('zombie', 'terminated')`,
    { client: clientId },
  );
  return { confirmed: Number(row?.confirmed), unconfirmed: Number(row?.unconfirmed), describeCalls };
}
