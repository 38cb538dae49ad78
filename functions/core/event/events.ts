/**
 * The room of events, for people to read: system events, some of which also notify a tenant, and the audit log of what
 * people did (audit.ts).
 * Owns the tables: system_events, notification_marks, notification_reads, audit_logs.
 */
import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db.ts';
import { fitted } from '../../shared/json-bounds.ts';
import type { Severity } from '../../shared/schema.ts';

/** Something worth recording; with `notify` it is also a notification to the tenant. */
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
  /** Set for what may be recorded only once: a second event with the same key is dropped. */
  readonly dedupeKey?: string;
  /** Whether a second event with the same key is counted on the first, not dropped. A retried statement counts too. */
  readonly isCounted?: boolean;
}

/** Writes any number of events in one statement; no statement if there are no events. */
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
