/**
 * The room of outgoing notifications: a tenant's are sent to a URL or a topic of its own. They are queued (queue.ts),
 * gathered into messages that keep their id in retries (messages.ts) and sent (deliver.ts). Receivers are hostile until
 * they are shown to be public (addresses.ts, post.ts).
 * Owns the tables: webhooks, webhook_tests, webhook_messages, webhook_items.
 */
import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { WebhookTable } from '../../shared/schema.ts';
import { iso } from '../../shared/time.ts';

export const webhookNotFound = () =>
  new AppError('webhook_not_found', 'There is no webhook', { hint: 'PUT one to the same path' });

type Shown = Omit<WebhookTable, 'sealed' | 'failures' | 'clientId' | 'createdAt' | 'updatedAt'> & {
  readonly failures: number;
  readonly waiting: number;
  readonly dead: number;
};

/**
 * A tenant's webhook and its state, without what is sealed (protocol N4): one statement.
 * @throws AppError webhook_not_found
 */
export async function showWebhook(db: Db, clientId: string) {
  const { rows } = await sql<Shown>`
    SELECT w.host, w.topic_arn, w.style, w.min_severity, w.digest_minutes, w.due_at, w.failures,
      w.last_success_at, w.last_failure_at, w.last_error,
      (SELECT COUNT(*) FROM webhook_items AS i LEFT JOIN webhook_messages AS m ON m.id = i.message_id
        WHERE i.client_id = w.client_id AND (m.id IS NULL OR m.state = 'open')) AS waiting,
      (SELECT COUNT(*) FROM webhook_messages AS m WHERE m.client_id = w.client_id AND m.state = 'dead') AS dead
    FROM webhooks AS w WHERE w.client_id = ${clientId}`.execute(db);
  const [row] = rows;
  if (!row) throw webhookNotFound();
  return {
    host: row.host,
    topic_arn: row.topicArn,
    style: row.style,
    min_severity: row.minSeverity,
    digest_minutes: row.digestMinutes,
    next_try_at: iso(row.dueAt),
    consecutive_failures: row.failures,
    last_success_at: iso(row.lastSuccessAt),
    last_failure_at: iso(row.lastFailureAt),
    last_error: row.lastError,
    waiting_notifications: Number(row.waiting),
    dead_messages: Number(row.dead),
  };
}
