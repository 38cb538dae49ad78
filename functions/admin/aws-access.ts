import { readAwsAccess } from '../core/tenant/aws-access.ts';
import { roleItself } from '../core/tenant/aws-lookups.ts';
import { unconfirmedInstances } from '../core/termination/unconfirmed.ts';
import type { Db } from '../shared/db.ts';
import { iso } from '../shared/time.ts';

/** How many instances a response lists at most; it also carries the total. */
const listed = 100;

/**
 * How we access a tenant's AWS account, which lookups fail, and which instances should be gone but are not confirmed to
 * be. Two statements.
 */
export async function showAwsAccess(db: Db, { clientId }: { clientId: string }, now: Date) {
  const { access, lookups } = await readAwsAccess(db, { clientId });
  const { instances, total } = await unconfirmedInstances(db, { clientId, limit: listed }, now);
  const answers = lookups.flatMap(({ checkedAt }) => (checkedAt ? [checkedAt.getTime()] : []));
  return {
    client_id: clientId,
    aws_account_id: access.awsAccountId,
    role_arn: access.awsRoleArn,
    external_id: access.awsExternalId,
    checked_at: answers.length > 0 ? new Date(Math.max(...answers)).toISOString() : null,
    errors: lookups.flatMap(({ region, error, failingSince, nextAt }) =>
      error === null
        ? []
        : [
            {
              region: region === roleItself ? null : region,
              error,
              failing_since: iso(failingSince),
              next_try_at: iso(nextAt),
            },
          ],
    ),
    machines: instances.map((instance) => ({
      id: instance.id,
      agent_id: instance.agentId,
      logical_agent_id: instance.logicalAgentId,
      region: instance.region,
      instance_type: instance.instanceType,
      due_at: instance.dueAt.toISOString(),
      ec2_state: instance.ec2State,
      checked_at: iso(instance.ec2CheckedAt),
      next_check_at: iso(instance.ec2NextCheckAt),
      attempts: instance.terminationAttempts,
    })),
    machines_total: total,
  };
}
