import type * as z from 'zod';
import { recordCleanup } from '../core/agent/cleanup-log.ts';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { record } from '../core/event/events.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';
import { heldTo } from '../shared/fields.ts';
import type { CleanupReport } from './requests.ts';

/**
 * Records what an agent cleaned up (protocol A9). A section may have only an `error` and no cut-off date: agents fail
 * on the dates as soon as there is anything to delete.
 * @returns how many deletions succeeded and failed, as the agent reported
 * @throws AppError agent_not_found
 */
export async function reportCleanup(
  db: Db,
  { clientId, ref, body }: OfAgent & { body: z.output<typeof CleanupReport> },
  now: Date,
) {
  const { agentId, instanceId } = parseHandle(ref);
  const { snapshots, amis } = body;
  const deletedSnapshots = (snapshots?.deleted?.length ?? 0) + (amis?.deleted_snapshots?.length ?? 0);
  const deletedAmis = amis?.deleted_amis?.length ?? 0;
  const failed = (snapshots?.failed?.length ?? 0) + (amis?.failed?.length ?? 0);
  const executedAt = heldTo(body.timestamp, now);
  const isKnown = await recordCleanup(db, {
    clientId,
    agentId,
    deletedSnapshots,
    deletedAmis,
    failed,
    details: { snapshots: snapshots ?? null, amis: amis ?? null },
    cutoffDate: snapshots?.cutoff_date ?? amis?.cutoff_date ?? null,
    executedAt,
  });
  if (!isKnown) throw agentNotFound(ref);
  const counts = { deleted_snapshots: deletedSnapshots, deleted_amis: deletedAmis, failed_count: failed };
  const error = snapshots?.error ?? amis?.error;
  const message = `${deletedSnapshots} snapshots and ${deletedAmis} images deleted, ${failed} failed`;
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId,
      type: 'cleanup_completed',
      severity: error ? 'warning' : 'info',
      message: `Clean-up by ${instanceId ?? `agent ${agentId}`}: ${message}${error ? ` (${error.slice(0, 300)})` : ''}`,
      metadata: counts,
      dedupeKey: `cleanup:${agentId}:${executedAt.getTime()}`,
    },
    now,
  );
  return { success: true as const, message, ...counts };
}
