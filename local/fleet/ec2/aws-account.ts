import type { Ec2Api } from '../../aws/ec2-api/server.ts';
import type { Fleet } from '../run/fleet.ts';
import type { Query } from '../run/query.ts';
import type { Tenant } from '../run/tenant.ts';
import { stateOf } from './ec2.ts';

/** EC2 knows a machine for about so long after its end. */
const forgottenMs = 3600_000;

/**
 * Shows the control plane the fleet's machines in the tenant's AWS account, through the role that the tenant gives it.
 * @returns how often EC2 has been asked so far
 */
export function showMachines(
  api: Ec2Api,
  { awsAccountId, awsRoleArn, awsExternalId }: Tenant,
  fleet: Fleet,
  now: () => Date,
) {
  let looks = 0;
  api.roles.trust(awsRoleArn, awsExternalId);
  api.onCall = ({ action }) => {
    if (action === 'DescribeInstances') looks += 1;
  };
  api.machines = (account) =>
    fleet.ec2.instances
      .filter(() => account === awsAccountId)
      .filter(({ stoppedAt }) => !stoppedAt || now().getTime() - stoppedAt.getTime() < forgottenMs)
      .map((instance) => ({
        ...instance,
        state: stateOf(instance, now()),
        ...(instance.stoppedAt && { endedAt: instance.stoppedAt }),
      }));
  return () => looks;
}

/** What the control plane knows of the machines that had to go. */
export interface Endings {
  readonly seenGone: number;
  /** Those that wait for their end, too. */
  readonly unseen: number;
  /** How often EC2 was asked. */
  readonly looks: number;
}

export async function endingsOf(query: Query, clientId: string, looks: number): Promise<Endings> {
  const [row] = await query(
    `SELECT COALESCE(SUM(termination_confirmed), 0) AS seen, COALESCE(SUM(NOT termination_confirmed), 0) AS unseen
      FROM instances WHERE client_id = :client AND instance_status IN ('zombie', 'terminated')`,
    { client: clientId },
  );
  return { seenGone: Number(row?.seen), unseen: Number(row?.unseen), looks };
}
