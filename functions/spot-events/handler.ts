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

/** Kept back from a message's time, for the response about the whole batch. */
const answerMs = 2_000;

/**
 * Messages of a batch that are handled at a time. With ten functions at once, more would only wait for each other's
 * connections, and a call that times out while it waits for one leaves a transaction that nobody ends.
 */
const atOnce = 4;

/**
 * Handles EC2's events about tenants' instances from the queue, several of a batch at a time, so that a locked agent or
 * a hanging call does not hold up the others. Events that can never be acted on are counted and dropped. Those that the
 * database refused, or whose agent was locked, are handed back: SQS delivers them again and in the end moves them to
 * the dead-letter queue.
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
  /** For an interruption that called for a decision: milliseconds from EC2's time of the event until then. */
  readonly decidedMs?: number;
}

/** The effects of a warning about a primary; for other instances nothing is decided. */
const decisions: readonly Outcome['effect'][] = ['promoted', 'pending', 'on-demand', 'switching'];
const interruptions: readonly string[] = [detailTypes.interruption, detailTypes.reservation];

/** The time until the first receipt by SQS's clock, the waits between receipts, and the time that this one took. */
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
