import type { Db } from '../../shared/db.ts';
import type { TenantIdentity } from '../../shared/http.ts';
import { record } from '../event/events.ts';
import { hashOf, identify } from './tokens.ts';

/**
 * Which tenant a token belongs to; a token that lets nobody in is recorded.
 * An agent with a bad token restarts every ten seconds for ever, so there is one event a token and ten minutes.
 */
export async function authenticate(db: Db, now: Date, token: string, sourceIp: string): Promise<TenantIdentity> {
  const identity = await identify(db, token);
  if (identity.role === 'none') {
    const tokenHash = hashOf(token);
    await record(db, now, {
      clientId: null,
      type: 'auth_failed',
      severity: 'warning',
      message: `A call with an unknown or inactive token was refused, from ${sourceIp}`,
      metadata: { tokenHash, sourceIp, denial: identity.denial },
      dedupeKey: `auth_failed:${tokenHash}:${Math.floor(now.getTime() / 600_000)}`,
    });
  }
  return identity;
}
