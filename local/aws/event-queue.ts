import { randomUUID } from 'node:crypto';
import { lambdas } from '../../functions/lambdas.ts';
import type { Clock } from '../clock.ts';

const { batchSize, concurrency, maxReceives, visibilitySeconds } = lambdas['spot-events'];

export interface EventQueueOptions {
  readonly clock: Clock;
  /** Runs the function on a batch, as Lambda's event source mapping does. */
  readonly run: (event: unknown) => Promise<unknown>;
}

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: number;
  firstReceivedAt?: number;
  receives: number;
  /** The message is not delivered again before this time, ms since 1970. */
  hiddenUntil: number;
}

/**
 * Stands in for the queue between EventBridge and its function. A received message is hidden for a while. If it is not
 * handled by then it is delivered again; after too many receives it goes to the dead-letter queue.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #messages = new Set<Message>();
  /** Number of batches being handled. */
  #running = 0;
  /** The bodies of the messages in the dead-letter queue. */
  readonly deadLetters: string[] = [];

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** Number of messages neither handled nor given up. */
  get size(): number {
    return this.#messages.size;
  }

  /** Milliseconds since the oldest of these messages was sent; 0 if there is none. */
  get oldestMs(): number {
    const [oldest] = this.#messages;
    return oldest ? this.#now - oldest.sentAt : 0;
  }

  /** Puts events of EventBridge, or any text in place of one, into the queue. */
  send(events: readonly unknown[]): void {
    for (const message of this.#messagesOf(events)) this.#messages.add(message);
  }

  /** Delivers what is visible now, several batches at once; returns when nothing visible is left. */
  async deliverDue(): Promise<void> {
    const drain = async () => {
      for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
        this.#running += 1;
        const failed = await this.#receive(batch);
        this.#running -= 1;
        for (const message of batch) if (!failed.includes(message)) this.#messages.delete(message);
      }
    };
    await Promise.all(Array.from({ length: concurrency - this.#running }, drain));
  }

  /** Handles events outside the queue, ignoring the clock: retries each at once until it is handled or given up. */
  async post(events: readonly unknown[]): Promise<void> {
    const batches = chunk(this.#messagesOf(events)).values();
    const drain = async () => {
      for (const batch of batches) {
        let left: readonly Message[] = batch;
        for (let receives = 1; receives <= maxReceives && left.length > 0; receives += 1)
          left = await this.#receive(left);
        this.deadLetters.push(...left.map(({ body }) => body));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, drain));
  }

  get #now(): number {
    return this.#options.clock.now().getTime();
  }

  #messagesOf(events: readonly unknown[]): Message[] {
    const sentAt = this.#now;
    return events.map((event) => ({
      messageId: randomUUID(),
      body: typeof event === 'string' ? event : JSON.stringify(event),
      sentAt,
      receives: 0,
      hiddenUntil: sentAt,
    }));
  }

  /** Takes and hides a batch of visible messages, and gives up those that were received too often. */
  #take(): Message[] {
    const visible = [...this.#messages].filter(({ hiddenUntil }) => hiddenUntil <= this.#now);
    const spent = visible.filter(({ receives }) => receives >= maxReceives);
    this.deadLetters.push(...spent.map(({ body }) => body));
    for (const message of spent) this.#messages.delete(message);
    const batch = visible.filter((message) => !spent.includes(message)).slice(0, batchSize);
    for (const message of batch) message.hiddenUntil = this.#now + visibilitySeconds * 1000;
    return batch;
  }

  /** @returns the messages to deliver again: the whole batch if the function itself failed */
  async #receive(batch: readonly Message[]): Promise<readonly Message[]> {
    const Records = batch.map((message) => {
      message.receives += 1;
      message.firstReceivedAt ??= this.#now;
      return {
        messageId: message.messageId,
        body: message.body,
        receiptHandle: randomUUID(),
        attributes: {
          SentTimestamp: String(message.sentAt),
          ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
          ApproximateReceiveCount: String(message.receives),
        },
        eventSource: 'aws:sqs',
      };
    });
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
