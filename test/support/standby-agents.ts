import type { Machine } from './machine.ts';
import type { Answer } from './rig.ts';
import { type SimulatedEc2, type Truth, zones } from './simulated-ec2.ts';
import { activeOf, rowOf, type State, timeOf } from './standby-state.ts';
import type { World } from './standby-world.ts';

type Role = 'primary' | 'standby' | 'zombie' | 'any';

/** A standby that an agent was asked to launch, and the machine that it launched, if EC2 gave it one. */
export interface Launch {
  readonly replicaId: string;
  readonly launcher: Machine;
  readonly machine: Machine | undefined;
}

/** A switch that an agent carries out. */
export interface Task {
  readonly commandId: string;
  readonly old: Machine;
  readonly next: Machine | undefined;
}

/** What the answers to a repeated call must have in common: all, or the part that agents read. */
const all = (body: unknown) => body;
const emergencyPart = ({ success, replica_id }: { success?: boolean; replica_id?: string }) => ({
  success,
  replica_id,
});

/** What the machines' agents say and do, in the words of protocol 2 and 3. */
export class Agents {
  readonly #world: World;
  readonly #ec2: SimulatedEc2;
  readonly launches: Launch[] = [];
  readonly tasks: Task[] = [];
  readonly #claimedAt = new Map<string, number>();
  readonly #commands = new Set<string>();
  /** Machines of which R9 said that another has taken over from them. */
  readonly relieved: { readonly id: string; readonly by: string }[] = [];

  constructor(world: World, ec2: SimulatedEc2) {
    this.#world = world;
    this.#ec2 = ec2;
  }

  truthIn(role: Role): Truth | undefined {
    const { chance, pick, state } = this.#world;
    const { agent, instances } = state;
    const up = this.#ec2.truths.filter(this.#ec2.isUp);
    const among = (ids: readonly (string | null)[]) => up.filter(({ machine }) => ids.includes(machine.id));
    const found = {
      primary: () => among([agent?.instance_id ?? null]),
      standby: () => among(activeOf(state).map((row) => row.instance_id)),
      zombie: () => among(instances.filter((row) => row.instance_status === 'zombie').map(({ id }) => id)),
      any: () => up,
    }[role]();
    if (role === 'any' && chance(0.7)) return this.truthIn(pick(['primary', 'standby', 'zombie']));
    return found.length > 0 ? pick(found) : up.at(-1);
  }

  /** A machine whose agent does not know its handle registers: it does that before anything else. */
  async as(role: Role, act: (truth: Truth) => Promise<void>) {
    const truth = this.truthIn(role);
    if (!truth) return;
    if (truth.machine.handle === 'None') await this.register(truth);
    else await act(truth);
  }

  /** @returns status 0 from a machine that is gone: it says nothing */
  async call(machine: Machine, what: string, send: () => Promise<Answer>): Promise<Answer> {
    if (this.#ec2.isAlive(machine)) return this.#world.call(machine, what, send);
    return { status: 0, body: undefined, calls: 0, headers: new Headers() };
  }

  async say({ machine }: Truth, what: string, call: (machine: Machine) => Promise<Answer>) {
    await this.call(machine, what, () => call(machine));
  }

  /** A call that is said again at times: one row, and the same answer (I5). */
  async callTwice(machine: Machine, what: string, send: () => Promise<Answer>, part = all): Promise<Answer> {
    const world = this.#world;
    const first = await this.call(machine, what, send);
    const isAgain = world.isAlone && !world.mayBeKilled && first.status >= 200 && first.status < 300;
    if (!isAgain || !world.chance(0.3)) return first;
    const before = rows(await world.ledger.read(world.agentId));
    const second = await this.call(machine, `${what}, again`, send);
    world.tally.count('calls repeated');
    if (second.status === 503 && world.mayFail) return first;
    const [one, two] = [JSON.stringify(part(first.body)), JSON.stringify(part(second.body))];
    world.rule(one === two, `I5: a repeated call has the same answer: ${one}, ${two}`);
    const after = rows(await world.ledger.read(world.agentId));
    world.rule(before === after, `I5: a repeated call makes no row: ${before}, ${after}`);
    return first;
  }

  // --- What agents do all day ------------------------------------------------------------------------------------------

  async register(truth: Truth) {
    const { status } = await this.call(truth.machine, 'registers', () => truth.machine.register());
    if (status === 200) truth.known = true;
  }

  beat = (truth: Truth, status = 'online') => this.say(truth, `beats ${status}`, (m) => m.heartbeat(status));

  async report(truth: Truth) {
    const prices = Object.fromEntries(zones.map((zone, i) => [zone, 0.05 - i / 100]));
    await this.say(truth, 'reports prices', (machine) => machine.report(0.1, prices));
  }

  /** R2: what it is asked to launch it launches, if EC2 has room. */
  async askForLaunch({ machine }: Truth) {
    const world = this.#world;
    const { status, body } = await this.call(machine, 'asks what to launch', () => machine.listReplicas('launching'));
    if (status !== 200) return;
    world.rule(body.replicas.length <= 1, 'one launch at a time is asked for');
    for (const { id, az, instance_id, pool } of body.replicas) {
      const name = world.name('S', id);
      world.rule(instance_id === null && pool.az === az, `${name} is a launch that can be carried out`);
      const claimedAt = this.#claimedAt.get(id) ?? Number.NEGATIVE_INFINITY;
      world.rule(world.now - claimedAt >= 600_000, `F6: the launch of ${name} is asked for once in 10 min`);
      this.#claimedAt.set(id, world.now);
      world.tally.count('launches');
      const launched = this.#ec2.launch(machine, az);
      const refusal = typeof launched === 'string' ? launched : undefined;
      this.launches.push({
        replicaId: id,
        launcher: machine,
        machine: refusal ? undefined : (launched as Truth).machine,
      });
      if (refusal && world.chance(0.7)) await this.#fails(machine, id, refusal);
    }
  }

  async #fails(by: Machine, replicaId: string, why: string) {
    await this.callTwice(by, `says that ${this.#world.name('S', replicaId)} failed`, () =>
      by.replicaStatus(replicaId, 'failed', { error_message: why }),
    );
  }

