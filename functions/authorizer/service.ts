import { record } from '../notification/events.ts';
import type { Db } from '../shared/db.ts';
import type { Identity } from '../shared/http.ts';
import { hashOf, identify, isAdmin } from '../shared/tokens.ts';

/**
 * Who a token belongs to; a token that lets nobody in is recorded.
 * An agent with a bad token restarts every ten seconds for ever, so there is one event a token and ten minutes.
 */
export async function authenticate(db: Db, now: Date, token: string, sourceIp: string): Promise<Identity> {
  if (isAdmin(token)) return { role: 'admin' };
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
