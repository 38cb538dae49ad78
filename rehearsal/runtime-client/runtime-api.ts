import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LoopbackServer, readBody, reply, serveOnLoopback } from '../../local/aws/loopback-server.ts';

interface Order {
  readonly id: string;
  readonly event: string;
  readonly deadline: number;
  readonly outcome: PromiseWithResolvers<string>;
}

/**
 * Lambda's side of a container, following the documented Runtime API: the runtime client requests the next event, and
 * posts what the handler returned or threw.
 */
export class RuntimeApi {
  #server: LoopbackServer | undefined;
  readonly #waiting: Order[] = [];
  readonly #running = new Map<string, Order>();
  #ask: ((order: Order) => void) | undefined;
  #failure: Error | undefined;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** @returns host and port, for AWS_LAMBDA_RUNTIME_API */
  async open(): Promise<string> {
    this.#server = await serveOnLoopback((request, response) => this.#answer(request, response));
    return `127.0.0.1:${this.#server.port}`;
  }

  /** @returns the handler's result, as JSON text */
  invoke(event: string, timeoutMs: number): Promise<string> {
    if (this.#failure) return Promise.reject(this.#failure);
    const order = {
      id: randomUUID(),
      event,
      deadline: Date.now() + timeoutMs,
      outcome: Promise.withResolvers<string>(),
    };
    if (this.#ask) this.#ask(order);
    else this.#waiting.push(order);
    return order.outcome.promise;
  }

  /** Fails all running, waiting and future invocations. */
  fail(error: Error): void {
    this.#failure = error;
    for (const { outcome } of [...this.#running.values(), ...this.#waiting]) outcome.reject(error);
    this.#running.clear();
    this.#waiting.length = 0;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id, what] = /^\/2018-06-01\/runtime\/(?:invocation\/)?([^/]+)(?:\/(\w+))?$/.exec(request.url ?? '') ?? [];
    const body = (await readBody(request))?.toString() ?? '';
    if (id === 'next') return this.#next(response);
    if (id === 'init') this.fail(new Error(`${this.#name} did not start: ${body}`));
    else {
      const order = this.#running.get(id ?? '');
      this.#running.delete(id ?? '');
      if (what === 'response') order?.outcome.resolve(body);
      else order?.outcome.reject(new Error(`${this.#name} failed: ${body}`));
    }
    reply(response, 202, { 'content-type': 'application/json' }, '{"status":"OK"}');
  }

  async #next(response: ServerResponse): Promise<void> {
    const order = this.#waiting.shift() ?? (await new Promise<Order>((resolve) => (this.#ask = resolve)));
    this.#ask = undefined;
    this.#running.set(order.id, order);
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': order.id,
      'lambda-runtime-deadline-ms': String(order.deadline),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:us-east-1:000000000000:function:${this.#name}`,
      'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
    };
    reply(response, 200, headers, order.event);
  }
}
