import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { record } from '../core/event/events.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';
import { heldTo } from '../shared/fields.ts';
import type { CleanupReport } from './requests.ts';

/**
 * Records what an agent cleaned up (contract A9). A section may come back empty with an `error` and no cut-off: agents
 * stumble over dates as soon as there is anything to delete.
 * @returns how much was deleted and how much failed, as the agent said
 */
export async function reportCleanup(
  db: Db,
  { clientId, ref, now, body }: OfAgent & { now: Date; body: z.output<typeof CleanupReport> },
) {
  const { agentId, instanceId } = parseHandle(ref);
  const { snapshots, amis } = body;
  const counts = {
    deleted_snapshots: (snapshots?.deleted?.length ?? 0) + (amis?.deleted_snapshots?.length ?? 0),
    deleted_amis: amis?.deleted_amis?.length ?? 0,
    failed_count: (snapshots?.failed?.length ?? 0) + (amis?.failed?.length ?? 0),
  };
  const executedAt = heldTo(now, body.timestamp);
  const known = await db
    .updateTable('agents')
    .set((eb) => ({ lastCleanupAt: executedAt, version: eb('version', '+', 1) }))
    .where('id', '=', agentId)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  if (known.numUpdatedRows === 0n) throw agentNotFound(ref);
  await db
    .insertInto('cleanupLogs')
    .values({
      id: randomUUID(),
      clientId,
      agentId,
      cleanupType: 'full',
      deletedSnapshotsCount: counts.deleted_snapshots,
      deletedAmisCount: counts.deleted_amis,
      failedCount: counts.failed_count,
      details: { snapshots: snapshots ?? null, amis: amis ?? null },
      cutoffDate: snapshots?.cutoff_date ?? amis?.cutoff_date ?? null,
      executedAt,
    })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('cleanupLogs.id') }))
    .execute();
  const failed = snapshots?.error ?? amis?.error;
  const message = `${counts.deleted_snapshots} snapshots and ${counts.deleted_amis} images deleted, ${counts.failed_count} failed`;
  await record(db, now, {
    clientId,
    agentId,
    instanceId,
    type: 'cleanup_completed',
    severity: failed ? 'warning' : 'info',
    message: `Clean-up by ${instanceId ?? `agent ${agentId}`}: ${message}${failed ? ` (${failed.slice(0, 300)})` : ''}`,
    metadata: counts,
    dedupeKey: `cleanup:${agentId}:${executedAt.getTime()}`,
  });
  return { success: true as const, message, ...counts };
}
