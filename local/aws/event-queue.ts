import { randomUUID } from 'node:crypto';
import { lambdas } from '../../functions/lambdas.ts';
import type { Clock } from '../clock.ts';

const { batchSize, concurrency, maxReceives } = lambdas['spot-events'];

export interface EventQueueOptions {
  readonly clock: Clock;
  /** Runs the function on a batch, as Lambda's event source mapping does. */
  readonly run: (event: unknown) => Promise<unknown>;
}

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
}

/** What stands in for the queue between EventBridge and its function: batches, redelivery, and a dead-letter queue. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  /** The bodies of the messages that were given up. */
  readonly deadLetters: string[] = [];

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** Sends EventBridge's events, or any text in place of one, and returns when each is handled or given up. */
  async post(events: readonly unknown[]): Promise<void> {
    const firstReceived = String(this.#options.clock.now().getTime());
    const messages = events.map((event) => ({
      messageId: randomUUID(),
      body: typeof event === 'string' ? event : JSON.stringify(event),
      attributes: { SentTimestamp: firstReceived, ApproximateFirstReceiveTimestamp: firstReceived },
    }));
    const batches = chunk(messages).values();
    const drain = async () => {
      for (const batch of batches) await this.#deliver(batch);
    };
    await Promise.all(Array.from({ length: concurrency }, drain));
  }

  async #deliver(batch: readonly Message[]): Promise<void> {
    let left = batch;
    for (let receives = 1; receives <= maxReceives && left.length > 0; receives += 1)
      left = await this.#receive(left, receives);
    this.deadLetters.push(...left.map(({ body }) => body));
  }

  /** @returns what has to be delivered again: all of the batch where the function itself failed */
  async #receive(batch: readonly Message[], receives: number): Promise<readonly Message[]> {
    const Records = batch.map((message) => ({
      ...message,
      receiptHandle: randomUUID(),
      attributes: { ...message.attributes, ApproximateReceiveCount: String(receives) },
      eventSource: 'aws:sqs',
    }));
    try {
      const answer = (await this.#options.run({ Records })) as { batchItemFailures: { itemIdentifier: string }[] };
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      return batch.filter(({ messageId }) => failed.has(messageId));
    } catch {
      return batch;
    }
  }
}

const chunk = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / batchSize) }, (_, i) =>
    items.slice(i * batchSize, (i + 1) * batchSize),
  );
