import { sql } from 'kysely';
import { type Db, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { lockClient } from './clients.ts';

/**
 * Begins to delete a tenant (protocol D2): from now on its tokens are refused, it is in no list, and its name is free.
 * A job deletes its rows, which may be millions; its instances keep running.
 * @throws AppError client_not_found
 */
export async function beginDeletion(db: Db, { clientId }: { clientId: string }, by: By, now: Date): Promise<string> {
  return transact(db, async (tx) => {
    const client = await lockClient(tx, clientId, ['name', 'email', 'isActive', 'createdAt']);
    const nameless = { name: `deleted ${clientId}`, email: `${clientId}@deleted.invalid` };
    await tx
      .updateTable('clients')
      .set({ ...nameless, isActive: false, deletedAt: now, updatedAt: now })
      .where('id', '=', clientId)
      .execute();
    await record(
      tx,
      {
        clientId: null,
        type: 'client_deleted',
        severity: 'warning',
        message: `Client ${client.name} was deleted; its instances keep running`,
        metadata: { clientId, name: client.name },
        dedupeKey: `client_deleted:${clientId}`,
      },
      now,
    );
    await audit(tx, by, { clientId, action: 'client_deleted', before: client }, now);
    return client.name;
  });
}

/**
 * The tables whose rows are deleted with a tenant, in this order. Agents come first, because jobs work for a tenant
 * through its agents; tokens come last. The audit log stays: it tells who deleted the tenant.
 */
export const tablesOfTenants = [
  'agents',
  'instances',
  'replica_instances',
  'commands',
  'switches',
  'spot_interruption_events',
  'decisions',
  'cleanup_logs',
  'tenant_pool_prices',
  'ondemand_prices',
  'ondemand_price_snapshots',
  'cost_records',
  'client_savings_daily',
  'client_savings_monthly',
  'client_price_overlays',
  'savings_corrections',
  'capacity_metrics',
  'capacity_reads',
  'export_keys',
  'what_if_runs',
  'pricing_alerts',
  'webhooks',
  'webhook_tests',
  'webhook_messages',
  'webhook_items',
  'system_events',
  'notification_marks',
  'notification_reads',
  'aws_lookups',
  'client_tokens',
] as const;

/**
 * The gateway's cache admits tokens for a minute after their tenant is inactive; a request takes at most half of one.
 */
const lastCallMs = 2 * minuteMs;

/** Rows per statement: about a second, whatever the table. */
const chunk = 1000;

/** Tenants per run. */
const atMost = 20;

/**
 * Deletes the rows of tenants that are being deleted, in statements of bounded size, while there is time. A tenant's
 * own row is deleted when a run has found no other rows: requests that were still writing during the last run have
 * ended by then.
 * @returns how many rows it deleted
 */
export async function deleteClients(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  const clients = await db
    .selectFrom('clients')
    .select('id')
    .where('deletedAt', '<=', msBefore(now, lastCallMs))
    .orderBy('deletedAt')
    .limit(atMost)
    .execute();
  return forEachIsolated('deleting a client', clients, ({ id }) => deleteRows(db, id, hasTime), { hasTime });
}

async function deleteRows(db: Db, clientId: string, hasTime: RunTime['hasTime']): Promise<number> {
  let deleted = 0;
  for (const table of tablesOfTenants)
    for (let rows = chunk; rows === chunk; deleted += rows) {
      if (!hasTime()) return deleted;
      rows = await deleteChunk(db, clientId, table);
    }
  if (deleted > 0) return deleted;
  await db.deleteFrom('clients').where('id', '=', clientId).where('deletedAt', 'is not', null).execute();
  return 1;
}

/** Deletes from the tables of all rooms that have rows of tenants: this statement alone deletes tenants. */
async function deleteChunk(db: Db, clientId: string, table: (typeof tablesOfTenants)[number]): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM ${sql.table(table)} WHERE client_id = ${clientId} LIMIT ${chunk}`.execute(db);
  return Number(numAffectedRows ?? 0);
}
