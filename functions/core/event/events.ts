/**
 * The room of what happened, for people: system events, of which some are also notifications to a tenant, and the audit
 * log of what operators looked at (audit.ts).
 * Owns the tables: system_events, notification_marks, notification_reads, audit_logs.
 */
import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { fitted } from '../../shared/json-bounds.ts';
import type { Severity } from '../../shared/schema.ts';

/** Something worth keeping; with `notify` the tenant is notified of it too. */
export interface SystemEvent {
  /** The tenant; `null` for what concerns none or all. */
  readonly clientId: string | null;
  readonly agentId?: string;
  readonly instanceId?: string;
  /** A word or two, as in `agent_registered`. */
  readonly type: string;
  readonly severity: Severity;
  /** For people, at most 1,000 characters; what is longer is cut off. */
  readonly message: string;
  readonly metadata?: Record<string, unknown>;
  readonly notify?: boolean;
  /** Of what may be recorded only once: a second event with the same key is dropped. */
  readonly dedupeKey?: string;
  /** Whether a second event with the same key is counted on the first, and not just dropped. A repeated statement counts too. */
  readonly isCounted?: boolean;
}

/** Writes events in one statement, whatever their number; none is no statement. */
export async function record(db: Db, events: SystemEvent | readonly SystemEvent[], now: Date): Promise<void> {
  const rows = [events].flat();
  if (rows.length === 0) return;
  await db
    .insertInto('systemEvents')
    .values(
      rows.map((event) => ({
        id: randomUUID(),
        clientId: event.clientId,
        agentId: event.agentId ?? null,
        instanceId: event.instanceId ?? null,
        eventType: event.type,
        severity: event.severity,
        message: event.message.slice(0, 1000),
        metadata: event.metadata ? fitted(event.metadata, 'system_events.metadata') : null,
        notify: event.notify ?? false,
        unqueued: event.notify ? true : null,
        dedupeKey: event.dedupeKey ?? null,
        createdAt: now,
      })),
    )
    .onDuplicateKeyUpdate((eb) =>
      rows.every(({ isCounted }) => isCounted)
        ? { times: eb('systemEvents.times', '+', 1) }
        : { id: eb.ref('systemEvents.id') },
    )
    .execute();
}
