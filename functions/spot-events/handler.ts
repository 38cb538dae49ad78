import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { lambdas } from '../lambdas.ts';
import { sayUsage } from '../shared/data-api/usage.ts';
import { connect } from '../shared/db.ts';
import { logger } from '../shared/logger.ts';
import { emit } from '../shared/metrics.ts';
import { msBetween, secondMs } from '../shared/time.ts';
import { detailTypes } from './ec2-events.ts';
import { type Received, readMessage, type Unreadable } from './events.ts';
import { type Effect, handleEvent } from './handle-event.ts';

/** Kept back from a message's time: for the answer about the whole batch. */
const answerMs = 2_000;

/**
 * Messages of a batch that are handled at a time. With ten functions at once more would only wait for each other's
 * connections, and a call that is given up while it waits for one leaves a transaction that nobody ends.
 */
const atOnce = 4;

/**
 * The events that EC2 sends of the tenants' instances, from the queue, several of a batch at a time: an agent that somebody
 * holds, or a call that hangs, keeps the others waiting for nothing. What can never be acted on is counted and dropped; what the
 * database refused, and what somebody held, is handed back, for SQS to bring again and at last to set aside.
 */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const outcomes = new Map<string, Outcome>();
  const rest = Records.values();
  const drain = async () => {
    for (const message of rest) outcomes.set(message.messageId, await handleMessage(message, context));
  };
  await Promise.all(Array.from({ length: atOnce }, drain));
  const counts: Partial<Record<Outcome['effect'], number>> = {};
  for (const { effect } of outcomes.values()) counts[effect] = (counts[effect] ?? 0) + 1;
  const dataApiCalls = [...outcomes.values()].reduce((sum, { calls }) => sum + calls, 0);
  logger.info('handled events', { events: Records.length, counts, dataApiCalls });
  const failed = [...outcomes].filter(([, { effect }]) => effect === 'failed');
  const decided = [...outcomes.values()].flatMap(({ decidedMs }) => decidedMs ?? []);
  emit({ NoticeToDecision: decided, EventsHandedBack: failed.length });
  const [now] = [...outcomes.values()].flatMap(({ now }) => now ?? []);
  if (now) sayUsage(now);
  return { batchItemFailures: failed.map(([messageId]) => ({ itemIdentifier: messageId })) };
}

interface Outcome {
  readonly effect: Effect | Unreadable | 'failed';
  readonly calls: number;
  /** When the message was first received. */
  readonly now?: Date;
  /** Of an interruption that called for a decision: milliseconds from EC2's time of it. */
  readonly decidedMs?: number;
}

/** What comes of a warning about an instance that serves; of others nothing is decided. */
const decisions: readonly Outcome['effect'][] = ['promoted', 'pending', 'on-demand', 'switching'];
const interruptions: readonly string[] = [detailTypes.interruption, detailTypes.reservation];

/** Until its first receipt by the clock of a queue, then the waits between receipts, and the time that this one took. */
function decidedIn({ event, now, receives }: Received, effect: Effect, tookMs: number): number | undefined {
  if (!interruptions.includes(event['detail-type']) || !decisions.includes(effect)) return undefined;
  const hiddenMs = (receives - 1) * lambdas['spot-events'].visibilitySeconds * secondMs;
  return Math.max(0, msBetween(event.time, now)) + hiddenMs + tookMs;
}

async function handleMessage(message: SQSEvent['Records'][number], context: Context): Promise<Outcome> {
  const received = readMessage(message);
  if (typeof received === 'string') return { effect: received, calls: 0 };
  const { db, calls } = connect(() => context.getRemainingTimeInMillis() - answerMs);
  const began = performance.now();
  const { now } = received;
  try {
    const effect = await handleEvent(db, received);
    return { effect, calls: calls(), now, decidedMs: decidedIn(received, effect, performance.now() - began) };
  } catch (error) {
    logger.error('event failed', { messageId: message.messageId, error: error as Error });
    return { effect: 'failed', calls: calls(), now };
  }
}
