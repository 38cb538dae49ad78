import { randomUUID } from 'node:crypto';
import type { JobName } from '../../../functions/jobs.ts';
import type { TestInstance } from '../agents/test-instance.ts';
import { type AgentState, nothing, sqlTime } from '../database/agent-state.ts';
import type { StateReader } from '../database/state-reader.ts';
import { agentRules } from '../invariants/agent-rules.ts';
import type { Change } from '../invariants/change.ts';
import type { Answer, Tenant } from '../rig/api.ts';
import type { Rig } from '../rig/rig.ts';

export interface WorldOptions {
  readonly rig: Rig;
  readonly tenant: Tenant;
  readonly reader: StateReader;
}

/** What the trace names with a number. */
type Kind = 'i' | 'standby' | 'command';

type Failure = Error & { readonly kind?: string };

/**
 * The instances of one logical agent as they really are, to check the database against. Subclasses define what happens
 * to them. This class has what all of them need: make calls, keep a trace, read the state and check it.
 */
export class World {
  readonly rig: Rig;
  readonly tenant: Tenant;
  readonly reader: StateReader;
  readonly logicalId = `agent-${randomUUID()}`;
  /** The state at the last check, and at the one before. */
  state: AgentState = nothing;
  before: AgentState = nothing;
  /** Whether a call may get a 503, from a fault or from calls that conflict. */
  mayFail = false;
  /** Whether the function's process is about to be killed, so that a call may get a 500. */
  mayBeKilled = false;
  readonly #trace: string[] = [];
  readonly #names = new Map<string, string>();
  #agentId: string | undefined;
  #calls: number;

  constructor({ rig, tenant, reader }: WorldOptions) {
    this.rig = rig;
    this.tenant = tenant;
    this.reader = reader;
    this.#calls = rig.controlPlane.dataApi.calls;
  }

  get now() {
    return this.rig.clock.now().getTime();
  }
  get sqlNow() {
    return sqlTime(this.rig.clock.now());
  }

  // --- The trace names what has random ids, so that it is the same for every run of a seed -----------------------------

  get trace() {
    return this.#trace.join('\n');
  }
  note = (line: string) => this.#trace.push(line);
  /** Names an id at its first mention: i-1, i-2 … for instances, standby-1 …, command-1 …. */
  name = (kind: Kind, id: string): string => {
    const known = this.#names.get(id);
    if (known) return known;
    const name = `${kind}-${[...this.#names.values()].filter((other) => other.startsWith(kind)).length + 1}`;
    this.#names.set(id, name);
    return name;
  };
  #inWords(text: string) {
    let words = text;
    for (const [id, name] of this.#names) words = words.replaceAll(id, name);
    return words;
  }

  /** @throws Error with the trace, if a rule is broken */
  rule = (holds: unknown, rule: string) => {
    if (!holds) throw new Error(`Broken: ${this.#inWords(rule)}\n${this.trace}`);
  };

  // --- The state -------------------------------------------------------------------------------------------------------

  /** Reads the current state: nothing if the agent does not exist yet. */
  async read(): Promise<AgentState> {
    this.#agentId ??= await this.reader.idOf(this.tenant.id, this.logicalId);
    return this.#agentId ? this.reader.read(this.#agentId) : nothing;
  }

  /** Reads the state, keeps it as the current one, and checks the rules of any agent. */
  async check(within: Change['within']): Promise<void> {
    this.before = this.state;
    this.state = await this.read();
    const { calls } = this.rig.controlPlane.dataApi;
    this.note(`= ${this.#describe(this.state)} (${calls - this.#calls} calls)`);
    this.#calls = calls;
    agentRules({ before: this.before, now: this.state, within }, this.rule);
  }

  #describe({ agent, instances, replicas, commands }: AgentState) {
    if (!agent) return 'no agent';
    const running = instances.map(
      (row) => `${this.name('i', row.id)} ${row.instance_status}${row.is_primary ? '*' : ''}`,
    );
    const standbys = replicas.map(
      (row) =>
        `${this.name('standby', row.id)} ${row.status}${row.instance_id ? ` on ${this.name('i', row.instance_id)}` : ''}`,
    );
    const tasks = commands.map((row) => `${this.name('command', row.id)} ${row.status}`);
    const pending = agent.pending_termination_instance ? ', pending' : '';
    return `${agent.status}, epoch ${agent.epoch}${pending}; ${[...running, ...standbys, ...tasks].join(', ')}`;
  }

  // --- What happens ----------------------------------------------------------------------------------------------------

  /**
   * Makes a call, which may fail only because of a fault, a kill or another call.
   * @param by `undefined` for somebody at the console
   * @param expected the statuses that are right; all below 500 by default
   */
  async call(
    by: TestInstance | undefined,
    what: string,
    send: () => Promise<Answer>,
    expected?: readonly number[],
  ): Promise<Answer> {
    const answer = await send();
    const { status, body } = answer;
    const who = by ? this.name('i', by.id) : 'the console';
    this.note(`${who} ${what}: ${status}${status > 201 ? ` ${body?.code ?? ''}` : ''}`);
    const isRight = expected ? expected.includes(status) : status < 500;
    const isUnavailable = this.mayFail && status === 503 && body?.code === 'unavailable';
    const isKilled = this.mayBeKilled && status === 500 && body?.message === 'Internal Server Error';
    this.rule(isRight || isUnavailable || isKilled, `"${what}" is not answered ${status} ${JSON.stringify(body)}`);
    return answer;
  }

  /** Runs a job. It may fail because of the database; the next run does what it left undone. */
  async run(job: JobName): Promise<void> {
    try {
      const { ran, rows } = (await this.rig.runJob(job)) as { ran: boolean; rows?: number };
      this.note(`${job} ${ran ? `changed ${rows}` : 'was running already'}`);
    } catch (thrown) {
      const error = thrown as Failure & { readonly errors?: readonly Failure[] };
      const isKilled = error.name === 'Killed';
      this.note(`${job} failed: ${isKilled ? error.name : (error.kind ?? error)}`);
      // A job with isolated steps fails with the errors of all of them.
      const isOfDatabase = (error.errors ?? [error]).every(
        ({ name, kind }) => name === 'DatabaseError' && this.mayFailJob(kind),
      );
      const isFault = this.mayFail && isOfDatabase;
      this.rule((this.mayBeKilled && isKilled) || isFault, `${job} fails by its own fault: ${error}`);
    }
  }

  /** Whether a job may fail with this kind of database error. */
  protected mayFailJob(kind: string | undefined): boolean {
    return kind !== 'broken';
  }
}
