import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import {
  type Identity,
  type OperatorScope,
  operatorScopes,
  type TenantScope,
  tenantScopes,
} from '../../shared/identity.ts';
import { dayOf } from '../../shared/time.ts';
import { hashOf } from './tokens.ts';

/** Whose token it is, and its row if the token is admitted. */
export interface Identified {
  readonly identity: Identity;
  readonly row?: { readonly id: string; readonly kind: 'client' | 'operator'; readonly lastUsedOn: string | null };
}

interface Row {
  readonly id: string;
  readonly kind: 'client' | 'operator';
  readonly name: string;
  readonly clientId: string | null;
  readonly scope: string;
  readonly isActive: number;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedOn: string | null;
  readonly callers: number | null;
}

/**
 * A plan that was reduced below what a tenant has does not hold back its instances (docs/adr/0056). Standbys and
 * zombies count too: when EC2 interrupts many instances at once, each agent has some.
 */
const callersOf = sql`GREATEST(c.max_agents, (SELECT COUNT(*) FROM instances AS i
  WHERE i.client_id = c.id AND i.instance_status IN ('running_primary', 'running_replica', 'zombie')))`;

/**
 * Whose token this is: a tenant's or an operator's. One statement, with two look-ups by a unique key. It looks up the
 * hash and compares no secret, so timing reveals nothing.
 * @param isForLimits counts the tenant's instances, by an index: worth it only if the result is cached for a minute
 */
export async function identify(
  db: Db,
  { token, isForLimits }: { readonly token: string; readonly isForLimits: boolean },
  now: Date,
): Promise<Identified> {
  const hash = hashOf(token);
  const { rows } = await sql<Row>`
    SELECT t.id, 'client' AS kind, t.name, t.client_id, t.scope, c.is_active, t.expires_at, t.revoked_at, t.last_used_on,
      ${isForLimits ? callersOf : sql`c.max_agents`} AS callers
      FROM client_tokens AS t INNER JOIN clients AS c ON c.id = t.client_id WHERE t.token_hash = ${hash}
    UNION ALL
    SELECT o.id, 'operator', o.name, NULL, o.role, TRUE, NULL, o.revoked_at, o.last_used_on, NULL
      FROM operators AS o WHERE o.token_hash = ${hash}`.execute(db);
  const [row] = rows;
  const identity = identityOf(row, now);
  return row && identity.role !== 'none' ? { identity, row } : { identity };
}

function identityOf(row: Row | undefined, now: Date): Identity {
  if (!row) return { role: 'none', denial: 'invalid_token' };
  if (row.revokedAt !== null) return { role: 'none', denial: 'token_revoked' };
  if (row.expiresAt !== null && row.expiresAt <= now) return { role: 'none', denial: 'token_expired' };
  if (!row.isActive) return { role: 'none', denial: 'client_inactive' };
  const { id: tokenId, name, clientId, callers } = row;
  if (row.kind === 'operator')
    return {
      role: 'operator',
      tokenId,
      scopes: operatorScopesOf(row.scope as OperatorScope),
      actor: `operator:${name}`,
    };
  const scopes = tenantScopesOf(row.scope as TenantScope | 'all');
  return { role: 'client', clientId: clientId!, tokenId, callers: Number(callers), scopes, actor: `token:${name}` };
}

/** A token that may change may also view. */
const tenantScopesOf = (scope: TenantScope | 'all'): readonly TenantScope[] =>
  scope === 'all' ? tenantScopes : scope === 'manage' ? ['read', 'manage'] : [scope];

const operatorScopesOf = (role: OperatorScope): readonly OperatorScope[] =>
  role === 'admin' ? operatorScopes : ['viewer'];

/** Records the day on which a token was used: one statement at its first use on a day, none at all others. */
export async function noteUse(db: Db, { row }: Identified, now: Date): Promise<void> {
  const today = dayOf(now);
  if (!row || (row.lastUsedOn !== null && row.lastUsedOn >= today)) return;
  const used = { lastUsedOn: today };
  if (row.kind === 'client') await db.updateTable('clientTokens').set(used).where('id', '=', row.id).execute();
  else await db.updateTable('operators').set(used).where('id', '=', row.id).execute();
}
