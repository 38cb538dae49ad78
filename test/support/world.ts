import { randomUUID } from 'node:crypto';
import type { Connection } from 'mariadb';
import type { AgentStatus, CommandStatus, InstanceStatus } from '../../functions/shared/schema.ts';
import { connectBeside } from './database.ts';
import type { Machine, MachineFacts } from './machine.ts';
import type { Answer, Rig, Tenant } from './rig.ts';

/** One logical agent as the database has it. Times are text, flags 0 or 1: they are compared, not reckoned with. */
export interface State {
  readonly agent: AgentRow | undefined;
  readonly instances: readonly InstanceRow[];
  readonly commands: readonly CommandRow[];
  readonly switches: readonly SwitchRow[];
}
interface AgentRow {
  readonly id: string;
  readonly status: AgentStatus;
  readonly epoch: number;
  readonly instance_id: string | null;
  readonly current_mode: string;
  readonly current_pool_id: string | null;
}
interface InstanceRow {
  readonly id: string;
  readonly instance_status: InstanceStatus;
  readonly is_primary: number;
  readonly is_active: number;
  readonly zombie_at: string | null;
}
interface CommandRow {
  readonly id: string;
  readonly status: CommandStatus;
  readonly success: number | null;
  readonly inferred: number;
  readonly message: string | null;
  readonly dispatched_to: string | null;
  readonly dispatched_at: string | null;
  readonly executed_at: string | null;
  readonly completed_at: string | null;
}
interface SwitchRow {
  readonly old_instance_id: string;
  readonly new_instance_id: string;
  readonly inferred: number;
}

/** The database beside the Data API, so that no injected fault strikes those who check. */
export class Books {
  readonly #connection: Connection;
  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static open = async (): Promise<Books> => new Books(await connectBeside());

  close = () => this.#connection.end();

  async read(clientId: string, logicalId: string): Promise<State> {
    const [agent] = await this.#rows<AgentRow>(
      `SELECT id, status, epoch, instance_id, current_mode, current_pool_id FROM agents
       WHERE client_id = ? AND logical_agent_id = ?`,
      clientId,
      logicalId,
    );
    const of = (table: string, columns: string) =>
      agent ? this.#rows<never>(`SELECT ${columns} FROM ${table} WHERE agent_id = ?`, agent.id) : [];
    const [instances, commands, switches] = await Promise.all([
      of('instances', 'id, instance_status, is_primary, is_active, zombie_at'),
      of(
        'commands',
        'id, status, success, inferred, message, dispatched_to, dispatched_at, executed_at, completed_at, created_at',
      ),
      of('switches', 'old_instance_id, new_instance_id, inferred'),
    ]);
    return { agent, instances, commands, switches };
  }

  /** How often each type of event was recorded; one that tells of an inference has `:inferred` behind its type. */
  async events(agentId: string): Promise<(type: string) => number> {
    const rows = await this.#rows<{ type: string; n: bigint }>(
      `SELECT CONCAT(event_type, IF(JSON_UNQUOTE(JSON_EXTRACT(metadata, '$.inferred')) = 'true', ':inferred', '')) AS type,
         COUNT(*) AS n
       FROM system_events WHERE agent_id = ? GROUP BY type`,
      agentId,
    );
    const counts = new Map(rows.map(({ type, n }) => [type, Number(n)]));
    return (type) => counts.get(type) ?? 0;
  }

  #rows<Row>(sql: string, ...values: string[]): Promise<Row[]> {
    return this.#connection.query(sql, values);
  }
}

/** Who acts, as it stands when the step begins. */
export type Role = 'primary' | 'successor' | 'replica' | 'zombie' | 'first';

/** A switch that a machine carries out, and what it will report of it, sooner or later, once or more often. */
interface Task {
  readonly commandId: string;
  readonly old: Machine;
  /** `undefined` where EC2 had no capacity. */
  readonly next: Machine | undefined;
  readonly initiatedAt: Date;
}

