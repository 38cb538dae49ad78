import { authenticate } from '../core/tenant/authenticate.ts';
import { bearer } from '../core/tenant/tokens.ts';
import type { Db } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { denied, requireScope } from '../shared/identity.ts';

interface Credentials {
  readonly authorization: string | undefined;
  readonly sourceIp: string;
}

/**
 * Tells the agents' install script which tenant a token belongs to (protocol C1). The route is open at the gateway,
 * because the gateway's own 401 would lack the field `valid`.
 * @throws AppError missing_token, invalid_token, client_inactive, forbidden
 */
export async function validateToken(db: Db, { authorization, sourceIp }: Credentials, now: Date) {
  const token = bearer(authorization);
  if (!token) throw invalid(denied('missing_token'));
  const identity = await authenticate(db, { token, sourceIp }, now);
  if (identity.role === 'none') throw invalid(denied(identity.denial));
  requireScope(identity.scopes, ['agent', 'read']);
  const client = await db
    .selectFrom('clients')
    .select(['id', 'name', 'email'])
    .where('id', '=', identity.clientId)
    .executeTakeFirst();
  if (!client) throw invalid(denied('invalid_token')); // deleted since it was looked up
  return { valid: true as const, client_id: client.id, name: client.name, email: client.email };
}

const invalid = ({ code, message }: AppError) => new AppError(code, message, { valid: false });
