import { randomUUID } from 'node:crypto';
import { type Db, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { insertMainToken, newMainToken } from './main-token.ts';
import type { Plan } from './plan.ts';

interface NewClient {
  readonly name: string;
  readonly email: string | undefined;
  readonly awsAccountId: string | undefined;
  readonly awsRoleArn: string | undefined;
  /** What its new agents get, as a share of the time; `null` for none, `undefined` for .999. */
  readonly defaultAvailabilityTarget?: string | null | undefined;
  /** Fields that are left out get the defaults of a new plan. */
  readonly plan?: { readonly [K in keyof Plan]?: Plan[K] | undefined };
}

/**
 * Creates a tenant and its token `main` (protocol D1): one transaction.
 * @throws AppError client_exists when the name or the email address is taken, regardless of case
 */
export async function createClient(
  db: Db,
  { name, email, awsAccountId, awsRoleArn, defaultAvailabilityTarget, plan }: NewClient,
  by: By,
  now: Date,
) {
  const id = randomUUID();
  const awsExternalId = randomUUID();
  const address = email ?? `${name.toLowerCase().replace(/\s+/g, '_').slice(0, 200)}@example.com`;
  const main = await newMainToken(id);
  const shown = {
    name,
    email: address,
    awsAccountId: awsAccountId ?? null,
    awsRoleArn: awsRoleArn ?? null,
    defaultAvailabilityTarget,
    ...plan,
  };
  await transact(db, async (tx) => {
    const taken = await tx
      .selectFrom('clients')
      .select('id')
      .where((eb) => eb.or([eb('name', '=', name), eb('email', '=', address)]))
      .execute();
    if (taken.some((client) => client.id === id)) return; // our own: the response of its commit was lost
    if (taken.length > 0)
      throw new AppError('client_exists', `Client ${name} <${address}> already exists: name and address are unique`);
    await tx
      .insertInto('clients')
      .values({ id, ...shown, awsExternalId, createdAt: now, updatedAt: now })
      .execute();
    await insertMainToken(tx, { clientId: id, main }, by, now);
    await record(
      tx,
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
    await audit(tx, by, { clientId: id, action: 'client_created', after: shown }, now);
  });
  return { id, name, token: main.token, awsExternalId };
}
