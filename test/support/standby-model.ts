import type { JobName } from '../../functions/jobs.ts';
import { SimulatedEc2, type Truth } from './simulated-ec2.ts';
import { SimulatedEvents } from './simulated-events.ts';
import type { SimulatedLambdas } from './simulated-lambdas.ts';
import { Turns } from './simulated-turns.ts';
import { Agents } from './standby-agents.ts';
import { Rules } from './standby-rules.ts';
import { type Cast, Scenes } from './standby-scenes.ts';
import { primaryOf, rowOf } from './standby-state.ts';
import { World, type WorldOptions } from './standby-world.ts';

/** Within a poll, a boot; past the notice, the heartbeat timeout, a launch's ten minutes, a lease, a false alarm, a day. */
const times = [5, 20, 60, 125, 610, 1300, 7300, 87_000];

/** Those that concern standbys. */
export const simulatedJobs = ['coordinate-replicas', 'sweep-commands', 'expire-agents', 'decide'] as const;

/** What a kill leaves locked is freed when the Data API ends the transaction: after three minutes. */
const lockedSeconds = 181;

/** A killed job's row is taken for five. */
const jobSeconds = 301;

/**
 * One logical agent's machines as they are in truth: they launch and are taken away, speak late, twice or never, and
 * what the control plane has in its books of them is held against it after every step.
 */
export class StandbyModel {
  readonly world: World;
  readonly #ec2: SimulatedEc2;
  readonly #events: SimulatedEvents;
  readonly #agents: Agents;
  readonly #rules: Rules;
  readonly #scenes: Scenes;
  readonly #lambdas: SimulatedLambdas;

  constructor(options: WorldOptions & { lambdas: SimulatedLambdas }) {
    const world = new World(options);
    this.world = world;
    this.#lambdas = options.lambdas;
    this.#events = new SimulatedEvents(world);
    this.#ec2 = new SimulatedEc2(world, this.#events);
    this.#agents = new Agents(world, this.#ec2);
    this.#rules = new Rules(world, this.#ec2, this.#agents);
    const cast: Cast = {
      world,
      ec2: this.#ec2,
      events: this.#events,
      agents: this.#agents,
      together: (...threads) => this.#together(threads),
      run: (job) => this.#run(job),
      check: () => this.#rules.check(),
      pass: (seconds) => this.#passed(seconds),
    };
    this.#scenes = new Scenes(cast);
  }

  async begin() {
    const manual = this.world.chance(0.4);
    const first = this.#ec2.first();
    await this.#agents.register(first);
    this.world.agentId = first.machine.agentId;
    await this.#agents.report(first);
    await this.#configure({ manualReplicaEnabled: manual, autoSwitchEnabled: !manual });
    await this.#check();
  }

  /** One step of the world, after which every rule holds. */
  async step() {
    const { world } = this;
    await this.#passed(world.between(1, 3));
    if (world.chance(0.12)) await this.#passed(times[Math.floor(world.random() ** 1.5 * times.length)]!);
    world.spoken = [];
    world.mayFail = world.percent > 0;
    if (world.struck()) await this.#killStep();
    else {
      const threads = world.chance(0.2) ? world.between(2, 4) : 1;
      await this.#together(Array.from({ length: threads }, () => () => this.#act()));
      if (threads === 1) await this.#check();
    }
  }

