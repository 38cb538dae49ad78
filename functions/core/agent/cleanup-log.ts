import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { fitted } from '../../shared/json-bounds.ts';

export interface Cleanup {
  readonly clientId: string;
  readonly agentId: string;
  readonly deletedSnapshots: number;
  readonly deletedAmis: number;
  readonly failed: number;
  /** As the agent reported them. */
  readonly details: Record<string, unknown>;
  /** Snapshots and images older than this were to be deleted. */
  readonly cutoffDate: Date | null;
  readonly executedAt: Date;
}

/** Records what an agent cleaned up, once per `executedAt`. @returns whether the agent exists */
export async function recordCleanup(db: Db, cleanup: Cleanup): Promise<boolean> {
  const { clientId, agentId, details, cutoffDate, executedAt } = cleanup;
  const known = await db
    .updateTable('agents')
    .set((eb) => ({ lastCleanupAt: executedAt, version: eb('version', '+', 1) }))
    .where('id', '=', agentId)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  if (known.numUpdatedRows === 0n) return false;
  await db
    .insertInto('cleanupLogs')
    .values({
      id: randomUUID(),
      clientId,
      agentId,
      cleanupType: 'full',
      deletedSnapshotsCount: cleanup.deletedSnapshots,
      deletedAmisCount: cleanup.deletedAmis,
      failedCount: cleanup.failed,
      details: fitted(details, 'cleanup_logs.details'),
      cutoffDate,
      executedAt,
    })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('cleanupLogs.id') }))
    .execute();
  return true;
}
