import type { JobName } from '../../../../functions/jobs.ts';
import { instanceIn, primaryOf } from '../../database/agent-state.ts';
import { setSwitches } from '../../database/tables.ts';
import type { KillableFunctions } from '../../processes/killable-functions.ts';
import { Turns } from '../turns.ts';
import { act, configure } from './actions.ts';
import { Adversity } from './adversity.ts';
import { Agents } from './agents.ts';
import type { Cast } from './cast.ts';
import { SimulatedEc2, type Truth } from './ec2.ts';
import { Ec2Events } from './ec2-events.ts';
import { Launches } from './launches.ts';
import { Merged } from './merged.ts';
import { Notices } from './notices.ts';
import { Rules } from './rules.ts';
import { Scenes } from './scenes.ts';
import { Switches } from './switches.ts';
import { FailoverWorld, type FailoverWorldOptions } from './world.ts';

/**
 * Seconds: within a poll, a boot; past a notice, the heartbeat timeout, 10 minutes of a launch, a lease, an alarm, a
 * day.
 */
const times = [5, 20, 60, 125, 610, 1300, 7300, 87_000];

/** The jobs that concern standbys. */
export const simulatedJobs = ['coordinate-replicas', 'sweep-commands', 'expire-agents', 'decide'] as const;

/** How long a killed process keeps its locks: the Data API ends its transaction after three minutes. */
const lockedSeconds = 181;

/** How long a killed job keeps its lease: five minutes. */
const jobSeconds = 301;

/**
 * The real instances of one logical agent: they are launched and taken away, and report late, twice or never. After
 * every step the database is checked against them.
 */
export class FailoverModel {
  readonly world: FailoverWorld;
  readonly #functions: KillableFunctions;
  readonly #cast: Cast;
  readonly #rules: Rules;
  readonly #scenes: Scenes;
  readonly #adversity: Adversity;

  constructor({ functions, ...options }: FailoverWorldOptions & { functions: KillableFunctions }) {
    const world = new FailoverWorld(options);
    const events = new Ec2Events(world);
    const ec2 = new SimulatedEc2(world, events);
    const agents = new Agents(world, ec2);
    const notices = new Notices(world, ec2, agents);
    const switches = new Switches(world, ec2, agents);
    const launches = new Launches(world, ec2, agents);
    this.world = world;
    this.#functions = functions;
    this.#rules = new Rules(world, ec2, notices, switches);
    this.#cast = {
      world,
      ec2,
      events,
      agents,
      launches,
      merged: new Merged(world, { agents, launches, switches }),
      notices,
      switches,
      together: (...threads) => this.#together(threads),
      run: (job) => this.#run(job),
      check: () => this.#rules.check(),
      pass: (seconds) => this.#passed(seconds),
    };
    this.#scenes = new Scenes(this.#cast);
    this.#adversity = new Adversity(this.#cast);
  }

  async begin() {
    const { agents, ec2, world } = this.#cast;
    const manual = world.chance(0.4);
    const first = ec2.first();
    await agents.register(first);
    await agents.report(first);
    await world.check('anything');
    await configure(this.#cast, { manualReplicaEnabled: manual, autoSwitchEnabled: !manual });
    await this.#rules.check();
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
      if (threads === 1) await this.#rules.check();
    }
  }

  #act = () => act(this.#cast, this.#scenes, this.#adversity);

  /** Runs threads concurrently; those that one of them starts run one after the other. */
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
    const turns = new Turns(world.rig.controlPlane.dataApi, world.random, () => world.reader.lockWaits());
    await turns.run(threads);
    await this.#rules.check();
    world.isAlone = true;
    world.mayFail = mayFail;
  }

  /** F4: the function is killed at one of its own Data API calls. */
  async #killStep() {
    const { world } = this;
    const { dataApi } = world.rig.controlPlane;
    const kill = { n: world.between(1, 14), moment: world.pick(['before', 'after'] as const) };
    const isNoticed = world.chance(0.85);
    const recover = async () => {
      world.note(`  killed ${kill.moment} call ${kill.n}`);
      if (isNoticed) await this.#freeLocks();
    };
    world.mayBeKilled = true;
    const wasKilled = await this.#functions.killedAt(dataApi, kill, recover, this.#act);
    world.isAlone = false;
    if (wasKilled) {
      world.tally.count('kills');
      await this.#rules.check();
      if (!isNoticed) {
        await this.#act(); // while the dead process still holds its locks
        await this.#rules.check();
        await this.#freeLocks();
      }
    }
    await this.#rules.check();
    world.mayBeKilled = false;
    world.isAlone = true;
  }

  async #freeLocks() {
    this.#pass(lockedSeconds * 1000);
    await this.world.rig.controlPlane.dataApi.expire();
  }

  /** Lets time pass, and delivers EC2's events as they become due. */
  async #passed(seconds: number) {
    const { world, events } = this.#cast;
    const until = world.now + seconds * 1000;
    if (seconds > 3) world.note(`${seconds} s pass`);
    for (let next = events.next; next <= until; next = events.next) {
      this.#pass(Math.max(0, next - world.now));
      await this.#scenes.delivery();
    }
    this.#pass(until - world.now);
    await this.#scenes.delivery();
  }

  #pass(ms: number) {
    this.world.rig.pass(ms / 1000);
    this.#cast.ec2.pass();
  }

  async #run(job: JobName) {
    this.world.spoken = undefined;
    await this.world.run(job);
  }

  /** A quiet time in which agents do their routine work; then nothing is left over (I3). */
  async finish() {
    const { world, ec2, agents, launches } = this.#cast;
    world.mayFail = false;
    world.isAlone = false;
    if (!world.state.agent) return;
    await setSwitches(world.reader.connection, world.state.agent.id, { autoTerminateEnabled: true });
    await this.#passed(jobSeconds);
    let primary: Truth | undefined;
    // As long as the primary stays the same, it has time to remove the others; without a primary, nobody does.
    let rounds = 0;
    for (let total = 0; rounds < 8 && total < 14; total += 1) {
      await this.#passed(100);
      for (const truth of ec2.truths.filter(ec2.isUp))
        if (truth.instance.handle === 'None') await agents.register(truth);
        else await agents.beat(truth);
      await this.#run('sweep-commands');
      await this.#run('coordinate-replicas');
      await this.#rules.check();
      const present = ec2.of(primaryOf(world.state)?.id ?? '');
      rounds = present === primary ? rounds + 1 : 1;
      primary = present;
      if (!primary || !ec2.isUp(primary)) continue;
      await launches.askForRemoval(primary);
      await agents.terminate(primary, 1);
      await this.#rules.check();
    }
    if (!primary?.alive || rounds < 8) return;
    world.tally.count('worlds without a leak');
    for (const { instance, alive } of ec2.truths) {
      const status = instanceIn(world.state, instance.id)?.instance_status ?? '';
      if (alive)
        world.rule(['running_primary', 'running_replica'].includes(status), `I3: ${instance.id} is not left over`);
    }
  }

  end() {
    const { replicas, events } = this.world.state;
    const { count } = this.world.tally;
    count('standbys', replicas.filter((row) => row.instance_id !== null).length);
    count('failovers', events.filter((event) => event.event_type === 'failover_completed').length);
    count('failovers undone', events.filter((event) => event.event_type === 'failover_undone').length);
  }
}
