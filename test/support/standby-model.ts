import { randomUUID } from 'node:crypto';
import { type Connection, createConnection } from 'mariadb';
import { inject } from 'vitest';
import type { JobName } from '../../functions/jobs.ts';
import type { Random } from '../../local/fleet/random.ts';
import type { Machine } from './machine.ts';
import type { Answer, Rig, Tenant } from './rig.ts';

/** One logical agent and what belongs to it, as the database has it. */
interface State {
  readonly agent: AgentRow | undefined;
  readonly instances: readonly InstanceRow[];
  readonly replicas: readonly ReplicaRow[];
  readonly interruptions: readonly { instance_id: string; signal_type: string; failover_completed: number | null }[];
  readonly events: readonly { event_type: string; instance_id: string | null; former: string | null }[];
  readonly takenOver: readonly string[];
}
interface AgentRow {
  readonly id: string;
  readonly status: string;
  readonly epoch: number;
  readonly instance_id: string | null;
  readonly pending_termination_instance: string | null;
}
interface InstanceRow {
  readonly id: string;
  readonly instance_status: 'running_primary' | 'running_replica' | 'zombie' | 'terminated';
  readonly is_primary: number;
  readonly termination_confirmed: number;
}
interface ReplicaRow {
  readonly id: string;
  readonly instance_id: string | null;
  readonly replica_type: string;
  readonly status: string;
  readonly is_active: number;
}

/** The database beside the Data API, so that no injected fault strikes those who check. */
export class Ledger {
  readonly #connection: Connection;
  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(): Promise<Ledger> {
    const database = process.env.DATABASE_NAME!;
    return new Ledger(await createConnection({ ...inject('database'), database, dateStrings: true }));
  }

  close = () => this.#connection.end();

  /** Takes an agent out of the books, so that jobs are not kept busy with worlds that are over. */
  async forget(logicalId: string) {
    for (const table of ['instances', 'replica_instances', 'commands', 'system_events'])
      await this.#connection.query(
        `DELETE FROM ${table} WHERE agent_id IN (SELECT id FROM agents WHERE logical_agent_id = ?)`,
        [logicalId],
      );
    await this.#connection.query('DELETE FROM agents WHERE logical_agent_id = ?', [logicalId]);
  }

  async read(logicalId: string): Promise<State> {
    const rows = <Row>(sql: string, id: string): Promise<Row[]> => this.#connection.query(sql, [id]);
    const [agent] = await rows<AgentRow>(
      'SELECT id, status, epoch, instance_id, pending_termination_instance FROM agents WHERE logical_agent_id = ?',
      logicalId,
    );
    const of = <Row>(sql: string) => (agent ? rows<Row>(sql, agent.id) : []);
    const [instances, replicas, interruptions, events, switches] = await Promise.all([
      of<InstanceRow>(
        'SELECT id, instance_status, is_primary, termination_confirmed FROM instances WHERE agent_id = ?',
      ),
      of<ReplicaRow>(
        'SELECT id, instance_id, replica_type, status, is_active FROM replica_instances WHERE agent_id = ?',
      ),
      of<State['interruptions'][number]>(
        'SELECT instance_id, signal_type, failover_completed FROM spot_interruption_events WHERE agent_id = ?',
      ),
      of<State['events'][number]>(
        `SELECT event_type, instance_id, JSON_VALUE(metadata, '$.formerInstanceId') AS former FROM system_events
         WHERE agent_id = ? AND event_type IN ('failover_completed', 'termination_notice', 'standby_interrupted')`,
      ),
      of<{ id: string }>('SELECT new_instance_id AS id FROM switches WHERE agent_id = ?'),
    ]);
    return { agent, instances, replicas, interruptions, events, takenOver: switches.map(({ id }) => id) };
  }
}

type Role = 'primary' | 'standby' | 'zombie' | 'any';

/** A machine as it is in truth. */
interface Truth {
  readonly machine: Machine;
  alive: boolean;
  /** EC2 takes it then. */
  endsAt?: number;
  /** Whether the control plane has acknowledged that it exists. */
  known: boolean;
}

/** A standby that an agent was asked to launch, and the machine that it launched, if there was capacity. */
interface Launch {
  readonly replicaId: string;
  readonly launcher: Machine;
  readonly machine: Machine | undefined;
}