/**
 * The machines of one logical agent as they are in truth, against which the control plane's books are held. Each behaves
 * as version 4 agents do (protocol 6): a command that it is handed makes it launch one machine, whatever comes after.
 */
export class World {
  readonly #rig: Rig;
  readonly #tenant: Tenant;
  readonly #books: Books;
  readonly #machines: Machine[] = [];
  readonly #tasks: Task[] = [];
  /** Machines whose agent runs and knows its handle. */
  readonly #running = new Set<Machine>();
  readonly #handedTo = new Map<string, Machine>();
  /** Machines that have said, as yet perhaps to nobody, how something went that they were told to do. */
  readonly #spoken = new Set<string>();
  /** What was answered with a 2xx, and so must be in the books: said to be so, and whether it is. */
  readonly #promises: { readonly what: string; readonly kept: (state: State) => boolean }[] = [];
  readonly #trace: string[] = [];
  readonly #logicalId = `agent-${randomUUID()}`;
  /** Whether agents of this world repeat a call at once that was answered 503. */
  readonly #insists: boolean;
  /** How often the agent has come into being by registration. */
  #registered = 1;
  /** Whether a call may be answered 503: by a fault, or by calls in each other's way. */
  mayFail = false;
  #state: State = { agent: undefined, instances: [], commands: [], switches: [] };

  constructor(rig: Rig, tenant: Tenant, books: Books, { insists }: { insists: boolean }) {
    this.#rig = rig;
    this.#tenant = tenant;
    this.#books = books;
    this.#insists = insists;
    this.#newMachine({ mode: 'ondemand', az: 'us-east-1a' });
  }

