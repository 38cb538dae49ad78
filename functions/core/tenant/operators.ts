import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Db, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { OperatorScope } from '../../shared/identity.ts';
import { iso } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { maxTokens, tooManyTokens } from './client-tokens.ts';
import { newToken } from './token-vault.ts';
import { hashOf } from './tokens.ts';

interface NewOperator {
  readonly name: string;
  readonly role: OperatorScope;
}

/**
 * Creates an operator (protocol O1): one transaction. The token is shown now and never again.
 * @throws AppError operator_exists, too_many_tokens
 */
export async function createOperator(db: Db, { name, role }: NewOperator, by: By, now: Date) {
  const id = randomUUID();
  const token = newToken('operator');
  await transact(db, async (tx) => {
    const live = await tx
      .selectFrom('operators')
      .select(['id', sql<number>`name = ${name}`.as('isNamesake')])
      .where('liveName', 'is not', null)
      .limit(maxTokens + 1)
      .execute();
    if (live.some((other) => other.id === id)) return; // already done: the response of its commit was lost
    if (live.some((other) => other.isNamesake))
      throw new AppError('operator_exists', `There is already an operator ${name}: revoke it, or choose another name`);
    if (live.length >= maxTokens) throw tooManyTokens();
    await tx
      .insertInto('operators')
      .values({ id, name, role, tokenHash: hashOf(token), createdAt: now, createdBy: by.actor })
      .execute();
    await audit(tx, by, { clientId: null, action: 'operator_created', targetId: id, after: { name, role } }, now);
  });
  return { id, token };
}

/**
 * Revokes an operator (protocol O3). Its token works until the gateway's cache expires, within a minute.
 * @throws AppError operator_not_found; an operator that is already revoked is no error
 */
export async function revokeOperator(db: Db, { operatorId }: { operatorId: string }, by: By, now: Date): Promise<void> {
  await transact(db, async (tx) => {
    const operator = await tx
      .selectFrom('operators')
      .select(['name', 'role', 'revokedAt'])
      .where('id', '=', operatorId)
      .forUpdate()
      .executeTakeFirst();
    if (!operator) throw new AppError('operator_not_found', 'Operator not found');
    if (operator.revokedAt !== null) return;
    await tx.updateTable('operators').set({ revokedAt: now }).where('id', '=', operatorId).execute();
    const change = {
      before: { name: operator.name, role: operator.role, revokedAt: null },
      after: { revokedAt: iso(now) },
    };
    await audit(tx, by, { clientId: null, action: 'operator_revoked', targetId: operatorId, ...change }, now);
  });
}