  /** As it goes when nothing comes in between: launched, running, ready. At times it is not wanted any more by then. */
  async bringUp(truth: Truth) {
    const { machine } = truth;
    const { chance, name } = this.#world;
    await this.askForLaunch(truth);
    const launch = this.launches.at(-1);
    if (launch?.launcher !== machine || !launch.machine) return;
    if (chance(0.15))
      await this.call(machine, `deletes ${name('S', launch.replicaId)}`, () => machine.deleteReplica(launch.replicaId));
    await this.attach(machine, launch.replicaId, launch.machine);
    const standby = this.#ec2.of(launch.machine.id)!;
    if (!this.#ec2.isUp(standby)) return;
    if (chance(0.8)) await this.register(standby);
    if (chance(0.8))
      await this.callTwice(machine, `says that ${name('S', launch.replicaId)} is ready`, () =>
        machine.replicaStatus(launch.replicaId, 'ready'),
      );
  }

  async attach(by: Machine, replicaId: string, machine: Machine) {
    const { name } = this.#world;
    const what = `has launched ${name('M', machine.id)} for ${name('S', replicaId)}`;
    const { status } = await this.callTwice(by, what, () => by.putReplica(replicaId, machine.id));
    if (status === 200) this.#ec2.of(machine.id)!.known = true;
  }

  /** Something that is said of a launch, in whatever order and however late. */
  async ofLaunch() {
    const { recent, random, name, chance } = this.#world;
    const launch = recent(this.launches);
    if (!launch) return;
    const { replicaId, machine, launcher } = launch;
    const draw = random();
    const of = name('S', replicaId);
    const isThere = launcher.handle !== 'None' && this.#ec2.isAlive(launcher);
    const by = isThere ? launcher : this.truthIn('primary')?.machine;
    if (!by) return;
    if (!machine || !this.#ec2.isAlive(machine) || draw < 0.08) await this.#fails(by, replicaId, 'it never came up');
    else if (draw < 0.5) await this.attach(by, replicaId, machine);
    else if (draw < 0.8)
      await this.callTwice(by, `says that ${of} is ready`, () =>
        by.replicaStatus(replicaId, 'ready', { sync_completed_at: this.#claimed(by) }),
      );
    else if (draw < 0.9)
      await this.call(by, `says how far ${of} is`, () =>
        by.syncStatus(replicaId, { state_transfer_progress: chance(0.5) ? 100 : 50 }),
      );
    else
      await this.callTwice(by, `says that ${of} syncs`, () =>
        by.replicaStatus(replicaId, 'syncing', { sync_started_at: this.#claimed(by) }),
      );
  }

  /** A time as the machine believes it to be. */
  #claimed = (machine: Machine) => this.#ec2.of(machine.id)!.clock().toISOString();

  /** R2: the standbys that are to go. */
  async askForRemoval({ machine }: Truth) {
    const { name } = this.#world;
    const { status, body } = await this.call(machine, 'asks what to remove', () => machine.listReplicas('terminated'));
    if (status !== 200) return;
    for (const { id, instance_id } of body.replicas) {
      this.#end(instance_id);
      const times = { terminated_at: this.#claimed(machine), is_active: false };
      await this.callTwice(machine, `says that ${name('S', id)} is gone`, () =>
        machine.replicaStatus(id, 'terminated', times),
      );
    }
  }

  /** X3 and X4; one try in five fails. */
  async terminate({ machine }: Truth, succeeds = 0.8) {
    const { chance, name } = this.#world;
    const { status, body } = await this.call(machine, 'asks what to terminate', () => machine.instancesToTerminate());
    if (status !== 200) return;
    this.#listsAllOverdue(machine, body);
    for (const { instance_id: id } of body.instances) {
      const success = chance(succeeds);
      if (success) this.#end(id);
      await this.call(machine, `could ${success ? '' : 'not '}terminate ${name('M', id)}`, () =>
        machine.terminationReport(id, success),
      );
    }
  }

  /** I3: what is to be terminated for ten minutes, and was not tried in the last five, is on the list. */
  #listsAllOverdue(by: Machine, list: { auto_terminate_enabled: boolean; instances: { instance_id: string }[] }) {
    const { state, isAlone, rule, name, now } = this.#world;
    if (!isAlone || !list.auto_terminate_enabled || state.agent?.instance_id !== by.id) return;
    for (const row of state.instances) {
      const since = { zombie: row.zombie_at, terminated: row.terminated_at }[row.instance_status as string];
      const triedAt = row.termination_attempted_at as string | null;
      if (!since || row.termination_confirmed || now - timeOf(since) < 600_000) continue;
      if (triedAt === null || now - timeOf(triedAt) >= 300_000)
        rule(
          list.instances.some(({ instance_id }) => instance_id === row.id),
          `I3: ${name('M', row.id)} is on the list of what must be terminated`,
        );
    }
  }

  #end(id: string) {
    const world = this.#world;
    world.rule(world.state.agent?.instance_id !== id || !world.isAlone, `I1: ${id}, the primary, is not to be ended`);
    const truth = this.#ec2.of(id);
    if (truth?.alive) this.#ec2.end(truth, 'is terminated');
  }

  /** R1 by an agent that has launched a machine on command, or says again that it has. */
  async adopt({ machine }: Truth) {
    const { chance, recent, name } = this.#world;
    const known = chance(0.3) ? recent(this.launches)?.machine : undefined;
    const launched = known ?? this.#ec2.launch(machine, zones[1]);
    if (typeof launched === 'string') return;
    const standby = 'machine' in launched ? launched.machine : launched;
    const body = { instance_id: standby.id, pool_id: standby.pool, replica_type: 'manual' };
    const part = ({ replica_id, instance_id }: Record<string, unknown>) => ({ replica_id, instance_id });
    const what = `has launched ${name('M', standby.id)} on command`;
    const { status } = await this.callTwice(machine, what, () => machine.createReplica(body), part as typeof all);
    if (status === 201) this.#ec2.of(standby.id)!.known = true;
  }

  // --- Notices ---------------------------------------------------------------------------------------------------------

  async recommend(truth: Truth) {
    this.#ec2.recommend(truth);
    await this.callTwice(
      truth.machine,
      'may be taken',
      () => truth.machine.emergency('rebalance-recommendation'),
      emergencyPart as typeof all,
    );
  }

  emergency = ({ machine, endsAt }: Truth) =>
    this.callTwice(
      machine,
      'is being taken (R8)',
      () => machine.emergency('termination-notice', { termination_time: new Date(endsAt!).toISOString() }),
      emergencyPart as typeof all,
    );

  async imminent({ machine, endsAt }: Truth) {
    const time = { termination_time: new Date(endsAt!).toISOString(), detected_at: this.#claimed(machine) };
    const { status, body } = await this.callTwice(machine, 'is being taken (R9)', () =>
      machine.terminationImminent(time),
    );
    if (status === 200 && body.success) this.relieved.push({ id: machine.id, by: body.new_instance_id });
  }

  /** EC2 takes the machine in two minutes: R8 and R9, in any order, or one of them, or both again, or neither. */
  async notice(truth: Truth) {
    const { chance } = this.#world;
    this.#ec2.warn(truth);
    if (chance(0.1)) return;
    const calls = [() => this.emergency(truth), () => this.imminent(truth)];
    if (chance(0.2)) calls.reverse();
    if (chance(0.2)) calls.pop();
    if (chance(0.2)) calls.push(...calls);
    for (const call of calls) await call();
  }

  // --- Switches --------------------------------------------------------------------------------------------------------

  async queueSwitch(truth: Truth) {
    const { chance, pick } = this.#world;
    const target = chance(0.3) ? null : `${truth.machine.facts.type}.${pick(zones)}`;
    await this.say(truth, `is to move to ${target ?? 'on-demand'}`, (machine) => machine.queueSwitch(target));
  }

  /** A4: what it is handed it carries out, or says that it cannot. */
  async poll({ machine }: Truth) {
    const world = this.#world;
    const { status, body } = await this.call(machine, 'polls', () => machine.pendingCommands());
    if (status !== 200) return;
    for (const { id, target_mode: mode, target_pool_id } of body) {
      world.rule(!this.#commands.has(id), `I8: command ${world.name('C', id)} is handed out once`);
      this.#commands.add(id);
      const known = (await world.ledger.read(world.agentId)).commands.find((row) => row.id === id);
      world.rule(!known || timeOf(known.expires_at) > world.now, 'I8: a command is not handed out when it has expired');
      world.tally.count('switches begun');
      const launched = this.#ec2.launch(machine, target_pool_id?.split('.').at(-1) ?? machine.facts.az, mode);
      const next = typeof launched === 'string' ? undefined : launched.machine;
      this.tasks.push({ commandId: id, old: machine, next });
      if (!next && world.chance(0.7)) await this.#executed(machine, id, false);
    }
  }

  #executed = (by: Machine, commandId: string, success: boolean) =>
    this.callTwice(by, `says how ${this.#world.name('C', commandId)} went`, () =>
      by.executed(commandId, { success, message: '' }),
    );

  /** As it goes when nothing comes in between: asked for, begun, told of in any order. */
  async move(truth: Truth) {
    await this.queueSwitch(truth);
    await this.poll(truth);
    for (let words = this.#world.between(1, 4); words > 0; words -= 1) await this.ofTask();
  }

  /** A5, A7, or the successor's registration. */
  async ofTask() {
    const { recent, random, name, chance } = this.#world;
    const task = recent(this.tasks);
    if (!task) return;
    const { commandId, old, next } = task;
    const draw = random();
    const successor = next && this.#ec2.of(next.id)!;
    if (successor && this.#ec2.isUp(successor) && draw < 0.5) await this.register(successor);
    else if (next && old.handle !== 'None' && draw < 0.75) {
      const what = `reports its move to ${name('M', next.id)}`;
      const start = this.#startOf(task);
      const timing = chance(0.8) && start !== undefined ? { switch_initiated_at: start } : {};
      const { status } = await this.callTwice(old, what, () => old.switchReport(next, { timing }));
      if (status === 200) this.#ec2.of(next.id)!.known = true;
      if (status === 200) await this.#movedBy(task);
    } else await this.#executed(old, commandId, successor?.alive ?? false);
  }

  /** F8: the report of the switch that is under way is believed, whatever the clock of the one that reports says. */
  async #movedBy({ commandId, old, next }: Task) {
    const { state, isAlone, agentId, ledger, rule, name, mayBeKilled } = this.#world;
    const command = state.commands.find(({ id }) => id === commandId);
    const isUnderWay = command?.status === 'dispatched' && command.new_instance_id === null;
    if (!isAlone || mayBeKilled || !isUnderWay || state.agent?.instance_id !== old.id || rowOf(state, next!.id)) return;
    const { agent } = await ledger.read(agentId);
    rule(
      agent?.instance_id === next!.id,
      `F8: ${name('M', next!.id)} is the primary, as ${name('M', old.id)} reported`,
    );
  }

  /** When it began to carry the switch out, by the old machine's clock. */
  #startOf({ commandId, old }: Task): string | undefined {
    const command = this.#world.state.commands.find(({ id }) => id === commandId);
    if (!command?.dispatched_at) return undefined;
    const skew = this.#ec2.of(old.id)!.clock().getTime() - this.#world.now;
    return new Date(timeOf(command.dispatched_at) + skew).toISOString();
  }
}

/** How many there are of what a repeated call must not make again. */
const rows = ({ instances, replicas, interruptions, events, commands, switches }: State) =>
  Object.entries({ instances, replicas, interruptions, events, commands, switches })
    .map(([table, found]) => `${table} ${found.length}`)
    .join(', ');
