import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';

export interface AuditEntry {
  /** The tenant whose data was touched; `null` for none or all. */
  readonly clientId: string | null;
  /** Who did it, as in `admin`. */
  readonly actor: string;
  /** What was done, as in `token_read`. */
  readonly action: string;
  readonly sourceIp: string;
}

/** Records what an operator did. Call it before the answer, so that nothing is shown that was not recorded. */
export async function audit(db: Db, entry: AuditEntry, now: Date): Promise<void> {
  await db
    .insertInto('auditLogs')
    .values({ id: randomUUID(), ...entry, createdAt: now })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('auditLogs.id') }))
    .execute();
}
