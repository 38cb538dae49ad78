import type { TestInstance } from '../../agents/test-instance.ts';
import { instanceIn, timeOf } from '../../database/agent-state.ts';
import type { Agents } from './agents.ts';
import { type SimulatedEc2, type Truth, zones } from './ec2.ts';
import type { FailoverWorld } from './world.ts';

/** A switch that an agent carries out. */
interface Task {
  readonly commandId: string;
  readonly old: TestInstance;
  /** `undefined` if EC2 refused to launch it. */
  readonly next: TestInstance | undefined;
}

export interface HandedOut {
  readonly id: string;
  readonly target_mode: 'spot' | 'ondemand';
  readonly target_pool_id: string | null;
}

/** What agents do and report about switches. */
export class Switches {
  readonly #world: FailoverWorld;
  readonly #ec2: SimulatedEc2;
  readonly #agents: Agents;
  readonly #tasks: Task[] = [];
  readonly #commands = new Set<string>();

  constructor(world: FailoverWorld, ec2: SimulatedEc2, agents: Agents) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#agents = agents;
  }

  /** Whether an agent itself moved to the instance. */
  isTo = (id: string | null) => this.#tasks.some(({ next }) => next?.id === id);

  async queueSwitch(truth: Truth) {
    const { chance, pick } = this.#world;
    const target = chance(0.3) ? null : `${truth.instance.facts.type}.${pick(zones)}`;
    await this.#agents.say(truth, `is to move to ${target ?? 'on-demand'}`, (instance) => instance.queueSwitch(target));
  }

  /** A4: carries out what it is handed, or reports that it cannot. */
  async poll({ instance: by }: Truth) {
    const { status, body } = await this.#agents.call(by, 'polls', () => by.pendingCommands());
    if (status === 200) await this.carryOut(by, body);
  }

  /** @param commands as A4 or a merged heartbeat hands them out */
  async carryOut(by: TestInstance, commands: readonly HandedOut[]) {
    const world = this.#world;
    for (const { id, target_mode: mode, target_pool_id } of commands) {
      world.rule(!this.#commands.has(id), `I8: ${world.name('command', id)} is handed out once`);
      this.#commands.add(id);
      const known = (await world.read()).commands.find((row) => row.id === id);
      world.rule(!known || timeOf(known.expires_at) > world.now, 'I8: a command is not handed out when it has expired');
      world.tally.count('switches begun');
      const launched = this.#ec2.launch(by, target_pool_id?.split('.').at(-1) ?? by.facts.az, mode);
      const next = typeof launched === 'string' ? undefined : launched.instance;
      this.#tasks.push({ commandId: id, old: by, next });
      if (!next && world.chance(0.7)) await this.#executed(by, id, false);
    }
  }

  #executed = (by: TestInstance, commandId: string, success: boolean) =>
    this.#agents.callTwice(by, `says how ${this.#world.name('command', commandId)} went`, () =>
      by.executed(commandId, { success, message: '' }),
    );

  /** The undisturbed course: asked for, begun, reported in any order. A report may undo what the one before did. */
  async move(truth: Truth, check: () => Promise<void>) {
    await this.queueSwitch(truth);
    await this.poll(truth);
    for (let words = this.#world.between(1, 4); words > 0; words -= 1) {
      await this.ofTask();
      if (this.#world.isAlone) await check();
    }
  }

  /** A5, A7, or the successor's registration. */
  async ofTask() {
    const { recent, random, name, chance } = this.#world;
    const task = recent(this.#tasks);
    if (!task) return;
    const { commandId, old, next } = task;
    const draw = random();
    const successor = next && this.#ec2.of(next.id)!;
    if (successor && this.#ec2.isUp(successor) && draw < 0.5) await this.#agents.register(successor);
    else if (next && old.handle !== 'None' && draw < 0.75) {
      const what = `reports its move to ${name('i', next.id)}`;
      const start = this.#startOf(task);
      const timing = chance(0.8) && start !== undefined ? { switch_initiated_at: start } : {};
      const { status } = await this.#agents.callTwice(old, what, () => old.switchReport(next, { timing }));
      if (status === 200) this.#ec2.of(next.id)!.known = true;
      if (status === 200) await this.#movedBy(task);
    } else await this.#executed(old, commandId, successor?.alive ?? false);
  }

  /** A switch that fails late: the agent ends the successor, which may have registered, and reports the failure. */
  async giveUp(truth: Truth, check: () => Promise<void>) {
    if (!this.#world.isAlone || this.#world.mayBeKilled) return;
    await this.queueSwitch(truth);
    await this.poll(truth);
    const task = this.#tasks.at(-1);
    const successor = task?.next && this.#ec2.of(task.next.id);
    if (!task || task.old !== truth.instance || !successor || !this.#ec2.isUp(successor)) return;
    if (this.#world.chance(0.7)) await this.#agents.register(successor);
    await check();
    await this.#givesUp(task, successor);
  }

  async #givesUp({ commandId, old, next }: Task, successor: Truth) {
    const { isAlone, rule, mayBeKilled, tally } = this.#world;
    const state = await this.#world.read();
    const command = state.commands.find(({ id }) => id === commandId);
    const isOpen = command?.status === 'dispatched' && command.dispatched_to === old.id;
    const { agent } = state;
    if (!this.#ec2.isAlive(old) || !isOpen || agent?.pending_termination_instance) return;
    this.#ec2.end(successor, 'is given up');
    tally.count('switches given up');
    const { status } = await this.#executed(old, commandId, false);
    if (!isAlone || mayBeKilled || status !== 200) return;
    const after = await this.#world.read();
    const hadRegistered = command.new_instance_id === next!.id && agent?.instance_id === next!.id;
    if (hadRegistered) rule(after.agent?.instance_id === old.id, `${old.id}, which lives, has its role back`);
  }

  /** F8: a report of the switch that is under way is believed, whatever the reporter's clock says. */
  async #movedBy({ commandId, old, next }: Task) {
    const { state, isAlone, rule, mayBeKilled } = this.#world;
    const command = state.commands.find(({ id }) => id === commandId);
    const isUnderWay = command?.status === 'dispatched' && command.new_instance_id === null;
    const isKnown = instanceIn(state, next!.id) !== undefined;
    if (!isAlone || mayBeKilled || !isUnderWay || state.agent?.instance_id !== old.id || isKnown) return;
    const { agent } = await this.#world.read();
    rule(agent?.instance_id === next!.id, `F8: ${next!.id} is the primary, as ${old.id} reported`);
  }

  /** When the switch began, by the old instance's clock. */
  #startOf({ commandId, old }: Task): string | undefined {
    const command = this.#world.state.commands.find(({ id }) => id === commandId);
    if (!command?.dispatched_at) return undefined;
    const skew = this.#ec2.of(old.id)!.clock().getTime() - this.#world.now;
    return new Date(timeOf(command.dispatched_at) + skew).toISOString();
  }
}