/** A switch that an agent carries out. */
interface Task {
  readonly commandId: string;
  readonly old: Machine;
  readonly next: Machine;
  readonly initiatedAt: Date;
}

const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'];

/**
 * One logical agent's machines as they are in truth: they launch and are taken away, speak late, twice or never, and
 * what the control plane has in its books of them is held against it after every step.
 */
export class StandbyModel {
  readonly #rig: Rig;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #logicalId = `agent-${randomUUID()}`;
  readonly #truths: Truth[] = [];
  readonly #launches: Launch[] = [];
  readonly #tasks: Task[] = [];
  readonly #handedAt = new Map<string, number>();
  readonly #commands = new Set<string>();
  readonly #wasPrimary = new Set<string>();
  /** Machines of which R9 said that another has taken over from them. */
  readonly #relieved: { readonly id: string; readonly by: string }[] = [];
  readonly #trace: string[] = [];
  #state: State = { agent: undefined, instances: [], replicas: [], interruptions: [], events: [], takenOver: [] };
  /** Whether a call may be answered 503: by a fault, or by calls in each other's way. */
  mayFail = false;

  constructor(rig: Rig, tenant: Tenant, ledger: Ledger, { random, type }: { random: Random; type: string }) {
    this.#rig = rig;
    this.#ledger = ledger;
    this.#random = random;
    const machine = rig.machine(tenant, { logicalId: this.#logicalId, type, mode: 'spot' });
    this.#truths.push({ machine, alive: true, known: false });
  }

  /** What happened, line by line, for the one who looks into a failure. */
  get trace() {
    return this.#trace.join('\n');
  }
  /** What the world has come to, for the one who asks whether enough happens in it. */
  get tally() {
    const { replicas, events } = this.#state;
    return {
      standbys: replicas.filter((row) => row.instance_id !== null).length,
      failovers: events.filter((event) => event.event_type === 'failover_completed').length,
    };
  }

  end = () => this.#ledger.forget(this.#logicalId);

  async begin() {
    const manual = this.#chance(0.4);
    await this.#register(this.#truths[0]!);
    await this.#report(this.#truths[0]!);
    await this.#configure({ manualReplicaEnabled: manual, autoSwitchEnabled: !manual });
    await this.check(true);
  }

  /** One thing that happens, by chance. */
  async act(): Promise<void> {
    const actions: [weight: number, act: () => Promise<unknown>][] = [
      [4, () => this.#as('any', (truth) => this.#register(truth))],
      [
        8,
        () =>
          this.#as('any', (truth) =>
            this.#say(truth, 'beats', (m) => m.heartbeat(this.#chance(0.1) ? 'offline' : 'online')),
          ),
      ],
      [8, () => this.#as('primary', (truth) => this.#askForLaunch(truth))],
      [14, () => this.#as('primary', (truth) => this.#bringUp(truth))],
      [12, () => this.#ofLaunch()],
      [4, () => this.#as('any', (truth) => this.#askForRemoval(truth))],
      [5, () => this.#as('any', (truth) => this.#terminate(truth))],
      [4, () => this.#as('any', (truth) => this.#say(truth, 'wants a standby', (m) => m.createReplica()))],
      [2, () => this.#as('primary', (truth) => this.#adopt(truth))],
      [
        3,
        () => this.#ofReplica('promotes', (m, id) => m.promoteReplica(id, { demote_old_primary: this.#chance(0.3) })),
      ],
      [3, () => this.#ofReplica('deletes', (m, id) => m.deleteReplica(id))],
      [
        5,
        () => this.#as('primary', (t) => this.#say(t, 'may be taken', (m) => m.emergency('rebalance-recommendation'))),
      ],
      [12, () => this.#as(this.#chance(0.7) ? 'primary' : 'any', (truth) => this.#notice(truth))],
      [3, () => this.#as('primary', (truth) => this.#queueSwitch(truth))],
      [6, () => this.#as('primary', (truth) => this.#poll(truth))],
      [5, () => this.#ofTask()],
      [10, () => this.#run('coordinate-replicas')],
      [2, () => this.#run('sweep-commands')],
      [2, () => this.#run('expire-agents')],
      [1, () => this.#run('decide')],
      [3, () => this.#as('primary', (truth) => this.#report(truth))],
      [2, () => this.#configure()],
      [1, () => this.#as('any', async (truth) => this.#die(truth, 'dies'))],
    ];
    if (!this.#truths.some(({ alive }) => alive)) return this.#replaceAll();
    const tickets = actions.flatMap(([weight, act]) => Array<typeof act>(weight).fill(act));
    await this.#pick(tickets)();
  }

  pass(seconds: number) {
    const now = this.#rig.pass(seconds).getTime();
    this.#trace.push(`${seconds} s pass`);
    for (const truth of this.#truths)
      if (truth.alive && truth.endsAt !== undefined && truth.endsAt <= now) this.#die(truth, 'is taken by EC2');
  }

  // --- What machines and others do -----------------------------------------------------------------------------------

  async #register(truth: Truth) {
    const { status } = await this.#call(truth.machine, 'registers', () => truth.machine.register());
    if (status === 200) truth.known = true;
  }

  async #report(truth: Truth) {
    const prices = Object.fromEntries(zones.map((zone, i) => [zone, 0.05 - i / 100]));
    await this.#say(truth, 'reports prices', (machine) => machine.report(0.1, prices));
  }

  /** R2: what it is asked to launch it launches, one time in five in vain. */
  async #askForLaunch({ machine }: Truth) {
    const full = this.#chance(0.2);
    const { status, body } = await this.#call(machine, 'asks what to launch', () => machine.listReplicas('launching'));
    if (status !== 200) return;
    this.#rule(body.replicas.length <= 1, 'one launch at a time is asked for');
    for (const { id, az, instance_id, pool } of body.replicas) {
      this.#rule(instance_id === null && pool.az === az, `${id} is a launch that can be carried out`);
      const now = this.#rig.clock.now().getTime();
      this.#rule(
        now - (this.#handedAt.get(id) ?? 0) >= 600_000,
        `the launch of ${short(id)} is asked for once in 10 min`,
      );
      this.#handedAt.set(id, now);
      this.#launches.push({
        replicaId: id,
        launcher: machine,
        machine: full ? undefined : this.#newMachine(machine, az),
      });
    }
  }

  /** As it goes when nothing comes in between: asked for, launched, running. */
  async #bringUp(truth: Truth) {
    const { machine } = truth;
    if (this.#chance(0.4)) await this.#say(truth, 'may be taken', (m) => m.emergency('rebalance-recommendation'));
    else await this.#run('coordinate-replicas');
    await this.#askForLaunch(truth);
    const launch = this.#launches.at(-1);
    if (launch?.launcher !== machine || !launch.machine) return;
    await this.#attach(machine, launch.replicaId, launch.machine);
    const standby = this.#truthOf(launch.machine.id)!;
    if (standby.alive && this.#chance(0.8)) await this.#register(standby);
    if (this.#chance(0.8))
      await this.#call(machine, 'says that it is ready', () => machine.replicaStatus(launch.replicaId, 'ready'));
  }

  async #attach(by: Machine, replicaId: string, machine: Machine) {
    const what = `has launched ${this.#name(machine.id)} for ${short(replicaId)}`;
    const { status } = await this.#call(by, what, () => by.putReplica(replicaId, machine.id));
    if (status === 200) this.#truthOf(machine.id)!.known = true;
  }

  /** Something that is said of a launch, in whatever order and however late. */
  async #ofLaunch() {
    const launch = this.#recent(this.#launches);
    if (!launch) return;
    const { replicaId, machine } = launch;
    const draw = this.#random();
    const of = short(replicaId);
    const by = this.#aliveNow(launch.launcher) ? launch.launcher : this.#truthIn('primary')?.machine;
    if (!by) return;
    if (!machine || draw < 0.08) {
      await this.#call(by, `says that ${of} failed`, () => by.replicaStatus(replicaId, 'failed'));
      return;
    }
    if (draw < 0.5) await this.#attach(by, replicaId, machine);
    else if (draw < 0.8) await this.#call(by, `says that ${of} is ready`, () => by.replicaStatus(replicaId, 'ready'));
    else if (draw < 0.9)
      await this.#call(by, `says how far ${of} is`, () =>
        by.syncStatus(replicaId, { state_transfer_progress: this.#chance(0.5) ? 100 : 50 }),
      );
    else await this.#call(by, `says that ${of} syncs`, () => by.replicaStatus(replicaId, 'syncing'));
  }

  async #ofReplica(what: string, call: (by: Machine, replicaId: string) => Promise<Answer>) {
    const replica = this.#recent(this.#state.replicas);
    const by = this.#truthIn('any')?.machine;
    if (replica && by) await this.#call(by, `${what} ${short(replica.id)}`, () => call(by, replica.id));
  }

  /** R2: the standbys that are to go. */
  async #askForRemoval({ machine }: Truth) {
    const { status, body } = await this.#call(machine, 'asks what to remove', () => machine.listReplicas('terminated'));
    if (status !== 200) return;
    for (const { id, instance_id } of body.replicas) {
      this.#end(instance_id);
      await this.#call(machine, `says that ${short(id)} is gone`, () => machine.replicaStatus(id, 'terminated'));
    }
  }

  /** X3 and X4; one try in five fails. */
  async #terminate({ machine }: Truth, succeeds = 0.8) {
    const { status, body } = await this.#call(machine, 'asks what to terminate', () => machine.instancesToTerminate());
    if (status !== 200) return;
    for (const { instance_id: id } of body.instances) {
      const success = this.#chance(succeeds);
      if (success) this.#end(id);
      await this.#call(machine, `could ${success ? '' : 'not '}terminate ${this.#name(id)}`, () =>
        machine.terminationReport(id, success),
      );
    }
  }

  /** R1 by an agent that has launched a machine on command, or says again that it has. */
  async #adopt({ machine }: Truth) {
    const known = this.#chance(0.3) ? this.#recent(this.#launches)?.machine : undefined;
    const standby = known ?? this.#newMachine(machine, zones[1]!);
    const body = { instance_id: standby.id, pool_id: standby.pool, replica_type: 'manual' };
    const { status } = await this.#call(machine, `has launched ${this.#name(standby.id)} on command`, () =>
      machine.createReplica(body),
    );
    if (status === 201) this.#truthOf(standby.id)!.known = true;
  }

  /** EC2 takes the machine in two minutes: R8 and R9, in any order, or one of them, or both again. */
  async #notice(truth: Truth) {
    const { machine } = truth;
    truth.endsAt ??= this.#rig.clock.now().getTime() + 120_000;
    const time = { termination_time: new Date(truth.endsAt).toISOString() };
    const calls = [
      () => this.#call(machine, 'is being taken (R8)', () => machine.emergency('termination-notice', time)),
      async () => {
        const { status, body } = await this.#call(machine, 'is being taken (R9)', () =>
          machine.terminationImminent(time),
        );
        if (status === 200 && body.success) this.#relieved.push({ id: machine.id, by: body.new_instance_id });
      },
    ];
    if (this.#chance(0.2)) calls.reverse();
    if (this.#chance(0.2)) calls.pop();
    if (this.#chance(0.2)) calls.push(...calls);
    if (this.#chance(0.1)) await settled(calls.map((call) => call()));
    else for (const call of calls) await call();
  }

  async #queueSwitch(truth: Truth) {
    const target = this.#chance(0.3) ? null : `${truth.machine.facts.type}.${this.#pick(zones)}`;
    await this.#say(truth, `is to move to ${target ?? 'on-demand'}`, (machine) => machine.queueSwitch(target));
  }

  /** A4. */
  async #poll({ machine }: Truth) {
    const { status, body } = await this.#call(machine, 'polls', () => machine.pendingCommands());
    if (status !== 200) return;
    for (const { id, target_mode: mode, target_pool_id } of body) {
      this.#rule(!this.#commands.has(id), `command ${short(id)} is handed out once`);
      this.#commands.add(id);
      const az = target_pool_id?.split('.').at(-1) ?? machine.facts.az;
      const next = this.#newMachine(machine, az, mode);
      this.#tasks.push({ commandId: id, old: machine, next, initiatedAt: this.#rig.clock.now() });
    }
  }

  /** A5, A7, or the successor's registration. */
  async #ofTask() {
    const task = this.#recent(this.#tasks);
    if (!task) return;
    const { commandId, old, next, initiatedAt } = task;
    const draw = this.#random();
    const successor = this.#truthOf(next.id)!;
    if (draw < 0.5 && successor.alive) await this.#register(successor);
    else if (draw < 0.75 && old.handle !== 'None') {
      const { status } = await this.#call(old, `reports its move to ${this.#name(next.id)}`, () =>
        old.switchReport(next, { timing: this.#chance(0.8) ? { switch_initiated_at: initiatedAt.toISOString() } : {} }),
      );
      if (status === 200) successor.known = true;
    } else
      await this.#call(old, `says how ${short(commandId)} went`, () =>
        old.executed(commandId, { success: successor.alive, message: '' }),
      );
  }

  async #configure(modes?: { manualReplicaEnabled: boolean; autoSwitchEnabled: boolean }) {
    const id = this.#truths[0]!.machine.agentId;
    const manual = this.#chance(0.5);
    const values = {
      manualReplicaEnabled: manual,
      autoSwitchEnabled: !manual && this.#chance(0.8),
      autoTerminateEnabled: this.#chance(0.8),
      enabled: this.#chance(0.9),
      ...modes,
    };
    this.#trace.push(`the console sets ${JSON.stringify(values)}`);
    // Beside the faults, which would strike the test.
    await this.#rig.db
      .updateTable('agents')
      .set(values)
      .where('id', '=', id)
      .execute()
      .catch(() => {});
  }

  /** All is lost: whoever runs the workload starts a machine anew. */
  async #replaceAll() {
    const machine = this.#newMachine(this.#truths[0]!.machine, this.#pick(zones));
    await this.#register(this.#truthOf(machine.id)!);
  }

  /** A job may fail with the database; the next run does what it left undone. */
  async #run(job: JobName) {
    try {
      const { ran, rows } = (await this.#rig.runJob(job)) as { ran: boolean; rows?: number };
      this.#trace.push(`${job} ${ran ? `changed ${rows}` : 'was running already'}`);
    } catch (error) {
      const { name, kind } = error as Error & { kind?: string };
      this.#trace.push(`${job} failed: ${kind ?? error}`);
      this.#rule(
        this.mayFail && name === 'DatabaseError' && kind !== 'broken',
        `${job} fails by its own fault: ${error}`,
      );
    }
  }

  // --- What must hold ------------------------------------------------------------------------------------------------

  /** @param alone whether the step was a single action, so that what it may change is known exactly */
  async check(alone: boolean) {
    const before = this.#state;
    const now = await this.#ledger.read(this.#logicalId);
    this.#state = now;
    this.#trace.push(`= ${this.#describe(now)}`);
    const { agent, instances } = now;
    if (!agent) return;
    const primaries = instances.filter((row) => row.is_primary);
    this.#rule(primaries.length <= 1, 'there is one primary at most');
    this.#rule(
      (primaries[0]?.id ?? agent.instance_id) === agent.instance_id,
      "the agent's instance_id is its primary's",
    );
    if (primaries[0]) this.#wasPrimary.add(primaries[0].id);
    if (before.agent) {
      const moved = before.agent.instance_id !== agent.instance_id;
      const steps = agent.epoch - before.agent.epoch;
      this.#rule(
        moved ? steps >= 1 : steps >= 0 && (!alone || steps === 0),
        `the epoch rises by ${steps}, moved: ${moved}`,
      );
    }
    const pending = agent.pending_termination_instance;
    this.#rule(pending === null || pending === agent.instance_id, 'the machine that is being taken is the primary');
    this.#checkMachines(before, now);
    this.#checkStandbys(now);
    this.#checkNotices(now);
  }

  #checkMachines(before: State, { instances, replicas }: State) {
    for (const { id, instance_status: was } of before.instances)
      if (was === 'terminated')
        this.#rule(this.#rowOf(id)?.instance_status === 'terminated', `${this.#name(id)} stays terminated`);
    for (const row of instances)
      if (row.termination_confirmed)
        this.#rule(!this.#truthOf(row.id)?.alive, `${this.#name(row.id)}, which is confirmed gone, is gone`);
    for (const { machine, known, alive } of this.#truths) {
      if (!known || !alive) continue;
      const row = this.#rowOf(machine.id);
      const name = this.#name(machine.id);
      this.#rule(row, `${name} is in the books, as it was acknowledged`);
      const standby = replicas.find(({ instance_id }) => instance_id === machine.id);
      // A machine that nobody asked for waits beside the primary, and has no standby's row.
      if (row.instance_status === 'running_replica')
        this.#rule(!standby || standby.is_active, `${name} is no orphan: its standby is ${standby?.status}`);
    }
  }

  #checkStandbys({ replicas, takenOver }: State) {
    const active = replicas.filter((row) => row.is_active);
    for (const manual of [true, false])
      this.#rule(
        active.filter((row) => (row.replica_type === 'manual') === manual).length <= 1,
        `one ${manual ? 'manual' : 'automatic'} standby at most is active`,
      );
    for (const { id, instance_id } of active)
      if (instance_id !== null)
        this.#rule(
          this.#rowOf(instance_id)?.instance_status === 'running_replica',
          `the machine of the active standby ${short(id)} is ${this.#rowOf(instance_id)?.instance_status}`,
        );
    for (const { id, instance_id, status } of replicas)
      if (status === 'promoted')
        this.#rule(
          instance_id !== null && (this.#wasPrimary.has(instance_id) || takenOver.includes(instance_id)),
          `the machine of ${short(id)}, which was promoted, is or was the primary`,
        );
  }

  #checkNotices({ interruptions, events }: State) {
    const notices = interruptions.filter((row) => row.signal_type === 'termination-notice');
    once(
      notices.map((row) => row.instance_id),
      (id) => this.#rule(false, `one row is kept of ${this.#name(id)}'s end`),
    );
    const of = (type: string) => events.filter((event) => event.event_type === type);
    for (const type of ['termination_notice', 'standby_interrupted'])
      once(
        of(type).map((event) => event.instance_id ?? ''),
        (id) => this.#rule(false, `one ${type} tells of ${this.#name(id)}`),
      );
    const failovers = of('failover_completed').map((event) => event.former ?? '');
    once(failovers, (id) => this.#rule(false, `${this.#name(id)} fails over once`));
    const completed = notices.filter((row) => row.failover_completed).map((row) => row.instance_id);
    this.#rule(
      completed.toSorted().join() === failovers.toSorted().join(),
      `notices that are answered and failovers that are told of are the same: ${completed.length}, ${failovers.length}`,
    );
    for (const { id, by } of this.#relieved)
      this.#rule(
        id !== by && this.#rowOf(by) && !this.#rowOf(id)?.is_primary,
        `${this.#name(id)} was relieved by another`,
      );
  }

  /** Some quiet time, in which agents do what they do all day; then nothing is left over. */
  async finish() {
    const { agent } = this.#state;
    if (!agent) return;
    await this.#rig.db.updateTable('agents').set({ autoTerminateEnabled: true }).where('id', '=', agent.id).execute();
    let primary: Truth | undefined;
    // As long as one machine is the primary it has the time to see to the others; without one nobody is there to do it.
    let rounds = 0;
    for (let total = 0; rounds < 8 && total < 12; total += 1) {
      this.pass(100);
      for (const truth of this.#truths)
        if (truth.alive && truth.machine.handle !== 'None') await this.#say(truth, 'beats', (m) => m.heartbeat());
      await this.#run('sweep-commands');
      await this.#run('coordinate-replicas');
      const present = this.#truthOf((await this.#ledger.read(this.#logicalId)).agent?.instance_id ?? '');
      rounds = present === primary ? rounds + 1 : 1;
      primary = present;
      if (!primary?.alive) continue;
      if (primary.machine.handle === 'None') await this.#register(primary);
      await this.#askForRemoval(primary);
      await this.#terminate(primary, 1);
      await this.check(false);
    }
    if (!primary?.alive || rounds < 8) return;
    for (const { machine, known, alive } of this.#truths)
      if (known && alive)
        this.#rule(
          ['running_primary', 'running_replica'].includes(this.#rowOf(machine.id)!.instance_status),
          `${this.#name(machine.id)} is not left over`,
        );
  }

  // --- Machinery -----------------------------------------------------------------------------------------------------

  #newMachine(of: Machine, az: string, mode: 'spot' | 'ondemand' = 'spot'): Machine {
    const machine = of.successor({ az, mode });
    this.#truths.push({ machine, alive: true, known: false });
    this.#trace.push(`  ${this.#name(of.id)} launches ${this.#name(machine.id)} in ${az}`);
    return machine;
  }

  #die(truth: Truth, how: string) {
    truth.alive = false;
    this.#trace.push(`${this.#name(truth.machine.id)} ${how}`);
  }

  #end(id: string) {
    this.#rule(
      this.#state.agent?.instance_id !== id || this.mayFail,
      `${this.#name(id)}, the primary, is not to be ended`,
    );
    const truth = this.#truthOf(id);
    if (truth?.alive) this.#die(truth, 'is terminated');
  }

