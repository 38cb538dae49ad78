import type { InstanceFacts } from '../../agents/facts.ts';
import type { TestInstance } from '../../agents/test-instance.ts';
import type { AgentState } from '../../database/agent-state.ts';
import { setPricesKnown } from '../../database/tables.ts';
import { isClosed } from '../../invariants/commands.ts';
import type { Answer } from '../../rig/api.ts';
import { World, type WorldOptions } from '../world.ts';
import { settle } from './settled.ts';

/** Who acts, by its role at the start of the step. */
export type Role = 'primary' | 'successor' | 'replica' | 'zombie' | 'first';

/** A switch that an instance carries out and will report, sooner or later, once or more often. */
interface Task {
  readonly commandId: string;
  readonly old: TestInstance;
  /** `undefined` if EC2 had no capacity. */
  readonly next: TestInstance | undefined;
  readonly initiatedAt: Date;
}

/** Where the world's instances may move to; the rig's database needs a row for each. */
export const pools = ['m5.large.us-east-1a', 'm5.large.us-east-1b'];

/**
 * The instances of one agent, each of which behaves as version 4 agents do (protocol 6): a command that it is handed
 * makes it launch one instance, whatever comes after. Callers decide what happens, and in which order.
 */
export class InterleavedWorld extends World {
  readonly #instances: TestInstance[] = [];
  readonly #tasks: Task[] = [];
  /** Instances whose agent runs and knows its handle. */
  readonly #running = new Set<TestInstance>();
  /** Whether agents of this world retry a call at once after a 503. */
  readonly #insists: boolean;
  readonly handedTo = new Map<string, TestInstance>();
  /** Instances that have reported the result of a command, even if the report has not arrived. */
  readonly spoken = new Set<string>();
  /** What a 2xx acknowledged and so must be in the database: the claim, and whether it holds. */
  readonly promises: { readonly what: string; readonly kept: (state: AgentState) => boolean }[] = [];
  /** How often registration has created the agent. */
  registered = 1;

  constructor({ insists, ...options }: WorldOptions & { readonly insists: boolean }) {
    super(options);
    this.#insists = insists;
    this.#launch({ mode: 'ondemand', az: 'us-east-1a' });
  }

  /** Begins with an agent that has a history. */
  async settle() {
    const [zombie] = this.#instances as [TestInstance];
    const settled = { zombie, primary: this.#launch(), replica: this.#launch() };
    await settle(this, settled);
    for (const instance of this.#instances) this.#running.add(instance);
    this.registered = 0;
  }

  register = (role: Role) => this.#register(this.#instanceIn(role));

  beat = (role: Role) =>
    this.#as(role, async (by) => {
      await this.#insist(by, 'beats', [200], () => by.heartbeat());
    });

