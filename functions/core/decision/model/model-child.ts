import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { Order, Outcome } from './model-orders.ts';
import { loadRuntime } from './runtime.ts';
import { openSession } from './session.ts';

/** The process of a `ModelProcess`. It loads the model it is sent, computes chances, and ends with its parent. */

/** Twice what its parent waits. This is for when the parent has died and cannot kill it. */
const longestMs = 10_000;

/** The model runs in the main thread, which receives no messages meanwhile, so another thread measures the time. */
function watch(): void {
  let timer: NodeJS.Timeout | undefined;
  parentPort!.on('message', (isBusy: boolean) => {
    clearTimeout(timer);
    if (isBusy) timer = setTimeout(() => process.kill(process.pid, 'SIGKILL'), longestMs);
  });
}

function serve(): void {
  const watchdog = new Worker(join(import.meta.dirname, 'model-child.js'));
  const runtime = loadRuntime();
  let infer: Awaited<ReturnType<typeof openSession>> | undefined;
  const carryOut = async (order: Order): Promise<readonly number[]> => {
    if ('rows' in order) return [...(await infer!(Float32Array.from(order.features), order.rows))];
    infer = await openSession(runtime, Buffer.from(order.model, 'base64'));
    return [];
  };
  const answer = async (order: Order) => {
    watchdog.postMessage(true);
    const outcome = await carryOut(order).then(
      (chances): Outcome => ({ id: order.id, chances }),
      (error): Outcome => ({ id: order.id, why: String(error.message) }),
    );
    watchdog.postMessage(false);
    process.send!(outcome);
  };
  let last = Promise.resolve();
  process.on('message', (order: Order) => {
    last = last.then(() => answer(order));
  });
  process.on('disconnect', () => process.exit(0));
}

if (isMainThread) serve();
else watch();
