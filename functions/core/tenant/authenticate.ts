import type { Db } from '../../shared/db.ts';
import type { TenantIdentity } from '../../shared/identity.ts';
import { minuteMs } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { hashOf, identify } from './tokens.ts';

/** An agent with a bad token restarts every ten seconds, for ever: one event per token and this long is enough. */
const periodMs = 10 * minuteMs;

/** Which tenant a token belongs to. A token that lets nobody in is recorded. */
export async function authenticate(
  db: Db,
  { token, sourceIp }: { token: string; sourceIp: string },
  now: Date,
): Promise<TenantIdentity> {
  const identity = await identify(db, token);
  if (identity.role === 'none') {
    const tokenHash = hashOf(token);
    await record(
      db,
      {
        clientId: null,
        type: 'auth_failed',
        severity: 'warning',
        message: `Refused a call from ${sourceIp}: its token is unknown or inactive`,
        metadata: { tokenHash, sourceIp, denial: identity.denial },
        dedupeKey: `auth_failed:${tokenHash}:${Math.floor(now.getTime() / periodMs)}`,
      },
      now,
    );
  }
  return identity;
}
