import { createHash } from 'node:crypto';
import { adminEnv } from '../../shared/env.ts';

/** The credential of an Authorization header: `Bearer <token>`, or the bare token (protocol 1.2). */
export function bearer(header: string | undefined): string | undefined {
  const token = header?.trim().replace(/^bearer(\s+|$)/i, '');
  return token || undefined;
}

/** SHA-256, hex. A token has 190 random bits, so it needs neither salt nor a slow hash. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Whether this is the bootstrap credential. Hashes are compared, so timing reveals nothing about it. */
export const isAdmin = (token: string) => adminEnv().ADMIN_TOKEN_SHA256.includes(hashOf(token));
