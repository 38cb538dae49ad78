import { createHash } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { adminEnv } from '../../shared/env.ts';
import type { TenantIdentity } from '../../shared/identity.ts';

/** The credential of an Authorization header: `Bearer <token>`, or the bare token (protocol 1.2). */
export function bearer(header: string | undefined): string | undefined {
  const token = header?.trim().replace(/^bearer(\s+|$)/i, '');
  return token || undefined;
}

/** SHA-256, hex. A token has 190 random bits, so it needs neither salt nor a slow hash. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Whose token this is. The hash is looked up, and no secret compared, so timing tells nothing. */
export async function identify(db: Db, token: string): Promise<TenantIdentity> {
  const client = await db
    .selectFrom('clients')
    .select(['id', 'isActive'])
    .where('tokenHash', '=', hashOf(token))
    .executeTakeFirst();
  if (!client) return { role: 'none', denial: 'invalid_token' };
  if (!client.isActive) return { role: 'none', denial: 'client_inactive' };
  return { role: 'client', clientId: client.id };
}

/** Whether this is the admin credential. Hashes are compared, so timing tells nothing of it. */
export const isAdmin = (token: string) => adminEnv().ADMIN_TOKEN_SHA256.includes(hashOf(token));
