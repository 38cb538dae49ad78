import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Invocation, Invoke } from '../../../local/aws/lambda-host.ts';

export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly event: unknown;
  readonly invocation: Invocation;
}
export type Answered =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: FailureSaid };

/** An error, as it is sent to another process. */
export interface FailureSaid {
  readonly name: string;
  readonly message: string;
  readonly kind?: string | undefined;
  /** Errors of a job's steps. */
  readonly errors?: readonly FailureSaid[] | undefined;
}

/** Why an invocation got no response. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Functions in a process of their own, as Lambda runs them. It can be killed (SIGKILL) at any moment: no code runs
 * after that, and what it had begun in the database stays as it is. The next invocation gets a new process.
 */
export class LambdaProcess {
  readonly #dist: string;
  /** Created by `open`: before that, there is nothing to remove. */
  #directory: string | undefined;
  #program = '';
  #child: ChildProcess | undefined;
  #asked = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();

  /** @param dist where the bundles are */
  constructor(dist: string) {
    this.#dist = dist;
  }

  /** Call it first, when the functions' environment is set: it starts the process. */
  async open(): Promise<void> {
    // A bundle starts in half the time of TypeScript.
    this.#directory = await mkdtemp(join(tmpdir(), 'spot-lambda-'));
    this.#program = join(this.#directory, 'child.mjs');
    const source = join(import.meta.dirname, 'lambda-child.ts');
    await build({
      entryPoints: [source],
      outfile: this.#program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    this.#start();
  }

  readonly invoke: Invoke = (name, event, invocation) => {
    const asked: Asked = { id: ++this.#asked, name, event, invocation };
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(asked.id, answer);
    this.#child!.send(asked);
    return answer.promise;
  };

  /** Kills the process; what it was running gets no response. Another one starts. */
  async kill(): Promise<void> {
    await this.#end();
    this.#start();
    for (const [id, { reject }] of this.#waiting) {
      this.#waiting.delete(id);
      reject(new Killed('the process was killed'));
    }
  }

  /** Kills the process for good and removes its files. */
  async close(): Promise<void> {
    await this.#end();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  async #end() {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  #start() {
    this.#child = fork(this.#program, [this.#dist], { execArgv: [] });
    this.#child.on('message', (answered: Answered) => {
      const waiting = this.#waiting.get(answered.id);
      this.#waiting.delete(answered.id);
      if ('error' in answered) waiting?.reject(Object.assign(new Error(), answered.error));
      else waiting?.resolve(answered.result);
    });
  }
}
