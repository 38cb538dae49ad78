/** A thread of `lambda-threads.ts`: runs the functions that it is told to run. It is bundled (build/bundling.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { errorToData } from './error-data.ts';
import { loader, runOnText } from './lambda-host.ts';
import type { Order, Outcome, ThreadData } from './lambda-threads.ts';

const handlerOf = loader((workerData as ThreadData).directory);

async function carryOut({ id, name, event, timeoutMs }: Order): Promise<Outcome> {
  try {
    return { id, result: await runOnText(name, handlerOf(name), event, timeoutMs) };
  } catch (error) {
    return { id, error: errorToData(error) };
  }
}

/** Passes lines of metrics to their collector, in order with the outcomes; everything else is written as before. */
function divertMetrics(): void {
  const write = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean;
  process.stdout.write = (...args: unknown[]) => {
    const [line] = args;
    if (typeof line !== 'string' || !line.startsWith('{"_aws":')) return write(...args);
    parentPort!.postMessage({ metrics: line } satisfies Outcome);
    return true;
  };
}

divertMetrics();
parentPort!.on('message', async (order: Order) => parentPort!.postMessage(await carryOut(order)));
