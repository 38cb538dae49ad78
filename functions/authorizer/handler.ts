import type { APIGatewayRequestAuthorizerEventV2, Context } from 'aws-lambda';
import { authenticateAnyone } from '../core/tenant/authenticate.ts';
import { bearer, isAdmin } from '../core/tenant/tokens.ts';
import { sayUsage } from '../shared/data-api/usage.ts';
import { connect } from '../shared/db.ts';
import { bootstrapId, type Identity, operatorScopes } from '../shared/identity.ts';

/**
 * Identifies the owner of a token and never denies a request. If an authorizer denies, an HTTP API responds with a
 * fixed 403 and its own body, but callers expect 401 or 403 with our body. `httpHandler` denies instead
 * (docs/adr/0003). API Gateway caches the result for each token for 60 s, also for bad tokens.
 * @throws DatabaseError if the lookup fails; the gateway responds with 500 and caches nothing
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
