import { Ec2Error } from '../ec2/ec2.ts';
import { type Instance, type InstanceState, type LaunchRequest, stateOf } from '../ec2/instance.ts';
import type { AgentContext } from './agent-context.ts';
import { AgentProcess, Stopped } from './agent-process.ts';
import { type Cadence, restSeconds, untilTruePhase } from './cadence.ts';
import { type Command, commandsIn } from './command.ts';
import { type Loop, periodOf } from './loops.ts';

/** How long an agent polls at its own intervals after something happened to it, beyond the wait for termination. */
const busySeconds = 300;
/** An idle standby polls at least this often, in the loops that keep it alive. */
const standbySeconds = 240;
const standbyLoops: readonly Loop[] = ['heartbeat', 'config', 'instancesToTerminate'];
const waiterSeconds = { poll: 15, limit: 300 };

/**
 * One agent process from its start to its exit (protocol 6): what both versions have in common. They differ in what
 * they send and in how they execute a command.
 */
export abstract class Agent {
  readonly context: AgentContext;
  readonly process: AgentProcess;
  #isKilled = false;
  /** What register returned. Before that, URLs contain `None`, as Python prints it. */
  protected agentId = 'None';
  #enabled = true;
  /** How long a replaced instance keeps running, by the control plane's settings. */
  #retentionSeconds = 300;
  #busyUntil: Date;

  constructor(context: AgentContext) {
    this.context = context;
    this.process = new AgentProcess(context.simulation);
    this.#busyUntil = context.simulation.now;
  }

