import type { Query } from './query.ts';

/** The tenant that the fleet belongs to. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  /** Where its instances run. The control plane ignores events about them from any other account. */
  readonly awsAccountId: string;
  /** The role, and its external id, with which the control plane may ask EC2 about them. */
  readonly awsRoleArn: string;
  readonly awsExternalId: string;
}

/** An example account from AWS's documentation. */
const awsAccountId = '111122223333';
const awsRoleArn = `arn:aws:iam::${awsAccountId}:role/SpotOptimizer`;

/** Room for a fleet of any size. */
const mostOfPlan = 1_000_000;

/**
 * Creates a tenant as an operator would.
 * @param target of its agents; without it they get the control plane's default
 * @throws Error when the control plane does not answer 2xx
 */
export async function createTenant(
  url: string,
  adminToken: string,
  name: string,
  target?: number | 'none',
): Promise<Tenant> {
  const answer = await fetch(new URL('/api/admin/clients/create', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({
      name,
      aws_account_id: awsAccountId,
      aws_role_arn: awsRoleArn,
      default_availability_target: target,
      max_agents: mostOfPlan,
      max_instances: mostOfPlan,
    }),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`cannot create a tenant: ${answer.status} ${body}`);
  const { client } = JSON.parse(body) as { client: { id: string; token: string; aws_external_id: string } };
  return { id: client.id, name, token: client.token, awsAccountId, awsRoleArn, awsExternalId: client.aws_external_id };
}

export interface TenantSettings {
  readonly terminateWaitSeconds?: number | undefined;
  readonly minSavingsPercent?: number | undefined;
}

/**
 * Changes the settings of a tenant and of the agents that it has so far. It writes to the database directly: no agent
 * has to exist yet, and thousands of agents take one statement per setting.
 */
export async function applySettings(query: Query, client: string, settings: TenantSettings): Promise<void> {
  const { terminateWaitSeconds: wait, minSavingsPercent: percent } = settings;
  if (wait !== undefined) {
    await query('UPDATE clients SET default_terminate_wait_seconds = :wait WHERE id = :client', { client, wait });
    await query('UPDATE agents SET terminate_wait_seconds = :wait WHERE client_id = :client', { client, wait });
  }
  if (percent !== undefined)
    await query('UPDATE agents SET min_savings_percent = :percent WHERE client_id = :client', { client, percent });
}