  #truthOf = (id: string) => this.#truths.find(({ machine }) => machine.id === id);
  #aliveNow = (machine: Machine) => this.#truthOf(machine.id)?.alive && machine.handle !== 'None';
  #rowOf = (id: string) => this.#state.instances.find((row) => row.id === id);
  #chance = (probability: number) => this.#random() < probability;
  #pick = <T>(items: readonly T[]): T => items[Math.floor(this.#random() * items.length)]!;
  /** Mostly the last one; what is said late of an earlier one must not harm either. */
  #recent = <T>(items: readonly T[]): T | undefined => (this.#chance(0.6) ? items.at(-1) : this.#pick(items));

  #truthIn(role: Role): Truth | undefined {
    const { agent, instances, replicas } = this.#state;
    const alive = this.#truths.filter((truth) => truth.alive);
    const among = (ids: readonly (string | null)[]) => alive.filter(({ machine }) => ids.includes(machine.id));
    const found = {
      primary: () => among([agent?.instance_id ?? null]),
      standby: () => among(replicas.filter((row) => row.is_active).map((row) => row.instance_id)),
      zombie: () => among(instances.filter((row) => row.instance_status === 'zombie').map(({ id }) => id)),
      any: () => alive,
    }[role]();
    if (role === 'any' && this.#chance(0.7)) return this.#truthIn(this.#pick(['primary', 'standby', 'zombie']));
    return found.length > 0 ? this.#pick(found) : alive.at(-1);
  }