  /** A merged heartbeat. The instance carries out what the response hands it, as it does after separate polls. */
  beatMerged = (role: Role, { full = false } = {}) =>
    this.#as(role, async (by) => {
      const knows = { config_version: this.state.agent?.config_version };
      const { status, body } = await this.#insist(by, 'beats and asks', [200], () => by.merged(knows));
      if (status !== 200) return;
      const { commands, next_seconds: nextSeconds } = body.merged;
      this.rule(commands.length <= 1, `a heartbeat was answered ${JSON.stringify(body)}`);
      this.rule(
        commands.length === 0 || nextSeconds === 15,
        `who carries out a command comes back in ${nextSeconds} s`,
      );
      for (const command of commands) this.#carryOut(by, command, full);
    });

  /** SIGTERM: the agent reports that it stops. If systemd starts it again, it registers first. */
  stop = (role: Role) =>
    this.#as(role, async (by) => {
      this.#running.delete(by);
      await this.#insist(by, 'stops', [200], () => by.heartbeat('offline'));
    });

  /** Polls for commands, and carries out what it is handed: one RunInstances, which may find no capacity. */
  poll = (role: Role, { full = false } = {}) =>
    this.#as(role, async (by) => {
      const { status, body } = await this.#insist(by, 'polls', [200], () => by.pendingCommands());
      if (status !== 200) return;
      this.rule(Array.isArray(body) && body.length <= 1, `a poll was answered ${JSON.stringify(body)}`);
      for (const command of body) this.#carryOut(by, command, full);
    });

  /**
   * Reports the result of a command. @param back 0 for the last command that was handed out, 1 for the one before it, …
   */
  executed = (back: number) =>
    this.#withTask(back, async ({ commandId, old, next }) => {
      const result = next
        ? { success: true, message: 'Switch completed' }
        : { success: false, message: 'Switch failed' };
      this.spoken.add(old.id);
      const what = `says that ${this.name('command', commandId)} ${next ? 'succeeded' : 'failed'}`;
      const { status } = await this.#insist(old, what, [200], () => old.executed(commandId, result));
      if (status === 200)
        this.promises.push({
          what: `${commandId} is closed, as it was acknowledged`,
          kept: ({ commands }) => commands.some((command) => command.id === commandId && isClosed(command)),
        });
    });

  /** @param terminated whether the old instance reports that it is gone already */
  report = (back: number, terminated: boolean) =>
    this.#withTask(back, async ({ old, next, initiatedAt }) => {
      if (!next) return;
      this.spoken.add(old.id);
      const at = initiatedAt.toISOString();
      const timing = {
        switch_initiated_at: at,
        new_instance_launched_at: at,
        new_instance_ready_at: at,
        traffic_switched_at: at,
        ...(terminated && { old_instance_terminated_at: this.rig.clock.now().toISOString() }),
      };
      const what = `reports its switch to ${this.name('i', next.id)}${terminated ? ' and that it is gone' : ''}`;
      const { status } = await this.#insist(old, what, [200], () => old.switchReport(next, { timing }));
      if (status === 200)
        this.promises.push({
          what: `the switch from ${old.id} to ${next.id} is recorded, as it was acknowledged`,
          kept: ({ switches }) =>
            switches.some((row) => row.old_instance_id === old.id && row.new_instance_id === next.id && !row.inferred),
        });
    });

  /** The primary reports that EC2 has terminated an instance. It is not believed about the primary itself. */
  confirmGone = (role: Role) =>
    this.#as('primary', async (by) => {
      const gone = this.#instanceIn(role);
      const what = `says that ${this.name('i', gone.id)} is gone`;
      await this.#insist(by, what, [200, 404], () => by.terminationReport(gone.id));
    });

  /** Somebody at the console asks for a switch. @param choice which of the two places where the agent is not */
  async issue(choice: 0 | 1) {
    const { agent } = this.state;
    if (!agent) return;
    const here = agent.current_mode === 'spot' ? agent.current_pool_id : 'on-demand';
    const target = ['on-demand', ...pools].filter((place) => place !== here)[choice]!;
    const body = target === 'on-demand' ? { target_mode: 'ondemand' } : { target_mode: 'spot', target_pool_id: target };
    const path = `/api/agents/${agent.id}/issue-switch-command`;
    // 200: it has moved there in the meantime. 409: another switch is under way.
    await this.#insist(undefined, `asks for ${target}`, [200, 201, 409], () =>
      this.rig.request('POST', path, { token: this.tenant.token, body }),
    );
  }

  /** From then on a merged heartbeat may have nothing to tell. */
  async collectPrices() {
    await setPricesKnown(this.reader.connection, this.rig.clock.now());
    this.note('prices are collected');
  }

  pass(seconds: number) {
    this.rig.pass(seconds);
    this.note(`${seconds} s pass`);
  }

  #launch(facts: Partial<InstanceFacts> = {}): TestInstance {
    const [first] = this.#instances;
    const instance = first?.successor(facts) ?? this.rig.instance(this.tenant, { ...facts, logicalId: this.logicalId });
    this.name('i', instance.id);
    this.#instances.push(instance);
    return instance;
  }

  #instanceIn(role: Role): TestInstance {
    const { agent, instances } = this.state;
    const byId = (id: string | null | undefined) => this.#instances.find((instance) => instance.id === id);
    const retired = instances
      .filter((row) => row.zombie_at !== null)
      .sort((a, b) => a.zombie_at!.localeCompare(b.zombie_at!));
    const instance = {
      primary: () => byId(agent?.instance_id),
      successor: () => this.#tasks.findLast(({ next }) => next)?.next,
      replica: () => this.#instances[2],
      zombie: () => byId(retired.at(-1)?.id),
      first: () => this.#instances[0],
    }[role]();
    return instance ?? this.#instances.at(-1)!;
  }

  /** Acts by role. An instance whose agent does not run registers instead: agents do that before anything else. */
  #as(role: Role, act: (by: TestInstance) => Promise<void>): Promise<void> {
    const by = this.#instanceIn(role);
    return this.#running.has(by) ? act(by) : this.#register(by);
  }

  async #withTask(back: number, act: (task: Task) => Promise<void>) {
    const task = this.#tasks.at(-1 - back) ?? this.#tasks[0];
    if (task) await act(task);
  }

  async #register(by: TestInstance) {
    const { status } = await this.#insist(by, 'registers', [200], () => by.register());
    if (status !== 200) return;
    this.#running.add(by);
    this.promises.push({
      what: `${by.id} is known, as its registration was acknowledged`,
      kept: ({ instances }) => instances.some(({ id }) => id === by.id),
    });
  }

  #carryOut(
    by: TestInstance,
    command: { id: string; target_mode: 'spot' | 'ondemand'; target_pool_id: string | null },
    full: boolean,
  ) {
    const name = this.name('command', command.id);
    const earlier = this.handedTo.get(command.id);
    this.rule(!earlier, `I8: ${name} is handed out once, not to ${earlier?.id} and ${by.id}`);
    this.handedTo.set(command.id, by);
    const az = command.target_pool_id?.split('.').at(-1) ?? by.facts.az;
    const next = full ? undefined : this.#launch({ mode: command.target_mode, az });
    this.#tasks.push({ commandId: command.id, old: by, next, initiatedAt: this.rig.clock.now() });
    this.note(
      `  ${this.name('i', by.id)} was handed ${name} and ${next ? `launches ${this.name('i', next.id)}` : 'finds no capacity'}`,
    );
  }

  async #insist(by: TestInstance | undefined, what: string, expected: readonly number[], send: () => Promise<Answer>) {
    const answer = await this.call(by, what, send, expected);
    return this.#insists && answer.status === 503 ? this.call(by, what, send, expected) : answer;
  }
}
