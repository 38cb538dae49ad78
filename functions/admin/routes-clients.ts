import * as z from 'zod';
import { accountOf } from '../core/tenant/role-arn.ts';
import { AvailabilityTarget } from '../core/wire.ts';
import { optional, visibleText } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

export const ofClient = z.object({ client_id: z.string() });

const AwsAccountId = z.string().regex(/^\d{12}$/, 'must be 12 digits');

/** Our IAM policy allows us to assume only roles whose name begins with SpotOptimizer (lib/jobs.ts). */
const AwsRoleArn = z
  .string()
  .max(640)
  .regex(
    /^arn:aws[\w-]*:iam::\d{12}:role\/([\w+=,.@/-]+\/)?SpotOptimizer[\w+=,.@-]*$/,
    'must be the ARN of an IAM role whose name begins with SpotOptimizer, as in arn:aws:iam::123456789012:role/SpotOptimizer',
  );

const inSameAccount = (account: string | undefined, roleArn: string | null | undefined) =>
  roleArn == null || accountOf(roleArn) === account;
const otherAccount = 'must be a role in the account that aws_account_id names';

/** Every plan has a limit: a tenant's runaway script would otherwise fill the database. */
export const mostOfPlan = z.int().min(0).max(1_000_000);

const time = z.iso.datetime().nullable();

/** How we access a tenant's AWS account, which lookups fail, and which instances we look for there. */
const AwsAccess = z.object({
  client_id: z.string(),
  aws_account_id: z.string().nullable(),
  role_arn: z.string().nullable(),
  // For the sts:ExternalId condition of the role's trust policy.
  external_id: z.string().nullable(),
  checked_at: time.meta({ description: 'When EC2 last responded, in any region' }),
  errors: z
    .array(z.object({ region: z.string().nullable(), error: z.string(), failing_since: time, next_try_at: time }))
    .meta({ description: 'What is failing now and how to fix it; region is null if the role cannot be assumed' }),
  machines: z
    .array(
      z.object({
        id: z.string(),
        agent_id: z.string(),
        logical_agent_id: z.string(),
        region: z.string().nullable(),
        instance_type: z.string().nullable(),
        due_at: z.iso.datetime(),
        ec2_state: z.string().nullable(),
        checked_at: time,
        next_check_at: time,
        attempts: z.int(),
      }),
    )
    .meta({ description: 'Overdue instances whose termination is not confirmed, longest overdue first, at most 100' }),
  machines_total: z.int(),
});

/** Routes for tenants, their token `main`, and our access to their AWS accounts (protocol 4). */
export const clientAdminRoutes = {
  createClient: {
    id: 'D1',
    method: 'POST',
    path: '/api/admin/clients/create',
    access: 'admin',
    scope: 'admin',
    summary: 'Creates a tenant and its main token',
    body: z
      .object({
        name: visibleText(255),
        email: optional(z.email().max(255)),
        // Without it, EC2's events about the tenant's instances are ignored.
        aws_account_id: optional(AwsAccountId),
        // Lets us verify terminations with EC2. Its trust policy needs the aws_external_id of the response.
        aws_role_arn: optional(AwsRoleArn),
        default_availability_target: optional(AvailabilityTarget),
        max_agents: optional(mostOfPlan),
        max_instances: optional(mostOfPlan),
      })
      .refine(({ aws_account_id, aws_role_arn }) => inSameAccount(aws_account_id, aws_role_arn), {
        path: ['aws_role_arn'],
        error: otherAccount,
      }),
    status: 201,
    response: z.object({
      success: z.literal(true),
      client: z.object({
        id: z.string(),
        name: z.string(),
        token: z.string(),
        status: z.string(),
        aws_external_id: z.string(),
      }),
    }),
    errors: ['client_exists'],
  },
  deleteClient: {
    id: 'D2',
    method: 'DELETE',
    path: '/api/admin/clients/{client_id}',
    access: 'admin',
    scope: 'admin',
    summary: 'Deletes a tenant and its data, but for the audit log; its instances keep running',
    params: ofClient,
    response: z.object({ success: z.literal(true), message: z.string() }),
    errors: ['client_not_found'],
  },
  regenerateToken: {
    id: 'D3',
    method: 'POST',
    path: '/api/admin/clients/{client_id}/regenerate-token',
    access: 'admin',
    scope: 'admin',
    summary: "Replaces a tenant's main token; the old one stops working at once, or after the given number of hours",
    params: ofClient,
    body: z.object({
      overlap_hours: optional(z.int().min(0).max(168)).meta({
        description: 'For how many more hours the old token works',
      }),
    }),
    response: z.object({ success: z.literal(true), token: z.string(), message: z.string() }),
    errors: ['client_not_found'],
  },
  readToken: {
    id: 'D4',
    method: 'GET',
    path: '/api/admin/clients/{client_id}/token',
    access: 'admin',
    scope: 'admin',
    summary: "Shows a tenant's main token; every access is recorded",
    params: ofClient,
    response: z.object({ token: z.string(), client_name: z.string() }),
    errors: ['client_not_found', 'token_not_found'],
  },
  readAwsAccess: {
    id: 'E1',
    method: 'GET',
    path: '/api/admin/clients/{client_id}/aws-access',
    access: 'admin',
    scope: 'viewer',
    summary:
      "How we access a tenant's AWS account, which lookups fail, and which instances are overdue for termination",
    params: ofClient,
    response: AwsAccess,
    errors: ['client_not_found'],
  },
  setAwsAccess: {
    id: 'E2',
    method: 'PUT',
    path: '/api/admin/clients/{client_id}/aws-access',
    access: 'admin',
    scope: 'admin',
    summary: "Sets a tenant's AWS account and the role that gives us access to it; null removes the access",
    params: ofClient,
    body: z
      .object({ aws_account_id: AwsAccountId, role_arn: AwsRoleArn.nullable() })
      .refine(({ aws_account_id, role_arn }) => inSameAccount(aws_account_id, role_arn), {
        path: ['role_arn'],
        error: otherAccount,
      }),
    response: z.object({
      success: z.literal(true),
      aws_account_id: z.string(),
      role_arn: z.string().nullable(),
      external_id: z.string(),
    }),
    errors: ['client_not_found'],
  },
} satisfies Routes;