  /** A machine whose agent does not know its handle registers: it does that before anything else. */
  async #as(role: Role, act: (truth: Truth) => Promise<void>) {
    const truth = this.#truthIn(role);
    if (!truth) return;
    if (truth.machine.handle === 'None') await this.#register(truth);
    else await act(truth);
  }

  async #say({ machine }: Truth, what: string, call: (machine: Machine) => Promise<Answer>) {
    await this.#call(machine, what, () => call(machine));
  }

  /** A call, which may be refused, and fails only where a fault or another call is in its way. */
  async #call(machine: Machine, what: string, call: () => Promise<Answer>): Promise<Answer> {
    const answer = await call();
    const { status, body } = answer;
    this.#trace.push(`${this.#name(machine.id)} ${what}: ${status}${status > 201 ? ` ${body?.code}` : ''}`);
    const unavailable = this.mayFail && status === 503 && body?.code === 'unavailable';
    this.#rule(status < 500 || unavailable, `"${what}" is not answered ${status} ${JSON.stringify(body)}`);
    return answer;
  }

  #rule(holds: unknown, rule: string): asserts holds {
    if (!holds) throw new Error(`Broken: ${rule}\n${this.trace}`);
  }

  #name(id: string): string {
    const index = this.#truths.findIndex(({ machine }) => machine.id === id);
    return index < 0 ? id : `M${index + 1}`;
  }

  #describe({ agent, instances, replicas }: State) {
    if (!agent) return 'no agent';
    const machines = instances.map((row) => `${this.#name(row.id)} ${row.instance_status}${row.is_primary ? '*' : ''}`);
    const standbys = replicas.map(
      (row) => `${short(row.id)} ${row.status}${row.instance_id ? ` on ${this.#name(row.instance_id)}` : ''}`,
    );
    const pending = agent.pending_termination_instance ? ', pending' : '';
    return `${agent.status}, epoch ${agent.epoch}${pending}; ${[...machines.sort(), ...standbys].join(', ')}`;
  }
}

const short = (id: string) => id.slice(0, 4);

export async function settled(all: Promise<unknown>[]) {
  for (const result of await Promise.allSettled(all)) if (result.status === 'rejected') throw result.reason;
}

/** Tells of the first that is there twice. */
function once(items: readonly string[], broken: (item: string) => void) {
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) broken(twice);
}
