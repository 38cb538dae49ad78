import { randomUUID } from 'node:crypto';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { hourMs, msAfter } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { clientNotFound } from './clients.ts';
import { newToken, seal, unseal } from './token-vault.ts';
import { hashOf } from './tokens.ts';

/**
 * The name of the token that is created with a tenant. It has every scope, so that agents and consoles of any age work
 * with it. It alone is stored, encrypted, because an admin may be shown it again.
 */
export const mainToken = 'main';

interface NewMain {
  readonly id: string;
  readonly token: string;
  readonly ciphertext: string;
}

/** @throws AppError unavailable when KMS does not respond */
export async function newMainToken(clientId: string): Promise<NewMain> {
  const token = newToken('token');
  return { id: randomUUID(), token, ciphertext: await seal({ clientId }, token) };
}

export async function insertMainToken(
  tx: Tx,
  { clientId, main }: { clientId: string; main: NewMain },
  by: By,
  now: Date,
): Promise<void> {
  const { id, token, ciphertext: tokenCiphertext } = main;
  const made = { createdAt: now, createdBy: by.actor };
  await tx
    .insertInto('clientTokens')
    .values({ id, clientId, name: mainToken, scope: 'all', tokenHash: hashOf(token), tokenCiphertext, ...made })
    .execute();
}

/** A tenant and its token `main`; the token's columns are null if it was revoked. */
const mainOf = (db: Db, clientId: string) =>
  db
    .selectFrom('clients as c')
    .leftJoin('clientTokens as t', (join) => join.onRef('t.clientId', '=', 'c.id').on('t.liveName', '=', mainToken))
    .select(['c.name', 't.id', 't.tokenCiphertext'])
    .where('c.id', '=', clientId)
    .where('c.deletedAt', 'is', null)
    .executeTakeFirst();

interface Replacement {
  readonly clientId: string;
  /** How long the old token works beside the new one; with 0, until the gateway's cache expires, within a minute. */
  readonly overlapHours: number;
}

/**
 * Replaces a tenant's token `main` (protocol D3): one transaction. The old one is listed as revoked, or as expiring.
 * @returns the new token
 * @throws AppError client_not_found
 */
export async function regenerateToken(db: Db, { clientId, overlapHours }: Replacement, by: By, now: Date) {
  const main = await newMainToken(clientId);
  await transact(db, async (tx) => {
    const old = await mainOf(tx, clientId);
    if (!old) throw clientNotFound();
    if (old.id === main.id) return; // already done: the response of its commit was lost
    const until = msAfter(now, overlapHours * hourMs);
    if (old.id !== null)
      await tx
        .updateTable('clientTokens')
        .set(overlapHours > 0 ? { name: `main, replaced ${old.id.slice(0, 8)}`, expiresAt: until } : { revokedAt: now })
        .where('id', '=', old.id)
        .execute();
    await insertMainToken(tx, { clientId, main }, by, now);
    const ends = overlapHours > 0 ? `The old one works until ${until.toISOString()}` : 'The old one no longer works';
    await record(
      tx,
      {
        clientId,
        type: 'token_regenerated',
        severity: 'warning',
        message: `The access token was replaced: agents and consoles need the new one. ${ends}`,
        notify: true,
        dedupeKey: `token_regenerated:${main.id}`,
      },
      now,
    );
    const change = { before: { tokenId: old.id }, after: { tokenId: main.id, overlapHours } };
    await audit(tx, by, { clientId, action: 'token_regenerated', targetId: main.id, ...change }, now);
  });
  return main.token;
}

/**
 * A tenant's token `main`, for an admin (protocol D4). The audit log records the read before the token is returned.
 * @throws AppError client_not_found, token_not_found
 */
export async function readToken(db: Db, { clientId }: { clientId: string }, by: By, now: Date) {
  const client = await mainOf(db, clientId);
  if (!client) throw clientNotFound();
  if (client.id === null || client.tokenCiphertext === null)
    throw new AppError('token_not_found', 'Token main was revoked: regenerate-token creates a new one');
  await audit(db, by, { clientId, action: 'token_read', targetId: client.id }, now);
  return { name: client.name, token: await unseal({ clientId }, client.tokenCiphertext) };
}
