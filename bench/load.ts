import { Connection } from './connection.ts';
import type { Started } from './plane.ts';
import { factsOf, type Instance, type RequestName, registration, requestOf } from './requests.ts';

/** Times in milliseconds. */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly callsPerRequest: number;
  readonly failed: number;
}

/** Long enough for V8 to compile the hot code. */
const warmUpSeconds = 1;

interface Sender {
  readonly connection: Connection;
  readonly instance: Instance;
  sent: number;
}

/** Agents that send one kind of request to one control plane, each as soon as its previous request is done. */
export class Load {
  readonly #request: RequestName;
  readonly #senders: readonly Sender[];
  #times: number[] = [];
  #calls = 0;
  #failed = 0;
  #elapsedMs = 0;

  private constructor(request: RequestName, senders: readonly Sender[]) {
    this.#request = request;
    this.#senders = senders;
  }

  /** Registers the agents, and lets them send for a moment as an unmeasured warm-up. */
  static async prepare({ url, token }: Started, request: RequestName, agents: number): Promise<Load> {
    const senders: Sender[] = [];
    for (let n = 0; n < agents; n += 1) {
      const connection = new Connection(url, token);
      const id = `i-${request}-${agents}-${n}`;
      const { status, body } = await connection.send(registration(id));
      if (status !== 200) throw new Error(`${id} was not registered: ${status} ${body}`);
      const handle = (JSON.parse(body) as { agent_id: string }).agent_id;
      // Start after the report times of smaller loads; otherwise these price reports would be older than theirs.
      senders.push({ connection, instance: { facts: factsOf(id), handle }, sent: agents * 100_000 });
    }
    const load = new Load(request, senders);
    await load.run(warmUpSeconds);
    load.#forget();
    return load;
  }

  async run(seconds: number): Promise<void> {
    const started = performance.now();
    const until = started + seconds * 1000;
    await Promise.all(this.#senders.map((sender) => this.#keepSending(sender, until)));
    this.#elapsedMs += performance.now() - started;
  }

  /** The results of all runs together. */
  get measured(): Measured {
    const times = this.#times.toSorted((a, b) => a - b);
    const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
    return {
      requestsPerSecond: (1000 * times.length) / this.#elapsedMs,
      p50: at(0.5),
      p99: at(0.99),
      callsPerRequest: this.#calls / times.length,
      failed: this.#failed,
    };
  }

  close(): void {
    for (const { connection } of this.#senders) connection.close();
  }

  #forget(): void {
    this.#times = [];
    this.#calls = 0;
    this.#failed = 0;
    this.#elapsedMs = 0;
  }

  async #keepSending(sender: Sender, until: number): Promise<void> {
    while (performance.now() < until) {
      const before = performance.now();
      const { status, dataApiCalls } = await this.#send(sender);
      this.#times.push(performance.now() - before);
      this.#calls += dataApiCalls;
      if (status !== 200) this.#failed += 1;
    }
  }

  #send(sender: Sender) {
    const n = sender.sent++;
    return sender.connection.send(requestOf[this.#request](sender.instance, n));
  }
}
