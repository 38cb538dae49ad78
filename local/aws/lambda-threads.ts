import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { lambdas } from '../../functions/lambdas.ts';
import { type ErrorData, errorFromData } from './error-data.ts';
import { dist, type Invoke, inTime, requireBundles, toJson } from './lambda-host.ts';

export interface ThreadData {
  readonly directory: string;
}

/** An invocation for a thread to run. Events and results are passed as JSON text. */
export interface Order {
  readonly id: number;
  readonly name: string;
  readonly event: string;
  readonly timeoutMs: number;
}

export type Outcome =
  | { readonly id: number; readonly result: string }
  | { readonly id: number; readonly error: ErrorData }
  /** A line that a function wrote for CloudWatch. */
  | { readonly metrics: string };

/** Receives a line in CloudWatch's embedded metric format. */
type OnMetrics = (line: string) => void;

export interface LambdaThreadsOptions {
  readonly size?: number;
  readonly directory?: string;
  readonly onMetrics?: OnMetrics | undefined;
}

/** One per core, less one for the gateway and the Data API, at most four: each has its own copy of the functions. */
export const defaultThreads = () => Math.min(4, Math.max(1, availableParallelism() - 1));

/** A thread may use as much memory as a Lambda has. Without limits V8 defers collecting garbage, 200 MB of it. */
const resourceLimits = {
  maxOldGenerationSizeMb: Math.max(...Object.values(lambdas).map(({ memoryMB }) => memoryMB)),
  maxYoungGenerationSizeMb: 16,
};

/**
 * Runs the functions outside this thread, so that they do not take turns with the gateway and the Data API. The threads
 * start at the first invocation, with the environment that this process has then, and each loads a function at its
 * first use. A function that throws outside its invocation ends its thread: what runs there fails, and a new thread
 * replaces it.
 */
export class LambdaThreads {
  readonly #directory: string;
  readonly #threads: LambdaThread[] = [];
  readonly #size: number;
  readonly #onMetrics: OnMetrics;

  /** @throws when a bundle is missing */
  constructor({ size = defaultThreads(), directory = dist, onMetrics = () => {} }: LambdaThreadsOptions = {}) {
    requireBundles(directory);
    this.#directory = directory;
    this.#size = size;
    this.#onMetrics = onMetrics;
  }

  readonly invoke: Invoke = async (name, event, { timeoutMs }) => {
    const result = await inTime(name, timeoutMs, () => this.#leastBusy().run(name, toJson(event), timeoutMs));
    return JSON.parse(result) as unknown;
  };

  /** Stops the threads at once; what they were running fails. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #leastBusy(): LambdaThread {
    for (let i = 0; i < this.#size; i += 1)
      if (!this.#threads[i]?.isAlive) this.#threads[i] = new LambdaThread(this.#directory, this.#onMetrics);
    return this.#threads.reduce((least, thread) => (thread.busy < least.busy ? thread : least));
  }
}

class LambdaThread {
  readonly #worker: Worker;
  readonly #running = new Map<number, PromiseWithResolvers<string>>();
  readonly #onMetrics: OnMetrics;
  #orders = 0;
  isAlive = true;

  constructor(directory: string, onMetrics: OnMetrics) {
    this.#onMetrics = onMetrics;
    const workerData: ThreadData = { directory };
    // The functions do this too, but native code does not see what a thread sets (docs/adr/0089).
    process.env.ORT_DISABLE_TELEMETRY = '1';
    this.#worker = new Worker(join(dist, 'lambda-thread.js'), { workerData, resourceLimits });
    this.#worker.on('message', (outcome: Outcome) => this.#hear(outcome));
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('exit', () => this.#fail(new Error('the functions were stopped')));
  }

  /** Number of invocations in progress. */
  get busy(): number {
    return this.#running.size;
  }

  run(name: string, event: string, timeoutMs: number): Promise<string> {
    this.#orders += 1;
    const order: Order = { id: this.#orders, name, event, timeoutMs };
    const outcome = Promise.withResolvers<string>();
    this.#running.set(order.id, outcome);
    this.#worker.postMessage(order);
    return outcome.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(outcome: Outcome): void {
    if ('metrics' in outcome) {
      this.#onMetrics(outcome.metrics);
      return;
    }
    const running = this.#running.get(outcome.id);
    this.#running.delete(outcome.id);
    if ('error' in outcome) running?.reject(errorFromData(outcome.error));
    else running?.resolve(outcome.result);
  }

  #fail(error: Error): void {
    this.isAlive = false;
    for (const { reject } of this.#running.values()) reject(error);
    this.#running.clear();
  }
}