  /** Puts a primary, its retired predecessor and a replica into the database as registration leaves them, but at once. */
  async settle() {
    const now = this.#rig.clock.now();
    const id = randomUUID();
    const [zombie] = this.#machines as [Machine];
    const primary = this.#newMachine();
    const replica = this.#newMachine();
    const { type, region, az, mode } = primary.facts;
    const facts = { clientId: this.#tenant.id, instanceType: type, region, az, amiId: 'ami-1', currentMode: mode };
    const row = (machine: Machine, instanceStatus: InstanceStatus) => ({
      ...facts,
      id: machine.id,
      agentId: id,
      instanceStatus,
      isPrimary: instanceStatus === 'running_primary',
      isActive: instanceStatus !== 'zombie',
      zombieAt: instanceStatus === 'zombie' ? now : null,
      installedAt: now,
      lastSeenAt: now,
      createdAt: now,
    });
    await Promise.all([
      this.#rig.db
        .insertInto('agents')
        .values({
          ...facts,
          id,
          logicalAgentId: this.#logicalId,
          status: 'online',
          instanceId: primary.id,
          agentVersion: primary.facts.version,
          lastHeartbeatAt: now,
          createdAt: now,
          updatedAt: now,
        })
        .execute(),
      this.#rig.db
        .insertInto('instances')
        .values([row(zombie, 'zombie'), row(primary, 'running_primary'), row(replica, 'running_replica')])
        .execute(),
    ]);
    for (const machine of this.#machines) {
      machine.handle = `${id}~${machine.id}`;
      this.#running.add(machine);
    }
    this.#registered = 0;
    await this.check(true);
  }

  // --- What machines and others do -----------------------------------------------------------------------------------

  async register(role: Role) {
    await this.#register(this.#machineIn(role));
  }

  beat = (role: Role) =>
    this.#as(role, async (machine) => {
      await this.#call(machine, 'beats', [200], () => machine.heartbeat());
    });

  /** SIGTERM: the agent says that it goes. systemd may start it again, and then it registers first of all. */
  stop = (role: Role) =>
    this.#as(role, async (machine) => {
      this.#running.delete(machine);
      await this.#call(machine, 'stops', [200], () => machine.heartbeat('offline'));
    });

  /** Asks for commands, and carries out what it is handed: one RunInstances, which may find no capacity. */
  poll = (role: Role, { full = false } = {}) =>
    this.#as(role, async (machine) => {
      const { status, body } = await this.#call(machine, 'polls', [200], () => machine.pendingCommands());
      if (status !== 200) return;
      this.#rule(Array.isArray(body) && body.length <= 1, `a poll was answered ${JSON.stringify(body)}`);
      for (const command of body) this.#carryOut(machine, command, full);
    });

  /** Says how a command went. @param back 0 for the last command that was handed out, 1 for the one before it, … */
  executed = (back: number) =>
    this.#withTask(back, async ({ commandId, old, next }) => {
      const result = next
        ? { success: true, message: 'Switch completed' }
        : { success: false, message: 'Switch failed' };
      this.#spoken.add(old.id);
      const what = `says that ${this.#short(commandId)} ${next ? 'succeeded' : 'failed'}`;
      const { status } = await this.#call(old, what, [200], () => old.executed(commandId, result));
      if (status === 200)
        this.#promises.push({
          what: `${this.#short(commandId)} is closed, as it was acknowledged`,
          kept: ({ commands }) => commands.some(({ id, status }) => id === commandId && isClosed(status)),
        });
    });

  /** @param terminated whether the old machine says that it is gone already */
  report = (back: number, terminated: boolean) =>
    this.#withTask(back, async ({ old, next, initiatedAt }) => {
      if (!next) return;
      this.#spoken.add(old.id);
      const at = initiatedAt.toISOString();
      const timing = {
        switch_initiated_at: at,
        new_instance_launched_at: at,
        new_instance_ready_at: at,
        traffic_switched_at: at,
        ...(terminated && { old_instance_terminated_at: this.#rig.clock.now().toISOString() }),
      };
      const what = `reports its switch to ${this.#name(next)}${terminated ? ' and that it is gone' : ''}`;
      const { status } = await this.#call(old, what, [200], () => old.switchReport(next, { timing }));
      if (status === 200)
        this.#promises.push({
          what: `the switch from ${this.#name(old)} to ${this.#name(next)} is recorded, as it was acknowledged`,
          kept: ({ switches }) =>
            switches.some((row) => row.old_instance_id === old.id && row.new_instance_id === next.id && !row.inferred),
        });
    });

  /** The primary says that EC2 has terminated a machine: of the primary itself it is not believed. */
  confirmGone = (role: Role) =>
    this.#as('primary', async (machine) => {
      const gone = this.#machineIn(role);
      await this.#call(machine, `says that ${this.#name(gone)} is gone`, [200, 404], () =>
        machine.terminationReport(gone.id),
      );
    });

  /** Somebody at the console asks for a switch. @param choice which of the two places where the agent is not */
  async issue(choice: 0 | 1) {
    const { agent } = this.#state;
    if (!agent) return;
    const here = agent.current_mode === 'spot' ? agent.current_pool_id : 'on-demand';
    const target = ['on-demand', ...pools].filter((place) => place !== here)[choice]!;
    const body = target === 'on-demand' ? { target_mode: 'ondemand' } : { target_mode: 'spot', target_pool_id: target };
    const path = `/api/agents/${agent.id}/issue-switch-command`;
    // 200: it has got there meanwhile. 409: another switch is under way.
    await this.#call(undefined, `the console asks for ${target}`, [200, 201, 409], () =>
      this.#rig.request('POST', path, { token: this.#tenant.token, body }),
    );
  }

  /** A job may fail with the database; the next run does what it left undone. */
  async run(job: 'sweep-commands' | 'expire-agents') {
    try {
      const { ran } = (await this.#rig.runJob(job)) as { ran: boolean };
      this.#trace.push(`${job} ${ran ? 'ran' : 'was running already'}`);
    } catch (error) {
      const { name, kind } = error as Error & { kind?: string };
      this.#trace.push(`${job} failed: ${kind ?? error}`);
      this.#rule(
        this.mayFail && name === 'DatabaseError' && kind !== 'broken',
        `${job} failed by its own fault: ${error}`,
      );
    }
  }

  pass(seconds: number) {
    this.#rig.pass(seconds);
    this.#trace.push(`${seconds} s pass`);
  }

  // --- What must hold ------------------------------------------------------------------------------------------------

  /** @param alone whether the step was a single action, so that what it may change is known exactly */
  async check(alone: boolean) {
    const before = this.#state;
    const now = await this.#books.read(this.#tenant.id, this.#logicalId);
    this.#state = now;
    this.#trace.push(`= ${this.#describe(now)}`);
    if (before.agent) this.#rule(now.agent, 'the agent is still there');
    if (!now.agent) {
      this.#rule(now.instances.length + now.commands.length === 0, 'nothing belongs to an agent that is not there');
      return;
    }
    this.#checkMachines(before, now);
    if (before.agent) this.#checkEpoch(before, now, alone);
    for (const command of now.commands) this.#checkCommand(command, before, now);
    const switches = now.switches.map((row) => `${row.old_instance_id} ${row.new_instance_id}`);
    this.#rule(new Set(switches).size === switches.length, 'a switch is recorded once');
    for (const { what, kept } of this.#promises) this.#rule(kept(now), what);
  }

  #checkMachines(before: State, { agent, instances }: State) {
    const primaries = instances.filter((row) => row.is_primary);
    this.#rule(primaries.length === 1, `one machine is the primary, not ${primaries.length}`);
    this.#rule(agent!.instance_id === primaries[0]?.id, "the agent's instance_id is its primary's");
    for (const row of instances) {
      const name = this.#name(row.id);
      if (row.is_primary)
        this.#rule(row.instance_status === 'running_primary' && row.is_active, `the primary ${name} runs`);
      if (row.instance_status === 'running_primary')
        this.#rule(row.is_primary, `${name} is not running_primary in vain`);
      if (row.instance_status === 'zombie' || row.instance_status === 'terminated')
        this.#rule(!row.is_primary && !row.is_active, `${name}, which is ${row.instance_status}, is not in service`);
    }
    for (const { id, instance_status: was } of before.instances) {
      const is = instances.find((row) => row.id === id)?.instance_status;
      this.#rule(is, `${this.#name(id)} is still there`);
      if (was === 'terminated') this.#rule(is === 'terminated', `${this.#name(id)} stays terminated`);
    }
  }

  #checkEpoch({ agent: was }: State, { agent: is }: State, alone: boolean) {
    const steps = is!.epoch - was!.epoch;
    const moved = is!.instance_id !== was!.instance_id;
    this.#rule(steps >= 0, `the epoch does not go back from ${was!.epoch} to ${is!.epoch}`);
    this.#rule(!moved || steps > 0, 'the epoch is raised with a change of primary');
    this.#rule(moved || steps !== 1, 'the epoch is raised only with a change of primary');
    if (alone) this.#rule(steps <= (moved ? 1 : 0), 'one action changes the primary once at most');
  }

  #checkCommand(command: CommandRow, before: State, now: State) {
    const name = this.#short(command.id);
    const was = before.commands.find(({ id }) => id === command.id);
    this.#rule(
      successors[was?.status ?? 'pending'].includes(command.status),
      `${name} does not go ${was?.status} -> ${command.status}`,
    );
    if (was && isClosed(was.status))
      this.#rule(
        JSON.stringify(was) === JSON.stringify(command),
        `${name} stays as it was closed: ${JSON.stringify([was, command])}`,
      );
    const done = command.status === 'completed' || command.status === 'failed';
    if (done) this.#rule(command.success === Number(command.status === 'completed'), `${name} has a result`);
    if (done && (command.executed_at || command.status === 'completed') && !command.inferred)
      this.#rule(this.#spoken.has(command.dispatched_to!), `${name} is done by word of the machine that has it`);
    if (done || command.status === 'dispatched')
      this.#rule(command.dispatched_at && command.dispatched_to, `${name} was handed out before it was done`);
    const machine = this.#handedTo.get(command.id);
    if (!machine || was?.dispatched_to) return;
    this.#rule(machine.id === command.dispatched_to, `${name} was handed to whom the books say`);
    // Who was primary in between of several changes of one step is not known any more.
    if (now.agent!.epoch - (before.agent?.epoch ?? 1) <= 1)
      this.#rule(
        [before.agent?.instance_id, now.agent!.instance_id].includes(machine.id),
        `${name} was handed to the primary, not to ${this.#name(machine)}`,
      );
  }

  /** When all time has passed and the sweeper has run, nothing is left open, and nothing was done twice. */
  async finish() {
    this.pass(26 * 3600);
    await this.run('sweep-commands');
    await this.run('expire-agents');
    await this.check(false);
    const { agent, commands, switches } = this.#state;
    if (!agent) return;
    this.#rule(
      agent.status === 'offline',
      `an agent that nobody has heard of for a day is offline, not ${agent.status}`,
    );
    for (const { id, status, success, message, completed_at } of commands) {
      this.#rule(isClosed(status), `${this.#short(id)} is closed in the end, not ${status}`);
      this.#rule(completed_at && (success !== null || message), `${this.#short(id)} says how it ended`);
    }
    for (const id of this.#handedTo.keys())
      this.#rule(
        commands.some((command) => command.id === id),
        `${this.#short(id)} is in the books`,
      );
    await this.#audit(agent, commands, switches);
  }

  /** Each change leaves one event: a transaction that was repeated after it had gone through would leave two. */
  async #audit({ id, epoch }: AgentRow, commands: readonly CommandRow[], switches: readonly SwitchRow[]) {
    const events = await this.#books.events(id);
    const count = (wanted: (command: CommandRow) => unknown) => commands.filter(wanted).length;
    const same = (type: string, expected: number) =>
      this.#rule(events(type) === expected, `${type} is recorded ${expected} times, not ${events(type)}`);
    same('agent_registered', this.#registered);
    same(
      'switch_completed:inferred',
      count((command) => command.inferred),
    );
    same(
      'command_failed',
      count(({ status, executed_at }) => status === 'failed' && executed_at),
    );
    same(
      'command_expired',
      count(({ status, executed_at }) => status === 'failed' && !executed_at),
    );
    const reported = events('switch_completed');
    this.#rule(reported <= switches.filter((row) => !row.inferred).length, 'a reported switch is announced once');
    const taken = events('agent_successor') + events('agent_taken_over');
    this.#rule(epoch - 1 >= taken && epoch - 1 <= taken + reported, `${epoch - 1} changes of primary were told of`);
  }

  // --- Machinery -----------------------------------------------------------------------------------------------------

  /** Commands that machines got. */
  get handedOut() {
    return this.#handedTo.size;
  }

  /** What happened, line by line, for the one who looks into a failure. */
  get trace() {
    return this.#trace.join('\n');
  }

  #newMachine(facts: Partial<MachineFacts> = {}): Machine {
    const [first] = this.#machines;
    const machine =
      first?.successor(facts) ?? this.#rig.machine(this.#tenant, { ...facts, logicalId: this.#logicalId });
    this.#machines.push(machine);
    return machine;
  }

  #machineIn(role: Role): Machine {
    const { agent, instances } = this.#state;
    const byId = (id: string | null | undefined) => this.#machines.find((machine) => machine.id === id);
    const retired = instances
      .filter((row) => row.zombie_at !== null)
      .sort((a, b) => a.zombie_at!.localeCompare(b.zombie_at!));
    const machine = {
      primary: () => byId(agent?.instance_id),
      successor: () => this.#tasks.findLast(({ next }) => next)?.next,
      replica: () => this.#machines[2],
      zombie: () => byId(retired.at(-1)?.id),
      first: () => this.#machines[0],
    }[role]();
    return machine ?? this.#machines.at(-1)!;
  }

  /** A machine whose agent does not run registers: it does that before anything else. */
  #as(role: Role, act: (machine: Machine) => Promise<void>): Promise<void> {
    const machine = this.#machineIn(role);
    return this.#running.has(machine) ? act(machine) : this.#register(machine);
  }

  async #withTask(back: number, act: (task: Task) => Promise<void>) {
    const task = this.#tasks.at(-1 - back) ?? this.#tasks[0];
    if (task) await act(task);
  }

  async #register(machine: Machine) {
    const { status } = await this.#call(machine, 'registers', [200], () => machine.register());
    if (status !== 200) return;
    this.#running.add(machine);
    this.#promises.push({
      what: `${this.#name(machine)} is known, as its registration was acknowledged`,
      kept: ({ instances }) => instances.some(({ id }) => id === machine.id),
    });
  }

  #carryOut(
    machine: Machine,
    command: { id: string; target_mode: 'spot' | 'ondemand'; target_pool_id: string | null },
    full: boolean,
  ) {
    const name = this.#short(command.id);
    const earlier = this.#handedTo.get(command.id);
    this.#rule(
      !earlier,
      `${name} is handed out once, not to ${earlier && this.#name(earlier)} and ${this.#name(machine)}`,
    );
    this.#handedTo.set(command.id, machine);
    const az = command.target_pool_id?.split('.').at(-1) ?? machine.facts.az;
    const next = full ? undefined : this.#newMachine({ mode: command.target_mode, az });
    this.#tasks.push({ commandId: command.id, old: machine, next, initiatedAt: this.#rig.clock.now() });
    this.#trace.push(
      `  ${this.#name(machine)} was handed ${name} and ${next ? `launches ${this.#name(next)}` : 'finds no capacity'}`,
    );
  }

  /** A call and what may be answered to it: besides what is expected, only a 503 of the control plane's own. */
  async #call(machine: Machine | undefined, what: string, expected: readonly number[], call: () => Promise<Answer>) {
    let answer: Answer;
    for (let tries = this.#insists ? 2 : 1; ; tries -= 1) {
      answer = await call();
      this.#trace.push(`${machine ? `${this.#name(machine)} ` : ''}${what}: ${answer.status}`);
      if (answer.status !== 503 || tries === 1) break;
    }
    const unavailable = this.mayFail && answer.status === 503 && answer.body?.code === 'unavailable';
    this.#rule(
      expected.includes(answer.status) || unavailable,
      `"${what}" is not answered ${answer.status} ${JSON.stringify(answer.body)}`,
    );
    return answer;
  }

  #rule(holds: unknown, rule: string): asserts holds {
    if (!holds) throw new Error(`Broken: ${rule}\n${this.trace}`);
  }

  #name(of: Machine | string): string {
    const index = this.#machines.findIndex((machine) => machine === of || machine.id === of);
    return index < 0 ? String(of) : `M${index + 1}`;
  }

  readonly #short = (commandId: string) => `command ${commandId.slice(0, 4)}`;

  #describe({ agent, instances, commands }: State) {
    if (!agent) return 'no agent';
    const machines = instances.map((row) => `${this.#name(row.id)} ${row.instance_status}${row.is_primary ? '*' : ''}`);
    const open = commands.map((row) => `${row.id.slice(0, 4)} ${row.status}`);
    return `${agent.status}, epoch ${agent.epoch}; ${[...machines.sort(), ...open].join(', ')}`;
  }
}

/** Where the world's machines may move to; the rig's database needs a row for each. */
export const pools = ['m5.large.us-east-1a', 'm5.large.us-east-1b'];

const isClosed = (status: CommandStatus) => successors[status].length === 1;

/** What a command may be found as after a step, by what it was before. */
const successors: Record<CommandStatus, readonly CommandStatus[]> = {
  pending: ['pending', 'dispatched', 'completed', 'failed', 'cancelled', 'expired'],
  dispatched: ['dispatched', 'completed', 'failed'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  expired: ['expired'],
};
