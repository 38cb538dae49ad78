/**
 * The room of tenants ("clients" on the wire and in tables), with their tokens and our access to their AWS accounts,
 * and of the operators, who run the control plane.
 * Owns the tables: clients, client_tokens, operators, aws_lookups, clients_daily_snapshot.
 */
import type { Selectable } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { ClientTable } from '../../shared/schema.ts';

/** For a tenant that does not exist, or that the caller does not belong to: callers cannot tell which. */
export const clientNotFound = () => new AppError('client_not_found', 'Client not found');

type Client = Selectable<ClientTable>;

/**
 * Locks a tenant that is not deleted, and reads these columns of its row.
 * @throws AppError client_not_found
 */
export async function lockClient<C extends keyof Client>(
  tx: Tx,
  clientId: string,
  columns: readonly C[],
): Promise<Pick<Client, C>> {
  const client = await tx
    .selectFrom('clients')
    .select(columns as readonly (keyof Client)[])
    .where('id', '=', clientId)
    .where('deletedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!client) throw clientNotFound();
  return client;
}
