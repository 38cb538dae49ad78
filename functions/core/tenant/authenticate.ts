import type { Db } from '../../shared/db.ts';
import type { Identity, NobodyIdentity, TenantIdentity } from '../../shared/identity.ts';
import { logger } from '../../shared/logger.ts';
import { minuteMs } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { identify, noteUse } from './identify.ts';
import { hashOf } from './tokens.ts';

/** One event per token is enough in this time: an agent with a bad token restarts every ten seconds, for ever. */
const periodMs = 10 * minuteMs;

/** Whoever tries random tokens has a new one each time: this many events per period are enough, whatever the tokens. */
const slots = 16;

interface Credential {
  readonly token: string;
  readonly sourceIp: string;
}

/**
 * The tenant of a token; an operator's token counts as invalid. A refused token is recorded as an event, or counted in
 * one.
 */
export async function authenticate(
  db: Db,
  credential: Credential,
  now: Date,
): Promise<TenantIdentity | NobodyIdentity> {
  const { identity } = await identify(db, { token: credential.token, isForLimits: false }, now);
  if (identity.role === 'client') return identity;
  const nobody = identity.role === 'none' ? identity : ({ role: 'none', denial: 'invalid_token' } as const);
  await recordRefusal(db, { ...credential, denial: nobody.denial }, now);
  return nobody;
}

/** Whose token this is, a tenant's or an operator's. A refused token is recorded as an event, or counted in one. */
export async function authenticateAnyone(db: Db, credential: Credential, now: Date): Promise<Identity> {
  const found = await identify(db, { token: credential.token, isForLimits: true }, now);
  const { identity } = found;
  if (identity.role === 'none') await recordRefusal(db, { ...credential, denial: identity.denial }, now);
  else await noteUse(db, found, now).catch((error) => logger.warn('the use of a token was not noted', { error }));
  return identity;
}

type Refusal = Credential & Pick<NobodyIdentity, 'denial'>;

async function recordRefusal(db: Db, { token, sourceIp, denial }: Refusal, now: Date): Promise<void> {
  const tokenHash = hashOf(token);
  const slot = Number.parseInt(tokenHash.slice(0, 8), 16) % slots;
  await record(
    db,
    {
      clientId: null,
      type: 'auth_failed',
      severity: 'warning',
      message: `Refused a call from ${sourceIp}: its token is unknown, expired, revoked or belongs to an inactive client`,
      metadata: { tokenHash, sourceIp, denial },
      dedupeKey: `auth_failed:${slot}:${Math.floor(now.getTime() / periodMs)}`,
      isCounted: true,
    },
    now,
  );
}
