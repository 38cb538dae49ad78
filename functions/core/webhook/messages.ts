import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { minuteMs, msAfter } from '../../shared/time.ts';
import { type Digest, mostListed, type Notification } from './body.ts';

/**
 * Minutes to wait after each failed attempt; the attempt after the last of them, nearly a day later, is the final one.
 */
const pauses = [1, 5, 30, 120, 240, 480, 480];

/** When to retry a message after this many failed attempts; `undefined` when it is given up. */
export const nextTry = (attempts: number, now: Date): Date | undefined => {
  const pause = pauses[attempts - 1];
  return pause === undefined ? undefined : msAfter(now, pause * minuteMs);
};

/** Identifies a message and its tenant. */
export interface OfMessage {
  readonly clientId: string;
  readonly messageId: string;
}

/** A message that is being sent. */
export interface OpenMessage {
  readonly digest: Digest;
  readonly attempts: number;
  readonly isPosted: boolean;
  readonly isPublished: boolean;
}

/** The most notifications of a message: with more, its statement would time out, and again each minute. */
const mostInMessage = 10_000;

/** Creates one message of what waits in a tenant's queue: two statements. Without a webhook, no message is created. */
export async function formMessage(db: Db, clientId: string, now: Date): Promise<string> {
  const id = randomUUID();
  await sql`
    INSERT INTO webhook_messages (id, client_id, state, created_at)
    SELECT ${id}, w.client_id, 'open', ${now} FROM webhooks AS w WHERE w.client_id = ${clientId}
    ON DUPLICATE KEY UPDATE id = webhook_messages.id`.execute(db);
  await sql`
    UPDATE webhook_items SET message_id = ${id} WHERE client_id = ${clientId} AND message_id IS NULL
    LIMIT ${mostInMessage}`.execute(db);
  return id;
}

type Row = Notification & {
  readonly attempts: number;
  readonly isPosted: boolean;
  readonly isPublished: boolean;
} & Readonly<Record<'total' | 'errors' | 'warnings', number | string>>;

/** A message's content and number of attempts: one statement. `undefined` if it is empty or does not exist. */
export async function readMessage(db: Db, { clientId, messageId }: OfMessage): Promise<OpenMessage | undefined> {
  const { rows } = await sql<Row>`
    SELECT m.attempts, m.is_posted, m.is_published, COUNT(*) OVER () AS total,
      SUM(e.severity = 'error') OVER () AS errors, SUM(e.severity = 'warning') OVER () AS warnings,
      e.id, e.event_type, e.severity, e.message, e.agent_id, e.instance_id, e.created_at
    FROM webhook_messages AS m
    INNER JOIN webhook_items AS i ON i.client_id = m.client_id AND i.message_id = m.id
    INNER JOIN system_events AS e ON e.id = i.event_id
    WHERE m.id = ${messageId} AND m.client_id = ${clientId}
    ORDER BY FIELD(e.severity, 'error', 'warning', 'info'), e.created_at DESC, e.id DESC LIMIT ${mostListed}`.execute(
    db,
  );
  const [first] = rows;
  if (!first) return undefined;
  const [total, error, warning] = [Number(first.total), Number(first.errors), Number(first.warnings)];
  const notifications = rows.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return {
    attempts: first.attempts,
    isPosted: Boolean(first.isPosted),
    isPublished: Boolean(first.isPublished),
    digest: {
      id: messageId,
      clientId,
      type: 'notifications',
      total,
      bySeverity: { error, warning, info: total - error - warning },
      notifications,
    },
  };
}

/** Deletes a message that is done, together with its items in the queue. */
export const removeMessage = (db: Db, { clientId, messageId }: OfMessage) =>
  sql`
    DELETE m, i FROM webhook_messages AS m
    LEFT JOIN webhook_items AS i ON i.client_id = m.client_id AND i.message_id = m.id
    WHERE m.id = ${messageId} AND m.client_id = ${clientId}`.execute(db);

interface Failed extends OfMessage {
  readonly attempts: number;
  readonly isPosted: boolean;
  readonly isPublished: boolean;
  readonly isGivenUp: boolean;
}

/** Records a failed attempt; a message that is given up is kept for the tenant. */
export const keepFailure = (db: Db, { clientId, messageId, isGivenUp, ...tried }: Failed, now: Date) =>
  db
    .updateTable('webhookMessages')
    .set({ ...tried, ...(isGivenUp && { state: 'dead' as const, deadAt: now }) })
    .where('id', '=', messageId)
    .where('clientId', '=', clientId)
    .where('state', '=', 'open')
    .execute();
