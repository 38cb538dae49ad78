/**
 * The room of tenants ("clients" on the wire and in tables): their tokens, and our access to their AWS accounts.
 * Owns the tables: clients, aws_lookups.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { audit } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { newToken, seal, unseal } from './token-vault.ts';
import { hashOf } from './tokens.ts';

export const clientNotFound = () => new AppError('client_not_found', 'Client not found');

interface NewClient {
  readonly name: string;
  readonly email: string | undefined;
  readonly awsAccountId: string | undefined;
  readonly awsRoleArn: string | undefined;
}

/**
 * Makes a tenant and its token (protocol D1).
 * @throws AppError client_exists when the name or the address is taken, whatever their case
 */
export async function createClient(db: Db, { name, email, awsAccountId, awsRoleArn }: NewClient, now: Date) {
  const id = randomUUID();
  const awsExternalId = randomUUID();
  const token = newToken();
  const address = email ?? `${name.toLowerCase().replace(/\s+/g, '_').slice(0, 200)}@example.com`;
  const client = {
    id,
    name,
    email: address,
    tokenHash: hashOf(token),
    tokenCiphertext: await seal(id, token),
    awsAccountId: awsAccountId ?? null,
    awsRoleArn: awsRoleArn ?? null,
    awsExternalId,
    createdAt: now,
    updatedAt: now,
  };
  try {
    await db.insertInto('clients').values(client).execute();
  } catch (error) {
    if (!(error instanceof DatabaseError && error.kind === 'duplicate_key')) throw error;
    // Our own row, if the insert was repeated after its answer was lost.
    const own = await db.selectFrom('clients').select('id').where('id', '=', id).executeTakeFirst();
    if (!own)
      throw new AppError('client_exists', `Client ${name} <${address}> already exists: name and address are unique`);
  }
  await record(
    db,
    {
      clientId: id,
      type: 'client_created',
      severity: 'info',
      message: `Client ${name} was created`,
      notify: true,
      dedupeKey: `client_created:${id}`,
    },
    now,
  );
  return { id, name, token, awsExternalId };
}

/**
 * Replaces a tenant's token (protocol D3). The old one stops working when the gateway's cache ends, within a minute.
 * @returns the new token
 * @throws AppError client_not_found
 */
export async function regenerateToken(db: Db, { clientId }: { clientId: string }, now: Date): Promise<string> {
  const token = newToken();
  await db
    .updateTable('clients')
    .set({ tokenHash: hashOf(token), tokenCiphertext: await seal(clientId, token), updatedAt: now })
    .where('id', '=', clientId)
    .execute();
  const replaced = await db
    .selectFrom('clients')
    .select('id')
    .where('tokenHash', '=', hashOf(token))
    .executeTakeFirst();
  if (!replaced) throw clientNotFound();
  await record(
    db,
    {
      clientId,
      type: 'token_regenerated',
      severity: 'warning',
      message: 'The access token was replaced: agents and consoles need the new one',
      notify: true,
      dedupeKey: `token_regenerated:${hashOf(token)}`,
    },
    now,
  );
  return token;
}

/**
 * A tenant's token, for the operator (protocol D4). The reading is in the audit log before it is answered.
 * @throws AppError client_not_found
 */
export async function readToken(
  db: Db,
  { clientId, sourceIp }: { clientId: string; sourceIp: string },
  now: Date,
): Promise<{ name: string; token: string }> {
  const client = await db
    .selectFrom('clients')
    .select(['name', 'tokenCiphertext'])
    .where('id', '=', clientId)
    .executeTakeFirst();
  if (!client) throw clientNotFound();
  await audit(db, { clientId, actor: 'admin', action: 'token_read', sourceIp }, now);
  return { name: client.name, token: await unseal(clientId, client.tokenCiphertext) };
}
