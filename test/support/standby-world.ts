import { randomUUID } from 'node:crypto';
import { seeded } from '../../local/random.ts';
import type { Machine } from './machine.ts';
import type { Answer, Rig, Tenant } from './rig.ts';
import { type Ledger, nothing, type State, sqlTime } from './standby-state.ts';

export interface WorldOptions {
  readonly rig: Rig;
  readonly tenant: Tenant;
  readonly ledger: Ledger;
  readonly seed: number;
}

/** What happened in a world, counted, for the one who asks whether enough happens in it. */
export class Tally {
  readonly #counts = new Map<string, number>();
  count = (what: string, n = 1) => this.#counts.set(what, (this.#counts.get(what) ?? 0) + n);
  of = (what: string) => this.#counts.get(what) ?? 0;
  add(other: Tally) {
    for (const [what, n] of other.#counts) this.count(what, n);
  }
  toString = () =>
    [...this.#counts]
      .sort()
      .map(([what, n]) => `${what} ${n}`)
      .join(', ');
}

/** A call of this step: who made it and what for. */
export interface Spoken {
  readonly id: string;
  readonly what: string;
}

/** What all parts of a simulated world share: its chance, its trace, and what the books say of it. */
export class World {
  readonly rig: Rig;
  readonly tenant: Tenant;
  readonly ledger: Ledger;
  readonly seed: number;
  /** Of calls, launches and events that a fault strikes. */
  readonly percent: number;
  readonly random: () => number;
  readonly logicalId = `agent-${randomUUID()}`;
  readonly tally = new Tally();
  agentId = '';
  /** As of the last check, and of the one before. */
  state: State = nothing;
  before: State = nothing;
  /** Whether a call may be answered 503: by a fault, or by calls in each other's way. */
  mayFail = false;
  /** Whether the function's process is about to be killed, so that a call may be answered 500. */
  mayBeKilled = false;
  /** Whether one thing happens in this step, so that what it may change is known exactly. */
  isAlone = true;
  /** Of this step; `undefined` when more happened than calls of machines. */
  spoken: Spoken[] | undefined = [];
  readonly #trace: string[] = [];
  #calls: number;
  readonly #names = new Map<string, string>();

  constructor({ rig, tenant, ledger, seed }: WorldOptions) {
    this.rig = rig;
    this.tenant = tenant;
    this.ledger = ledger;
    this.seed = seed;
    this.percent = [0, 1, 5, 20][seed % 4]!;
    this.random = seeded(seed);
    this.#calls = rig.controlPlane.dataApi.calls;
  }

  // --- Chance ----------------------------------------------------------------------------------------------------------

  chance = (probability: number) => this.random() < probability;
  /** Whether one of the world's faults strikes. */
  struck = () => this.chance(this.percent / 100);
  between = (from: number, to: number) => from + Math.floor(this.random() * (to - from + 1));
  pick = <T>(items: readonly T[]): T => items[Math.floor(this.random() * items.length)]!;
  shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  /** Mostly the last one; what is said late of an earlier one must not harm either. */
  recent = <T>(items: readonly T[]): T | undefined => (this.chance(0.6) ? items.at(-1) : this.pick(items));

  get now() {
    return this.rig.clock.now().getTime();
  }
  get sqlNow() {
    return sqlTime(this.rig.clock.now());
  }

  // --- The trace: the same for every run of a seed, as it names what has random ids ------------------------------------

  get trace() {
    return this.#trace.join('\n');
  }
  note = (line: string) => this.#trace.push(line);
  /** Gives it a name at its first mention: M1, M2 … for machines, S for standbys, C for commands. */
  name = (kind: 'M' | 'S' | 'C', id: string): string => {
    const known = this.#names.get(id);
    if (known) return known;
    const name = `${kind}${[...this.#names.values()].filter((other) => other.startsWith(kind)).length + 1}`;
    this.#names.set(id, name);
    return name;
  };
  #inWords(text: string) {
    let words = text;
    for (const [id, name] of this.#names) words = words.replaceAll(id, name);
    return words;
  }

  /** @throws Error with the trace, where a rule is broken */
  rule = (holds: unknown, rule: string) => {
    if (!holds) throw new Error(`Broken: ${this.#inWords(rule)}\n${this.trace}`);
  };

  // --- The books -------------------------------------------------------------------------------------------------------

  async look(): Promise<void> {
    this.before = this.state;
    this.state = await this.ledger.read(this.agentId);
    const { calls } = this.rig.controlPlane.dataApi;
    this.note(`= ${this.#describe(this.state)} (${calls - this.#calls} calls)`);
    this.#calls = calls;
  }

  #describe({ agent, instances, replicas, commands }: State) {
    if (!agent) return 'no agent';
    const machines = instances.map(
      (row) => `${this.name('M', row.id)} ${row.instance_status}${row.is_primary ? '*' : ''}`,
    );
    const standbys = replicas.map(
      (row) =>
        `${this.name('S', row.id)} ${row.status}${row.instance_id ? ` on ${this.name('M', row.instance_id)}` : ''}`,
    );
    const tasks = commands.map((row) => `${this.name('C', row.id)} ${row.status}`);
    const pending = agent.pending_termination_instance ? ', pending' : '';
    return `${agent.status}, epoch ${agent.epoch}${pending}; ${[...machines, ...standbys, ...tasks].join(', ')}`;
  }

  // --- Calls -----------------------------------------------------------------------------------------------------------

  /** A call, which may be refused, and fails only where a fault, a kill or another call is in its way. */
  async call(machine: Machine, what: string, send: () => Promise<Answer>): Promise<Answer> {
    this.spoken?.push({ id: machine.id, what });
    const answer = await send();
    const { status, body } = answer;
    this.note(`${this.name('M', machine.id)} ${what}: ${status}${status > 201 ? ` ${body?.code ?? ''}` : ''}`);
    const isUnavailable = this.mayFail && status === 503 && body?.code === 'unavailable';
    const isKilled = this.mayBeKilled && status === 500 && body?.message === 'Internal Server Error';
    this.rule(status < 500 || isUnavailable || isKilled, `"${what}" is not answered ${status} ${JSON.stringify(body)}`);
    return answer;
  }
}
