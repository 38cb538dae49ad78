import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect, type Db } from '../shared/db.ts';
import { logger } from '../shared/logger.ts';
import { readMessage, type Unreadable } from './events.ts';
import { type Effect, handleEvent } from './handle-event.ts';

/**
 * The events that EC2 sends of the tenants' instances, from the queue, one by one. What can never be acted on is counted
 * and dropped; only what the database refused is handed back, for SQS to bring again and at last to set aside.
 */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const { db, calls } = connect(() => context.getRemainingTimeInMillis());
  const counts: Partial<Record<Effect | Unreadable | 'failed', number>> = {};
  const failed: string[] = [];
  for (const message of Records) {
    const effect = await handleMessage(db, message);
    counts[effect] = (counts[effect] ?? 0) + 1;
    if (effect === 'failed') failed.push(message.messageId);
  }
  logger.info('handled events', { events: Records.length, counts, dataApiCalls: calls() });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** One message by itself: what happens to it holds none of the others up. */
async function handleMessage(db: Db, message: SQSEvent['Records'][number]) {
  const received = readMessage(message);
  if (typeof received === 'string') return received;
  try {
    return await handleEvent(db, received);
  } catch (error) {
    logger.error('event failed', { messageId: message.messageId, error: error as Error });
    return 'failed';
  }
}
