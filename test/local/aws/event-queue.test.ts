import { expect, it } from 'vitest';
import { lambdas } from '../../../functions/lambdas.ts';
import { EventQueue } from '../../../local/aws/event-queue.ts';
import { VirtualClock } from '../../../local/clock.ts';

const { batchSize, concurrency, maxReceives, visibilitySeconds } = lambdas['spot-events'];

interface Batch {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly attributes: Record<string, string>;
  }[];
}
type Function = (bodies: readonly string[]) => Promise<readonly string[]> | readonly string[];

/** A queue whose function returns which of the bodies in its batch it failed on. */
function queueOf(failedOf: Function) {
  const clock = new VirtualClock(new Date('2026-03-02T00:00:00Z'));
  const batches: Batch[] = [];
  const queue = new EventQueue({
    clock,
    run: async (event) => {
      const { Records } = event as Batch;
      batches.push({ Records });
      const failed = await failedOf(Records.map(({ body }) => body));
      const identifiers = Records.filter(({ body }) => failed.includes(body)).map(({ messageId }) => messageId);
      return { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) };
    },
  });
  const pass = (seconds: number) => clock.set(new Date(clock.now().getTime() + seconds * 1000));
  return { queue, batches, pass, clock };
}
const names = (count: number) => Array.from({ length: count }, (_, i) => `event ${i}`);

it('redelivers a failed message once it is visible again, with the time of its first delivery', async () => {
  const { queue, batches, pass, clock } = queueOf((bodies) => bodies.filter((body) => body === 'event 1'));
  const first = String(clock.now().getTime());
  queue.send(names(3));
  await queue.deliverDue();
  expect([batches.length, queue.size]).toEqual([1, 1]);
  pass(visibilitySeconds - 1);
  await queue.deliverDue();
  expect(batches).toHaveLength(1);
  pass(1);
  await queue.deliverDue();
  expect(batches[1]!.Records).toMatchObject([
    { body: 'event 1', attributes: { ApproximateFirstReceiveTimestamp: first, ApproximateReceiveCount: '2' } },
  ]);
});

it('redelivers the whole batch if the function itself fails', async () => {
  let fails = true;
  const { queue, pass } = queueOf(() => {
    if (fails) throw new Error('killed');
    return [];
  });
  queue.send(names(3));
  await queue.deliverDue();
  expect(queue.size).toBe(3);
  fails = false;
  pass(visibilitySeconds);
  await queue.deliverDue();
  expect(queue.size).toBe(0);
});

it('dead-letters a message after the maximum number of deliveries', async () => {
  const { queue, batches, pass } = queueOf((bodies) => bodies);
  queue.send(['never']);
  for (let i = 0; i <= maxReceives; i += 1) {
    await queue.deliverDue();
    pass(visibilitySeconds);
  }
  expect([batches.length, queue.size, queue.deadLetters]).toEqual([maxReceives, 0, ['never']]);
});

it('delivers batches of ten, at most ten at a time, with each message in one of them', async () => {
  let running = 0;
  let most = 0;
  const { queue, batches } = queueOf(async () => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    return [];
  });
  queue.send(names(10 * batchSize * concurrency + 1));
  await Promise.all([queue.deliverDue(), queue.deliverDue()]);
  const bodies = batches.flatMap(({ Records }) => Records.map(({ body }) => body));
  expect([new Set(bodies).size, bodies.length, queue.size]).toEqual([1001, 1001, 0]);
  expect(Math.max(...batches.map(({ Records }) => Records.length))).toBe(batchSize);
  expect(most).toBeLessThanOrEqual(concurrency);
});

it('delivers posted messages without waiting for the clock, until each is handled or dead-lettered', async () => {
  const { queue, batches } = queueOf((bodies) => bodies.filter((body) => body === 'event 0'));
  await queue.post(names(2));
  expect([batches.length, queue.size, queue.deadLetters]).toEqual([maxReceives, 0, ['event 0']]);
});
