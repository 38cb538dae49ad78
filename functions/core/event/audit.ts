import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { fitted } from '../../shared/json-bounds.ts';

/** Who acts, and from where. */
export interface By {
  /** `admin` for the bootstrap credential, `operator:<name>`, or `token:<name>` of a tenant. */
  readonly actor: string;
  readonly sourceIp: string;
}

/** An act. No token may be in it, nor a text that holds one. */
export interface AuditEntry {
  /** The tenant whose data was touched; `null` for none or all. */
  readonly clientId: string | null;
  /** What was done, as in `token_read`. */
  readonly action: string;
  /** What it was done to, where that is not the tenant: the id of a token, an operator, an agent. */
  readonly targetId?: string;
  /** What was changed, as it was; of more than 4 KB only its size is kept. */
  readonly before?: object;
  /** The same as it became. */
  readonly after?: object;
}

/**
 * Records who did what: each act of an operator, each change of settings, each look at a token. Call it in the transaction of
 * the change, or before the answer, so that nothing is done or shown that was not recorded. Many acts are one statement.
 */
export async function audit(db: Db, by: By, acts: AuditEntry | readonly AuditEntry[], now: Date): Promise<void> {
  const rows = [acts].flat();
  if (rows.length === 0) return;
  await db
    .insertInto('auditLogs')
    .values(
      rows.map(({ clientId, action, targetId, before, after }) => ({
        id: randomUUID(),
        clientId,
        actor: by.actor,
        action,
        targetId: targetId ?? null,
        sourceIp: by.sourceIp,
        beforeState: before ? fitted(before, 'audit_logs.before_state') : null,
        afterState: after ? fitted(after, 'audit_logs.after_state') : null,
        createdAt: now,
      })),
    )
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('auditLogs.id') }))
    .execute();
}
