import { type SqlBool, sql } from 'kysely';
import { notificationsGivenUp } from '../../shared/alarm-lines.ts';
import type { Db } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { logger } from '../../shared/logger.ts';
import type { RunTime } from '../../shared/run-time.ts';
import type { WebhookTable } from '../../shared/schema.ts';
import { minuteMs, msAfter } from '../../shared/time.ts';
import { formMessage, keepFailure, nextTry, type OpenMessage, readMessage, removeMessage } from './messages.ts';
import { queueNews } from './queue.ts';
import { failureOf, type Sent, sendDigest } from './send.ts';
import { unsealWebhook } from './vault.ts';

/** Tenants at a time: each receiver may keep us waiting for some seconds, and nobody else should wait for it. */
const atOnce = 25;
/** Tenants per page; each has up to 6 KB. */
const page = 100;

interface Due extends Pick<WebhookTable, 'clientId' | 'sealed' | 'topicArn' | 'style'> {
  readonly awsAccountId: string | null;
  /** Consecutive failures so far. */
  readonly failures: number;
  readonly dueAt: Date;
  /** The oldest open message; `null` if one has to be created. */
  readonly messageId: string | null;
}

/**
 * Queues new notifications, and sends one message to each tenant whose queue is due (protocol 11.1). Two statements if
 * there is nothing to do, and up to five more for each due tenant. A receiver that fails or is slow delays nobody else.
 * @returns how many due tenants it processed
 */
export async function deliverNotifications(db: Db, time: RunTime, now: Date): Promise<number> {
  await queueNews(db, time.share(2), now); // a flood that takes long to queue leaves half the time for sending
  let sent = 0;
  for (let last: Due | undefined, due: Due[]; time.hasTime(); last = due.at(-1)) {
    due = await readDue(db, last, now);
    sent += await forEachIsolated('sending notifications', due, (one) => deliver(db, one, now), {
      atOnce,
      hasTime: time.hasTime,
      name: ({ clientId }) => ({ clientId }), // its row holds the sealed URL and secret
    });
    if (due.length < page) break;
  }
  return sent;
}

/** The tenants that have been due the longest come first, after the last one of the page before. */
async function readDue(db: Db, last: Due | undefined, now: Date): Promise<Due[]> {
  const isBehind = last
    ? sql<SqlBool>`(w.due_at > ${last.dueAt} OR (w.due_at = ${last.dueAt} AND w.client_id > ${last.clientId}))`
    : sql<SqlBool>`TRUE`;
  const { rows } = await sql<Due>`
    SELECT w.client_id, c.aws_account_id, w.sealed, w.topic_arn, w.style, w.failures, w.due_at, (SELECT m.id FROM webhook_messages AS m
      WHERE m.client_id = w.client_id AND m.state = 'open' ORDER BY m.created_at, m.id LIMIT 1) AS message_id
    FROM webhooks AS w INNER JOIN clients AS c ON c.id = w.client_id AND c.deleted_at IS NULL
    WHERE w.due_at <= ${now} AND ${isBehind} ORDER BY w.due_at, w.client_id LIMIT ${page}`.execute(db);
  return rows;
}

/** Sends one tenant one message, and records how that went. */
async function deliver(db: Db, due: Due, now: Date): Promise<boolean> {
  const { clientId } = due;
  const messageId = due.messageId ?? (await formMessage(db, clientId, now));
  const message = await readMessage(db, { clientId, messageId });
  const sealed = await unsealWebhook(clientId, due.sealed);
  const sent = message && (await sendDigest({ ...due, sealed }, message.digest, now, message));
  const error = sent ? failureOf(sent) : null;
  if (message && sent && error !== null) await keepError(db, { due, messageId, message, sent, error }, now);
  else {
    // A message whose notifications were all deleted as too old is done too.
    await removeMessage(db, { clientId, messageId });
    await setNext(db, { clientId, hasArrived: sent !== undefined }, now);
  }
  return true;
}

interface Failure {
  readonly due: Due;
  readonly messageId: string;
  readonly message: OpenMessage;
  readonly sent: Sent;
  readonly error: string;
}

async function keepError(db: Db, { due, messageId, message, sent, error }: Failure, now: Date): Promise<void> {
  const { clientId } = due;
  const attempts = message.attempts + 1;
  const next = nextTry(attempts, now);
  const isPosted = message.isPosted || sent.posted?.error === null;
  const isPublished = message.isPublished || sent.published?.error === null;
  await keepFailure(db, { clientId, messageId, attempts, isPosted, isPublished, isGivenUp: !next }, now);
  await db
    .updateTable('webhooks')
    .set({
      failures: due.failures + 1, // not `failures + 1` in SQL: the statement may run twice
      lastFailureAt: now,
      lastError: error.slice(0, 500),
      dueAt: next ?? whenNext(now),
    })
    .where('clientId', '=', clientId)
    .where('sealed', '=', due.sealed) // a webhook that was changed meanwhile is tried at once
    .execute();
  if (!next) logger.error(notificationsGivenUp, { clientId, messageId, attempts });
}

const setNext = (db: Db, { clientId, hasArrived }: { clientId: string; hasArrived: boolean }, now: Date) =>
  db
    .updateTable('webhooks')
    .set({ dueAt: whenNext(now), ...(hasArrived && { failures: 0, lastSuccessAt: now }) })
    .where('clientId', '=', clientId)
    .execute();

/**
 * When a queue is due after a message is done: in a minute if another is open, else a digest period later if items
 * wait.
 */
const whenNext = (now: Date) => sql<Date | null>`CASE
  WHEN EXISTS (SELECT 1 FROM webhook_messages AS m WHERE m.client_id = webhooks.client_id AND m.state = 'open')
    THEN ${msAfter(now, minuteMs)}
  WHEN EXISTS (SELECT 1 FROM webhook_items AS i WHERE i.client_id = webhooks.client_id AND i.message_id IS NULL)
    THEN DATE_ADD(${now}, INTERVAL digest_minutes MINUTE) END`;
