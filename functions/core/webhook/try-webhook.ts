import { randomUUID } from 'node:crypto';
import { type Db, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { msBefore, secondMs } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { clientNotFound } from '../tenant/clients.ts';
import type { Digest } from './body.ts';
import type { Outcome } from './post.ts';
import { failureOf, sendDigest } from './send.ts';
import { targetId } from './settings.ts';
import { unsealWebhook } from './vault.ts';
import { webhookNotFound } from './webhooks.ts';

/** The least time between two tests of a tenant, so that nobody can use us to probe other servers. */
const pauseSeconds = 5;

/**
 * Sends a test message once and at once (protocol N7), and returns the outcome. The queue is not touched.
 * Three statements.
 * @throws AppError client_not_found, webhook_not_found, test_too_soon, unavailable
 */
export async function testWebhook(db: Db, clientId: string, by: By, now: Date) {
  const row = await db
    .selectFrom('clients as c')
    .leftJoin('webhooks as w', 'w.clientId', 'c.id')
    .select(['c.awsAccountId', 'w.sealed', 'w.topicArn', 'w.style'])
    .where('c.id', '=', clientId)
    .where('c.deletedAt', 'is', null)
    .executeTakeFirst();
  if (!row) throw clientNotFound();
  const { awsAccountId, sealed: ciphertext, topicArn, style } = row;
  if (ciphertext === null || style === null) throw webhookNotFound();
  await takeTurn(db, clientId, now);
  const id = randomUUID();
  await audit(db, by, { clientId, action: 'webhook_tested', targetId, after: { messageId: id } }, now);
  const sealed = await unsealWebhook(clientId, ciphertext);
  const digest: Digest = {
    id,
    clientId,
    type: 'test',
    total: 0,
    bySeverity: { error: 0, warning: 0, info: 0 },
    notifications: [],
  };
  const sent = await sendDigest({ topicArn, awsAccountId, style, sealed }, digest, now);
  return {
    success: failureOf(sent) === null,
    message_id: id,
    url: plain(sent.posted),
    topic: plain(sent.published),
  };
}

const plain = (outcome: Outcome | null) => outcome && { ...outcome };

/** @throws AppError test_too_soon */
async function takeTurn(db: Db, clientId: string, now: Date): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('webhookTests')
    .set({ testedAt: now })
    .where('clientId', '=', clientId)
    .where((eb) => eb.or([eb('testedAt', 'is', null), eb('testedAt', '<=', msBefore(now, pauseSeconds * secondMs))]))
    .executeTakeFirst();
  if (numUpdatedRows === 0n)
    throw new AppError('test_too_soon', `A webhook can be tested once every ${pauseSeconds} seconds; try again later`, {
      retry_after_seconds: pauseSeconds,
    });
}

/**
 * Has the messages that were given up sent again (protocol N8), oldest first, one a minute; each keeps its id.
 * One transaction.
 * @returns how many
 * @throws AppError webhook_not_found
 */
export function redeliver(db: Db, clientId: string, by: By, now: Date): Promise<number> {
  return transact(db, async (tx) => {
    const webhook = await tx
      .selectFrom('webhooks')
      .select('dueAt')
      .where('clientId', '=', clientId)
      .forUpdate()
      .executeTakeFirst();
    if (!webhook) throw webhookNotFound();
    const { numUpdatedRows } = await tx
      .updateTable('webhookMessages')
      .set({ state: 'open', attempts: 0, deadAt: null })
      .where('clientId', '=', clientId)
      .where('state', '=', 'dead')
      .executeTakeFirst();
    const messages = Number(numUpdatedRows);
    if (messages === 0) return 0;
    await tx.updateTable('webhooks').set({ dueAt: now }).where('clientId', '=', clientId).execute();
    await audit(tx, by, { clientId, action: 'webhook_redelivered', targetId, after: { messages } }, now);
    return messages;
  });
}
