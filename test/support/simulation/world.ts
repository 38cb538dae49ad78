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

/** What the trace names by number. */
type Kind = 'i' | 'standby' | 'command';

type Failure = Error & { readonly kind?: string };

/**
 * The instances of one logical agent as they are in truth, against which the database is held; what happens among them is
 * the part of those who extend it. Here stands what all of them do: speak, keep a trace, read the state and check it.
 */
export class World {
  readonly rig: Rig;
  readonly tenant: Tenant;
  readonly reader: StateReader;
  readonly logicalId = `agent-${randomUUID()}`;
  /** As of the last check, and of the one before. */
  state: AgentState = nothing;
  before: AgentState = nothing;
  /** Whether a call may be answered 503: by a fault, or by calls in each other's way. */
  mayFail = false;
  /** Whether the function's process is about to be killed, so that a call may be answered 500. */
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
  /** Gives it a name at its first mention: i-1, i-2 … for instances, standby-1 …, command-1 …. */
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

  /** @throws Error with the trace, where a rule is broken */
  rule = (holds: unknown, rule: string) => {
    if (!holds) throw new Error(`Broken: ${this.#inWords(rule)}\n${this.trace}`);
  };

  // --- The state -------------------------------------------------------------------------------------------------------

  /** Of this moment; nothing where the agent has not come into being. */
  async read(): Promise<AgentState> {
    this.#agentId ??= await this.reader.idOf(this.tenant.id, this.logicalId);
    return this.#agentId ? this.reader.read(this.#agentId) : nothing;
  }

  /** Reads the state, which from then on is the present one, and holds it to the rules of any agent. */
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
   * A call, which fails only where a fault, a kill or another call is in its way.
   * @param by `undefined`: somebody at the console
   * @param expected the answers that are right; all below 500, if left out
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

  /** A job may fail with the database; the next run does what it left undone. */
  async run(job: JobName): Promise<void> {
    try {
      const { ran, rows } = (await this.rig.runJob(job)) as { ran: boolean; rows?: number };
      this.note(`${job} ${ran ? `changed ${rows}` : 'was running already'}`);
    } catch (thrown) {
      const error = thrown as Failure & { readonly errors?: readonly Failure[] };
      const isKilled = error.name === 'Killed';
      this.note(`${job} failed: ${isKilled ? error.name : (error.kind ?? error)}`);
      // A job whose steps are isolated fails with the failures of all of them.
      const isOfDatabase = (error.errors ?? [error]).every(
        ({ name, kind }) => name === 'DatabaseError' && this.mayFailJob(kind),
      );
      const isFault = this.mayFail && isOfDatabase;
      this.rule((this.mayBeKilled && isKilled) || isFault, `${job} fails by its own fault: ${error}`);
    }
  }

  /** Whether a failure of the database of that kind is one that a job may do without. */
  protected mayFailJob(kind: string | undefined): boolean {
    return kind !== 'broken';
  }
}
