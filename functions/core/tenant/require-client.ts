import type { Db } from '../../shared/db.ts';
import { clientNotFound } from './clients.ts';

/** In whose name a call is made; `undefined` for an operator. */
export interface Caller {
  readonly clientId: string | undefined;
}

/**
 * The tenant of a path, where the caller may act on it: its own, or any for an operator. No statement; whether there is such a
 * tenant is for what follows to see.
 * @throws AppError client_not_found, alike for one that does not exist and one that is somebody else's
 */
export function ownClient(caller: Caller, clientId: string): string {
  if (caller.clientId !== undefined && caller.clientId !== clientId) throw clientNotFound();
  return clientId;
}

/**
 * The same for a tenant that exists and is not being deleted. No statement for a tenant, whom the authorizer has just looked up;
 * one for an operator.
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
