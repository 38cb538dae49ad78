import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secondMs } from '../../../shared/time.ts';
import type { Deadline } from './deadline.ts';
import type { Order, Outcome } from './model-orders.ts';
import { shape } from './session.ts';

/** Half the memory of `jobs`. Node and the runtime, with a model like ours, take 100 MB. */
const mostMB = 256;
/** How often memory is checked: an allocation can fill some megabytes in a millisecond. */
const lookMs = 10;

/** The environment that the process gets: where Node and the ONNX runtime are, and none of our credentials. */
const passedOn = ['PATH', 'NODE_PATH', 'LD_LIBRARY_PATH'];

type Ask = { readonly model: string } | { readonly features: readonly number[]; readonly rows: number };

/**
 * A process that runs one model. An uploaded model may be crafted to crash its reader, to loop, or to take all memory
 * (docs/adr/0052, 0074). The process is killed if it is late or too large during a request, and ends with this process.
 */
export class ModelProcess {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<readonly number[]>>();
  #orders = 0;
  #isUnwanted = false;

  constructor() {
    const env = Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
    // Without this process's own flags: a test runner's flags are not meant for the model.
    this.#child = fork(join(import.meta.dirname, 'model-child.js'), { env, stdio: 'ignore', execArgv: [] });
    // While idle, the child does not keep this process from ending.
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on('message', (outcome) => this.#hear(outcome as Outcome));
    this.#child.on('error', (error) => this.#fail(`it could not be tried: ${error.message}`));
    this.#child.on('exit', (code, signal) => this.#fail(`the ONNX runtime ended (${signal ?? code})`));
  }

  /** @throws Error that says why the model cannot be used */
  async load(bytes: Uint8Array, deadline: Deadline): Promise<void> {
    await this.#ask({ model: Buffer.from(bytes).toString('base64') }, deadline);
  }

  /**
   * Runs the model that was loaded.
   * @param features rows of `shape.features`, one after another
   * @returns a row of `shape.chances` for each
   * @throws Error that says why it gave none
   */
  async infer(features: Float32Array, rows: number, deadline: Deadline): Promise<Float32Array> {
    const answer = await this.#ask({ features: [...features], rows }, deadline);
    const chances = Float32Array.from(answer);
    // The process has already checked this, but a malicious model may control what it sends.
    if (chances.length !== rows * shape.chances || !chances.every((chance) => chance >= 0 && chance <= 1))
      throw new Error('its process returned something other than chances');
    return chances;
  }

  /** Ends the process once it has responded to all requests. */
  end(): void {
    this.#isUnwanted = true;
    if (this.#asked.size === 0) this.#child.kill('SIGKILL');
  }

  async #ask(ask: Ask, deadline: Deadline): Promise<readonly number[]> {
    this.#orders += 1;
    const order: Order = { id: this.#orders, ...ask };
    const asked = Promise.withResolvers<readonly number[]>();
    this.#asked.set(order.id, asked);
    const timer = setTimeout(
      () => this.#kill(`it did not respond within ${deadline.ms / secondMs} s`),
      deadline.left(),
    );
    const guard = setInterval(() => {
      if (megabytesOf(this.#child.pid) > mostMB) this.#kill(`it needs more than ${mostMB} MB of memory`);
    }, lookMs);
    this.#child.send(order, (error) => {
      if (error) this.#fail(`it could not be tried: ${error.message}`);
    });
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
      clearInterval(guard);
      this.#asked.delete(order.id);
      if (this.#isUnwanted) this.end();
    }
  }

  #hear(outcome: Outcome): void {
    const asked = this.#asked.get(outcome.id);
    if ('why' in outcome) asked?.reject(new Error(outcome.why));
    else asked?.resolve(outcome.chances);
  }

  #kill(why: string): void {
    this.#fail(why);
    this.#child.kill('SIGKILL');
  }

  #fail(why: string): void {
    for (const { reject } of this.#asked.values()) reject(new Error(why));
  }
}

/** A process's resident memory in MB; 0 where that cannot be read. */
function megabytesOf(pid: number | undefined): number {
  try {
    const [, rss] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(rss ?? 0) / 1024;
  } catch {
    return 0; // the process has ended, or this is not Linux
  }
}
