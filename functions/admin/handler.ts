import { httpHandler } from '../shared/http.ts';
import { createClient, readToken, regenerateToken } from './clients.ts';
import { adminRoutes } from './routes.ts';

export const handler = httpHandler<typeof adminRoutes>(adminRoutes, {
  createClient: ({ db, now }, { body }) =>
    createClient(db, { name: body.name, email: body.email, awsAccountId: body.aws_account_id, now }),
  regenerateToken: ({ db, now }, { params }) => regenerateToken(db, { clientId: params.client_id, now }),
  readToken: ({ db, now, sourceIp }, { params }) => readToken(db, { clientId: params.client_id, now, sourceIp }),
});