  /** Runs until the process exits: because it cannot register, has been replaced, or is told to stop. */
  async run(): Promise<void> {
    if (await this.#register()) await this.process.run([...this.#commonLoops(), ...this.ownLoops()]);
    if (this.#isKilled) return;
    await this.call('POST /api/agents/{agent_id}/heartbeat', { body: { status: 'offline', monitored_instances: [] } });
  }

  /** SIGTERM: the agent says goodbye. */
  stop(): void {
    this.process.stop();
  }

  /** The process is gone or hangs: it sends nothing more. */
  kill(): void {
    this.#isKilled = true;
    this.process.stop();
  }

  protected abstract registration(): object;
  protected abstract heartbeat(status: 'online' | 'disabled'): object;
  protected abstract pricingReport(): object;
  protected abstract execute(command: Command): Promise<void>;

  /** Whether a loop still has to call by itself. */
  protected calls(_loop: Loop): boolean {
    return true;
  }

  /** Tells the control plane that the instance is alive, for as long as it is. */
  protected beats(): Promise<void> {
    return this.every('heartbeat', async () => {
      await this.call('POST /api/agents/{agent_id}/heartbeat', { body: this.beat() });
    });
  }

  /** The body of a heartbeat. */
  protected beat(): object {
    return this.heartbeat(this.#enabled ? 'online' : 'disabled');
  }

  /** Called when the agent has just reported something that the control plane will want it to act on. */
  expectNews(): void {}

  /** The loops that only one version has. */
  protected ownLoops(): (() => Promise<void>)[] {
    return [];
  }

  get now(): Date {
    return this.context.simulation.now;
  }

  get instance(): Instance {
    return this.context.instance;
  }

  /** Calls the control plane about this agent. */
  call(route: string, { params = {}, ...call }: Parameters<AgentContext['api']['call']>[1] = {}): Promise<unknown> {
    return this.context.api.call(route, { ...call, params: { agent_id: this.agentId, ...params } });
  }

  /** Polls at the agent's own intervals for a while: what follows a registration or a command takes minutes. */
  markBusy(): void {
    const wasIdle = this.now >= this.#busyUntil;
    const until = this.now.getTime() + (this.#retentionSeconds + busySeconds) * 1000;
    this.#busyUntil = new Date(Math.max(until, this.#busyUntil.getTime()));
    if (wasIdle && this.context.image.cadence.kind === 'coarse') this.process.wakeLoops();
  }

  /** A polling loop. A run that fails is logged and does not end the loop. */
  async every(loop: Loop, run: () => Promise<void>, firstAfter = 0): Promise<void> {
    const period = periodOf(loop, this.context.image.environment);
    if (firstAfter > 0) await this.process.sleep(firstAfter);
    for (;;) {
      if (this.calls(loop)) await this.attempt(loop, run);
      if (await this.process.rest(this.restOf(loop, period)))
        await this.process.sleep(untilTruePhase(this.context.image.logicalAgentId, loop, period, this.now));
    }
  }

  /** How long a loop rests after a run, seconds. */
  protected restOf(loop: Loop, period: number): number {
    return restSeconds(this.#cadenceOf(loop), loop, period, this.now, this.#busyUntil);
  }

  /** @returns whether it succeeded; a failure is logged. @throws Stopped */
  async attempt(what: string, run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      this.context.log(`${what}: ${(error as Error).message}`);
      return false;
    }
  }

  /** @throws Ec2Error when EC2 refuses the launch */
  launch(request: Pick<LaunchRequest, 'az' | 'mode' | 'cause'>): Instance {
    const { type, agent } = this.instance;
    try {
      return this.context.ec2.runInstances({ type, agent, ...request }, this.now);
    } catch (error) {
      if (error instanceof Ec2Error && error.code === 'RequestLimitExceeded') this.context.ledger.throttledLaunches++;
      else this.context.ledger.refusedLaunches++;
      throw error;
    }
  }

  /** Like an AWS waiter, asks every 15 s. @throws Error when the instance is not in the state within 300 s, or cannot be */
  async waitUntil(state: InstanceState, instanceId: string): Promise<Instance> {
    for (let waited = 0; waited <= waiterSeconds.limit; waited += waiterSeconds.poll) {
      const { instance } = this.context.ec2.describe(instanceId, this.now);
      const current = stateOf(instance, this.now);
      if (current === state) return instance;
      if (state === 'running' && current !== 'pending') throw new Error(`${instanceId} is ${current}`);
      await this.process.sleep(waiterSeconds.poll);
    }
    throw new Error(`${instanceId} is not ${state} after ${waiterSeconds.limit} s`);
  }

  async #register(): Promise<boolean> {
    const body = this.registration();
    const answer = (await this.context.api.call('POST /api/agents/register', { body })) as Registered | undefined;
    if (!answer?.agent_id) return false;
    this.agentId = answer.agent_id;
    this.apply(answer.config);
    this.context.ledger.registered(this.instance.id, this.agentId);
    this.markBusy();
    return true;
  }

  #commonLoops(): (() => Promise<void>)[] {
    return [
      () => this.every('pendingCommands', () => this.#runCommands()),
      () => this.every('config', () => this.#readConfig()),
      () => this.beats(),
      () => this.every('pricing', () => this.sendPrices()),
    ];
  }

  /** The control plane fails a standby after ten silent minutes, and a standby must learn of its promotion. */
  #cadenceOf(loop: Loop): Cadence {
    const { cadence } = this.context.image;
    const isStandby = this.instance.cause.kind === 'replica' && !this.#enabled;
    if (cadence.kind === 'true' || !isStandby || !standbyLoops.includes(loop)) return cadence;
    return { ...cadence, pollSeconds: Math.min(cadence.pollSeconds, standbySeconds) };
  }

  async #runCommands(): Promise<void> {
    if (!this.#enabled) return;
    const [command] = commandsIn(await this.call('GET /api/agents/{agent_id}/pending-commands'));
    if (command) await this.carryOut(command);
  }

  protected async carryOut(command: Command): Promise<void> {
    this.context.ledger.commands.add(command.id);
    this.markBusy();
    await this.execute(command);
    this.markBusy();
  }

  async #readConfig(): Promise<void> {
    this.apply((await this.call('GET /api/agents/{agent_id}/config')) as Config | undefined);
  }

  /** A missing response changes nothing. A config without `enabled` enables the agent. A wait of 0 is ignored. */
  protected apply(config: Config | undefined): void {
    if (!config) return;
    const wasEnabled = this.#enabled;
    this.#enabled = config.enabled ?? true;
    if (this.#enabled && !wasEnabled) this.markBusy();
    this.#retentionSeconds = config.terminate_wait_seconds || this.#retentionSeconds;
  }

  protected async sendPrices(): Promise<void> {
    await this.call('POST /api/agents/{agent_id}/pricing-report', { body: this.pricingReport() });
  }
}

export interface Config {
  readonly config_version?: number;
  readonly enabled?: boolean;
  readonly terminate_wait_seconds?: number;
}

interface Registered {
  readonly agent_id?: string;
  readonly config?: Config;
}
