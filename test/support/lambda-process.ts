import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataApi } from '../../local/aws/data-api/server.ts';
import type { Invocation, Invoke } from '../../local/aws/lambda-host.ts';

export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly event: unknown;
  readonly invocation: Invocation;
}
export type Answered =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

/** Why an invocation was not answered. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * The functions in a process of their own, as Lambda runs them. It can be killed (SIGKILL) at any moment: not a line runs
 * after that, and what it had begun in the database stays as it is. The next invocation finds a new one.
 */
export class LambdaProcess {
  #child: ChildProcess | undefined;
  #asked = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  /** Compiled code, which a process leaves to the next one if it ends in peace. */
  readonly #compiled = mkdtempSync(join(tmpdir(), 'spot-lambda-'));

  readonly invoke: Invoke = (name, event, invocation) => {
    this.#child ??= this.#start();
    const child = this.#child;
    const asked: Asked = { id: ++this.#asked, name, event, invocation };
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(asked.id, answer);
    child.send(asked);
    return answer.promise;
  };

  /** Starts the process before it is needed, and has it load functions, by events that none can read. */
  async warm(...names: string[]): Promise<void> {
    await Promise.allSettled(names.map((name) => this.invoke(name, {}, { timeoutMs: 10_000 })));
  }

  /** Has every process from now on start in half the time. */
  async compile(...names: string[]): Promise<void> {
    await this.warm(...names);
    const child = this.#child!;
    this.#child = undefined;
    child.disconnect();
    await once(child, 'exit');
  }

  /** Ends the process where it stands; what it was running is not answered. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    for (const [id, { reject }] of this.#waiting) {
      this.#waiting.delete(id);
      reject(new Killed('the process was killed'));
    }
  }

  /** The end of it all. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.#compiled, { recursive: true, force: true });
  }

  #start(): ChildProcess {
    const env = { ...process.env, NODE_COMPILE_CACHE: this.#compiled };
    const child = fork(join(import.meta.dirname, 'lambda-child.ts'), { env });
    child.on('message', (answered: Answered) => {
      const waiting = this.#waiting.get(answered.id);
      this.#waiting.delete(answered.id);
      if ('error' in answered) waiting?.reject(new Error(answered.error));
      else waiting?.resolve(answered.result);
    });
    return child;
  }
}

/** Where the process is between two statements: it is about to send one, or one was carried out and not yet answered. */
export type Moment = 'before' | 'after';

/**
 * Kills the process at the n-th call to the Data API from now on. These are the points at which a function waits, and so
 * all those at which its end makes a difference to what is stored.
 * @returns whether it came to that, once the caller asks, which also ends the watch
 */
export function killAt(dataApi: DataApi, process: LambdaProcess, n: number, moment: Moment): () => boolean {
  let calls = 0;
  let killed = false;
  const kill = async () => {
    killed = true;
    await process.kill();
  };
  dataApi.onCall = async () => {
    calls += 1;
    if (calls !== n || moment !== 'before') return;
    await kill();
    throw new Killed('nobody waits for it'); // so that it is not carried out
  };
  dataApi.onDone = async () => {
    if (calls === n && moment === 'after') await kill();
  };
  return () => {
    dataApi.onCall = undefined;
    dataApi.onDone = undefined;
    return killed;
  };
}