  /** Threads at once; of those that are begun by one of them, one comes after the other. */
  async #together(threads: readonly (() => Promise<unknown>)[]) {
    const { world } = this;
    if (threads.length === 1 || !world.isAlone || world.mayBeKilled) {
      for (const thread of threads) await thread();
      return;
    }
    world.isAlone = false;
    const mayFail = world.mayFail;
    world.mayFail = true;
    world.tally.count('steps of several threads');
    world.note(`${threads.length} at once:`);
    const turns = new Turns(world.rig.controlPlane.dataApi, world.random, () => world.ledger.lockWaits());
    await turns.run(threads);
    await this.#check();
    world.isAlone = true;
    world.mayFail = mayFail;
  }

  /** F4: the function is killed at some call of its own to the database. */
  async #killStep() {
    const { world } = this;
    const { dataApi } = world.rig.controlPlane;
    const at = { dataApi, n: world.between(1, 14), moment: world.pick(['before', 'after'] as const) };
    const isNoticed = world.chance(0.85);
    const recover = async () => {
      world.note(`  killed ${at.moment} call ${at.n}`);
      if (isNoticed) await this.#freeLocks();
    };
    world.mayBeKilled = true;
    const wasKilled = await this.#lambdas.killedAt(at, recover, () => this.#act());
    world.isAlone = false;
    if (wasKilled) {
      world.tally.count('kills');
      await this.#check();
      if (!isNoticed) {
        await this.#act(); // among what the dead have locked
        await this.#check();
        await this.#freeLocks();
      }
    }
    await this.#check();
    world.mayBeKilled = false;
    world.isAlone = true;
  }

  async #freeLocks() {
    this.#pass(lockedSeconds * 1000);
    await this.world.rig.controlPlane.dataApi.expire();
  }

  /** Time passes, and EC2's events come when they come. */
  async #passed(seconds: number) {
    const { world } = this;
    const until = world.now + seconds * 1000;
    if (seconds > 3) world.note(`${seconds} s pass`);
    for (let next = this.#events.next; next <= until; next = this.#events.next) {
      this.#pass(Math.max(0, next - world.now));
      await this.#scenes.delivery();
    }
    this.#pass(until - world.now);
    await this.#scenes.delivery();
  }

  #pass(ms: number) {
    this.world.rig.pass(ms / 1000);
    this.#ec2.pass();
  }

  #check = () => this.#rules.check();

  /** One thing that happens, by chance. */
  async #act(): Promise<void> {
    const { chance, pick } = this.world;
    const agents = this.#agents;
    const actions: [weight: number, act: () => Promise<unknown>][] = [
      [4, () => agents.as('any', (truth) => agents.register(truth))],
      [8, () => agents.as('any', (truth) => agents.beat(truth, chance(0.1) ? 'offline' : 'online'))],
      [8, () => agents.as('primary', (truth) => agents.askForLaunch(truth))],
      [14, () => agents.as('primary', (truth) => this.#bringUp(truth))],
      [12, () => agents.ofLaunch()],
      [4, () => agents.as('any', (truth) => agents.askForRemoval(truth))],
      [5, () => agents.as('any', (truth) => agents.terminate(truth))],
      [4, () => agents.as('any', (truth) => agents.say(truth, 'wants a standby', (m) => m.createReplica()))],
      [2, () => agents.as('primary', (truth) => agents.adopt(truth))],
      [3, () => this.#ofReplica('promotes')],
      [3, () => this.#ofReplica('deletes')],
      [5, () => agents.as('primary', (truth) => agents.recommend(truth))],
      [9, () => agents.as(chance(0.7) ? 'primary' : 'any', (truth) => agents.notice(truth))],
      [6, () => this.#scenes.collision()],
      [4, () => this.#scenes.silence()],
      [3, () => this.#scenes.junk()],
      [3, () => agents.as('primary', (truth) => agents.queueSwitch(truth))],
      [4, () => agents.as('primary', (truth) => agents.move(truth))],
      [6, () => agents.as('primary', (truth) => agents.poll(truth))],
      [5, () => agents.ofTask()],
      [10, () => this.#run('coordinate-replicas')],
      [2, () => this.#run('sweep-commands')],
      [2, () => this.#run('expire-agents')],
      [1, () => this.#run('decide')],
      [3, () => agents.as('primary', (truth) => agents.report(truth))],
      [2, () => this.#configure()],
      [1, () => agents.as('any', async (truth) => this.#ec2.end(truth, 'dies'))],
    ];
    if (!this.#ec2.truths.some(this.#ec2.isUp)) return this.#scenes.startAnew();
    const tickets = actions.flatMap(([weight, act]) => Array<typeof act>(weight).fill(act));
    await pick(tickets)();
  }

  async #bringUp(truth: Truth) {
    if (this.world.chance(0.4)) await this.#agents.recommend(truth);
    else await this.#run('coordinate-replicas');
    await this.#agents.bringUp(truth);
  }

  async #ofReplica(what: 'promotes' | 'deletes') {
    const { recent, name, state, chance } = this.world;
    const replica = recent(state.replicas);
    const by = this.#agents.truthIn('any')?.machine;
    if (!replica || !by || by.handle === 'None') return;
    const demote = chance(0.3);
    await this.#agents.call(by, `${what} ${name('S', replica.id)}`, () =>
      what === 'promotes'
        ? by.promoteReplica(replica.id, { demote_old_primary: demote })
        : by.deleteReplica(replica.id),
    );
  }

  async #configure(modes?: { manualReplicaEnabled: boolean; autoSwitchEnabled: boolean }) {
    const { chance, note, agentId, ledger } = this.world;
    const manual = chance(0.5);
    const values = {
      manualReplicaEnabled: manual,
      autoSwitchEnabled: !manual && chance(0.8),
      autoTerminateEnabled: chance(0.8),
      enabled: chance(0.9),
      ...modes,
    };
    this.world.spoken = undefined;
    note(`the console sets ${JSON.stringify(values)}`);
    await ledger.set(agentId, values);
  }

  /** A job may fail with the database; the next run does what it left undone. */
  async #run(job: JobName) {
    const { world } = this;
    world.spoken = undefined;
    try {
      const { ran, rows } = (await world.rig.runJob(job)) as { ran: boolean; rows?: number };
      world.note(`${job} ${ran ? `changed ${rows}` : 'was running already'}`);
    } catch (error) {
      const { name, message } = error as Error;
      world.note(`${job} failed: ${name === 'Killed' ? name : message.split(':')[0]}`);
      const isKilled = world.mayBeKilled && name === 'Killed';
      // Of the database's own errors only a conflict is one that the next run may do without.
      const isConflict = /error code: (1020|1205|1213)\b/.test(message);
      const isFault = world.mayFail && (isConflict || !message.startsWith('DatabaseErrorException'));
      world.rule(isKilled || isFault, `${job} fails by its own fault: ${error}`);
    }
  }

  /** Some quiet time, in which agents do what they do all day; then nothing is left over (I3). */
  async finish() {
    const { world } = this;
    world.mayFail = false;
    world.isAlone = false;
    if (!world.state.agent) return;
    await world.ledger.set(world.agentId, { autoTerminateEnabled: true });
    await this.#passed(jobSeconds);
    let primary: Truth | undefined;
    // As long as one machine is the primary it has the time to see to the others; without one nobody is there to do it.
    let rounds = 0;
    for (let total = 0; rounds < 8 && total < 14; total += 1) {
      await this.#passed(100);
      for (const truth of this.#ec2.truths.filter(this.#ec2.isUp))
        if (truth.machine.handle === 'None') await this.#agents.register(truth);
        else await this.#agents.beat(truth);
      await this.#run('sweep-commands');
      await this.#run('coordinate-replicas');
      await this.#check();
      const present = this.#ec2.of(primaryOf(world.state)?.id ?? '');
      rounds = present === primary ? rounds + 1 : 1;
      primary = present;
      if (!primary || !this.#ec2.isUp(primary)) continue;
      await this.#agents.askForRemoval(primary);
      await this.#agents.terminate(primary, 1);
      await this.#check();
    }
    if (!primary?.alive || rounds < 8) return;
    world.tally.count('worlds without a leak');
    for (const { machine, alive } of this.#ec2.truths)
      if (alive)
        world.rule(
          ['running_primary', 'running_replica'].includes(rowOf(world.state, machine.id)?.instance_status ?? ''),
          `I3: ${world.name('M', machine.id)} is not left over`,
        );
  }

  end() {
    const { replicas, events } = this.world.state;
    const { count } = this.world.tally;
    count('standbys', replicas.filter((row) => row.instance_id !== null).length);
    count('failovers', events.filter((event) => event.event_type === 'failover_completed').length);
    count('failovers undone', events.filter((event) => event.event_type === 'failover_undone').length);
  }
}
