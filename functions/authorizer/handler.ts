import type { APIGatewayRequestAuthorizerEventV2, Context } from 'aws-lambda';
import { authenticateAnyone } from '../core/tenant/authenticate.ts';
import { bearer, isAdmin } from '../core/tenant/tokens.ts';
import { sayUsage } from '../shared/data-api/usage.ts';
import { connect } from '../shared/db.ts';
import { bootstrapId, type Identity, operatorScopes } from '../shared/identity.ts';

/**
 * Says who a token belongs to, and never refuses: an HTTP API answers every refusal with one 403 and a body of its own, where
 * callers expect 401 or 403 and a body of ours. So `httpHandler` refuses what is not expressly let in (docs/adr/0003).
 * API Gateway keeps the answer for 60 s by token, for bad tokens too.
 * @throws DatabaseError when the look-up failed; the gateway answers 500 and keeps nothing
 */
export async function handler(event: APIGatewayRequestAuthorizerEventV2, context: Context) {
  return { isAuthorized: true, context: await identityOf(event, context) };
}

async function identityOf(event: APIGatewayRequestAuthorizerEventV2, context: Context): Promise<Identity> {
  const token = bearer(event.identitySource?.[0]);
  if (!token) return { role: 'none', denial: 'invalid_token' };
  if (isAdmin(token)) return { role: 'operator', scopes: operatorScopes, tokenId: bootstrapId, actor: 'admin' };
  const { db } = connect(() => context.getRemainingTimeInMillis(), { isPoll: true });
  const { timeEpoch, http } = event.requestContext;
  const now = new Date(timeEpoch);
  try {
    return await authenticateAnyone(db, { token, sourceIp: http.sourceIp }, now);
  } finally {
    sayUsage(now);
  }
}
