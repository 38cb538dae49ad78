import type { Db } from '../../shared/db.ts';
import { clientNotFound } from './clients.ts';

/** The tenant that the call acts for; `undefined` for an operator. */
export interface Caller {
  readonly clientId: string | undefined;
}

/**
 * The tenant of a path, if the caller may act on it: only its own, or any for an operator. No statement: it does not
 * check that the tenant exists.
 * @throws AppError client_not_found if it is another tenant, as if it did not exist
 */
export function ownClient(caller: Caller, clientId: string): string {
  if (caller.clientId !== undefined && caller.clientId !== clientId) throw clientNotFound();
  return clientId;
}

/**
 * The same for a tenant that exists and is not being deleted. No statement if a tenant calls, because the authorizer
 * has just looked it up; one for an operator.
 * @throws AppError client_not_found
 */
export async function requireClient(db: Db, caller: Caller, clientId: string): Promise<string> {
  ownClient(caller, clientId);
  if (caller.clientId !== undefined) return clientId;
  const client = await db
    .selectFrom('clients')
    .select('id')
    .where('id', '=', clientId)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  if (!client) throw clientNotFound();
  return clientId;
}
