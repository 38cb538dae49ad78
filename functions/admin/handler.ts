import { readAwsAccess, setAwsAccess } from '../core/tenant/aws-access.ts';
import { createClient, readToken, regenerateToken } from '../core/tenant/clients.ts';
import { httpHandler } from '../shared/http.ts';
import { adminRoutes } from './routes.ts';

export const handler = httpHandler<typeof adminRoutes>(adminRoutes, {
  createClient: ({ db, now }, { body }) =>
    createClient(db, {
      name: body.name,
      email: body.email,
      awsAccountId: body.aws_account_id,
      awsRoleArn: body.aws_role_arn,
      now,
    }),
  regenerateToken: ({ db, now }, { params }) => regenerateToken(db, { clientId: params.client_id, now }),
  readAwsAccess: ({ db, now }, { params }) => readAwsAccess(db, { clientId: params.client_id, now }),
  setAwsAccess: ({ db, now }, { params, body }) =>
    setAwsAccess(db, {
      clientId: params.client_id,
      awsAccountId: body.aws_account_id,
      awsRoleArn: body.role_arn,
      now,
    }),
  readToken: ({ db, now, sourceIp }, { params }) => readToken(db, { clientId: params.client_id, now, sourceIp }),
});
