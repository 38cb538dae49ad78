import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Db, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { TenantScope } from '../../shared/identity.ts';
import { iso } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { clientNotFound } from './clients.ts';
import { newToken } from './token-vault.ts';
import { hashOf } from './tokens.ts';

/** The most tokens of a tenant, or of all operators: nobody needs as many, and they are listed whole. */
export const maxTokens = 50;

export const tooManyTokens = () =>
  new AppError('too_many_tokens', `There are already ${maxTokens} tokens: revoke one that is no longer needed`);

interface NewToken {
  readonly clientId: string;
  readonly name: string;
  readonly scope: TenantScope;
  /** `undefined` if it never expires. */
  readonly expiresAt: Date | undefined;
}

/**
 * Creates a further token for a tenant (protocol T1): one transaction. The token is shown now and never again.
 * @throws AppError client_not_found, token_exists, too_many_tokens, already_expired
 */
export async function createToken(db: Db, { clientId, name, scope, expiresAt }: NewToken, by: By, now: Date) {
  if (expiresAt && expiresAt <= now)
    throw new AppError('already_expired', 'The token would already be expired when created', {
      details: { expires_at: [`must be later than now, ${now.toISOString()}`] },
    });
  const id = randomUUID();
  const token = newToken('token');
  await transact(db, async (tx) => {
    const live = await tx
      .selectFrom('clients as c')
      .leftJoin('clientTokens as t', (join) => join.onRef('t.clientId', '=', 'c.id').on('t.revokedAt', 'is', null))
      .select(['t.id', sql<number | null>`t.name = ${name}`.as('isNamesake')])
      .where('c.id', '=', clientId)
      .where('c.deletedAt', 'is', null)
      .limit(maxTokens + 1)
      .execute();
    if (live.length === 0) throw clientNotFound();
    if (live.some((other) => other.id === id)) return; // already done: the response of its commit was lost
    if (live.some((other) => other.isNamesake))
      throw new AppError('token_exists', `There is already a token ${name}: revoke it, or choose another name`);
    if (live.length >= maxTokens) throw tooManyTokens();
    const made = { createdAt: now, createdBy: by.actor };
    await tx
      .insertInto('clientTokens')
      .values({ id, clientId, name, scope, tokenHash: hashOf(token), expiresAt: expiresAt ?? null, ...made })
      .execute();
    await record(
      tx,
      {
        clientId,
        type: 'token_created',
        severity: 'info',
        message: `Access token ${name} was created, with scope ${scope}`,
        notify: true,
        dedupeKey: `token_created:${id}`,
      },
      now,
    );
    const after = { name, scope, expiresAt: iso(expiresAt) };
    await audit(tx, by, { clientId, action: 'token_created', targetId: id, after }, now);
  });
  return { id, token };
}

/**
 * Revokes a token of a tenant (protocol T3), even `main`. It works until the gateway's cache expires, within a minute.
 * @throws AppError token_not_found; a token that is already revoked is no error
 */
export async function revokeToken(
  db: Db,
  { clientId, tokenId }: { clientId: string; tokenId: string },
  by: By,
  now: Date,
): Promise<void> {
  await transact(db, async (tx) => {
    const token = await tx
      .selectFrom('clientTokens')
      .select(['name', 'scope', 'revokedAt'])
      .where('id', '=', tokenId)
      .where('clientId', '=', clientId)
      .forUpdate()
      .executeTakeFirst();
    if (!token) throw new AppError('token_not_found', 'Token not found');
    if (token.revokedAt !== null) return;
    await tx.updateTable('clientTokens').set({ revokedAt: now }).where('id', '=', tokenId).execute();
    await record(
      tx,
      {
        clientId,
        type: 'token_revoked',
        severity: 'warning',
        message: `Access token ${token.name} was revoked: requests that use it are refused from now on`,
        notify: true,
        dedupeKey: `token_revoked:${tokenId}`,
      },
      now,
    );
    const change = {
      before: { name: token.name, scope: token.scope, revokedAt: null },
      after: { revokedAt: iso(now) },
    };
    await audit(tx, by, { clientId, action: 'token_revoked', targetId: tokenId, ...change }, now);
  });
}
