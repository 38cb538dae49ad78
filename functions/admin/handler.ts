import { setAwsAccess } from '../core/tenant/aws-access.ts';
import { createClient, readToken, regenerateToken } from '../core/tenant/clients.ts';
import { httpHandler } from '../shared/http.ts';
import { showAwsAccess } from './aws-access.ts';
import { adminRoutes } from './routes.ts';

export const handler = httpHandler<typeof adminRoutes>(adminRoutes, {
  createClient: async ({ db, now }, { body }) => {
    const { name, email, aws_account_id: awsAccountId, aws_role_arn: awsRoleArn } = body;
    const { awsExternalId, ...client } = await createClient(db, { name, email, awsAccountId, awsRoleArn }, now);
    return { success: true, client: { ...client, status: 'active', aws_external_id: awsExternalId } };
  },
  regenerateToken: async ({ db, now }, { params }) => {
    const token = await regenerateToken(db, { clientId: params.client_id }, now);
    return { success: true, token, message: 'The old token stops working within a minute' };
  },
  readToken: async ({ db, now, sourceIp }, { params }) => {
    const { name, token } = await readToken(db, { clientId: params.client_id, sourceIp }, now);
    return { token, client_name: name };
  },
  readAwsAccess: ({ db, now }, { params }) => showAwsAccess(db, { clientId: params.client_id }, now),
  setAwsAccess: async ({ db, now }, { params, body }) => {
    const { aws_account_id, role_arn } = body;
    const access = { clientId: params.client_id, awsAccountId: aws_account_id, awsRoleArn: role_arn };
    return { success: true, aws_account_id, role_arn, external_id: await setAwsAccess(db, access, now) };
  },
});
