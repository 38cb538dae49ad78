import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { fitted } from '../../shared/json-bounds.ts';

/** Who acts, and from where. */
export interface By {
  /** `admin` for the bootstrap credential, `operator:<name>`, or `token:<name>` of a tenant. */
  readonly actor: string;
  readonly sourceIp: string;
}

/** An audited act. It must hold no token, nor text that contains one. */
export interface AuditEntry {
  /** The tenant whose data was touched; `null` for none or all. */
  readonly clientId: string | null;
  /** What was done, as in `token_read`. */
  readonly action: string;
  /** What it was done to, if not the tenant: the id of a token, an operator or an agent. */
  readonly targetId?: string;
  /** The changed values before the act; if they exceed 4 KB, only their size is kept. */
  readonly before?: object;
  /** The changed values after the act, within the same limit. */
  readonly after?: object;
}

/**
 * Records who did what: each act of an operator, each change of settings, each look at a token. Call it in the
 * transaction of the change, or before the response, so that nothing is done or shown without a record. Any number of
 * acts is one statement.
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
