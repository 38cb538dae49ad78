import { poolId, poolOf, priceAt } from '../../market/market.ts';
import { Ec2Error, type Instance, type InstanceState, type LaunchRequest, type Mode, stateOf } from '../ec2/ec2.ts';
import type { Host } from './agent-context.ts';
import { AgentProcess, Stopped } from './agent-process.ts';
import { type Cadence, type Loop, restSeconds, untilTruePhase } from './cadence.ts';

/** A command as it stands in the answer; agents check little of it before they act. */
export interface Command {
  readonly id: string;
  readonly command_type?: string | null;
  readonly target_mode?: Mode | null;
  readonly target_pool_id?: string | null;
  readonly terminate_wait_seconds?: number | null;
  readonly priority?: number | null;
}

/** How long an agent polls at its true periods after something happened to it, beyond what it waits for by itself. */
const busySeconds = 300;
/** An idle standby polls this often at least, in the loops on which its life depends. */
const standbySeconds = 240;
const standbyLoops: readonly Loop[] = ['heartbeat', 'config', 'instancesToTerminate'];
const waiterSeconds = { poll: 15, limit: 300 };

/**
 * One agent process from its start to its exit (contract 9): what both versions have in common. They differ in what
 * they send and in how they execute a command.
 */
export abstract class Agent {
  readonly host: Host;
  readonly process: AgentProcess;
  #isKilled = false;
  /** What register returned; in a URL before that it reads `None`, as Python prints it. */
  protected agentId = 'None';
  #enabled = true;
  /** How long a replaced machine lives on, as the control plane's settings say. */
  #retentionSeconds = 300;
  #busyUntil: Date;

  constructor(host: Host) {
    this.host = host;
    this.process = new AgentProcess(host.simulation);
    this.#busyUntil = host.simulation.now;
  }

  /** Runs until the process exits: because it cannot register, has been replaced, or is told to stop. */
  async run(): Promise<void> {
    if (await this.#register()) await this.process.run([...this.#commonLoops(), ...this.ownLoops()]);
    if (this.#isKilled) return;
    await this.call('POST /api/agents/{agent_id}/heartbeat', { body: { status: 'offline', monitored_instances: [] } });
  }

  /** SIGTERM. */
  stop(): void {
    this.process.stop();
  }

  /** The process is gone or hangs: nothing more is heard of it. */
  kill(): void {
    this.#isKilled = true;
    this.process.stop();
  }

  protected abstract registration(): object;
  protected abstract heartbeat(status: 'online' | 'disabled'): object;
  protected abstract pricingReport(): object;
  protected abstract execute(command: Command): Promise<void>;

  /** The loops that only one version has. */
  protected ownLoops(): (() => Promise<void>)[] {
    return [];
  }

  async #register(): Promise<boolean> {
    const body = this.registration();
    const answer = (await this.host.api.call('POST /api/agents/register', { body })) as Registered | undefined;
    if (!answer?.agent_id) return false;
    this.agentId = answer.agent_id;
    this.#follow(answer.config);
    this.host.ledger.registered(this.instance.id, this.agentId);
    this.beBusy();
    return true;
  }

  #commonLoops(): (() => Promise<void>)[] {
    const { environment } = this.host.image;
    return [
      () => this.every('pendingCommands', environment.PENDING_COMMANDS_CHECK_INTERVAL ?? 15, () => this.#runCommands()),
      () => this.every('config', environment.CONFIG_REFRESH_INTERVAL ?? 60, () => this.#readConfig()),
      () => this.every('heartbeat', environment.HEARTBEAT_INTERVAL ?? 30, () => this.#sendHeartbeat()),
      () => this.every('pricing', environment.PRICING_REPORT_INTERVAL ?? 300, () => this.#sendPrices()),
    ];
  }

  /** A polling loop. What goes wrong in one run is logged, and the next one comes as always. */
  async every(loop: Loop, period: number, run: () => Promise<void>, firstAfter = 0): Promise<void> {
    if (firstAfter > 0) await this.process.sleep(firstAfter);
    for (;;) {
      await this.attempt(loop, run);
      const seconds = restSeconds(this.#cadenceOf(loop), loop, period, this.now, this.#busyUntil);
      if (await this.process.rest(seconds))
        await this.process.sleep(untilTruePhase(this.host.image.logicalAgentId, loop, period, this.now));
    }
  }

  /** The control plane gives a standby up that is silent for ten minutes, and a standby must learn of its promotion. */
  #cadenceOf(loop: Loop): Cadence {
    const { cadence } = this.host.image;
    const isStandby = this.instance.cause.kind === 'replica' && !this.#enabled;
    if (cadence.kind === 'true' || !isStandby || !standbyLoops.includes(loop)) return cadence;
    return { ...cadence, pollSeconds: Math.min(cadence.pollSeconds, standbySeconds) };
  }

  /** @returns whether it went well */
  async attempt(what: string, run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      this.host.log(`${what}: ${(error as Error).message}`);
      return false;
    }
  }

  /** Polls at the true periods for a while, for what follows a registration or a command is a matter of minutes. */
  beBusy(): void {
    const wasIdle = this.now >= this.#busyUntil;
    const until = this.now.getTime() + (this.#retentionSeconds + busySeconds) * 1000;
    this.#busyUntil = new Date(Math.max(until, this.#busyUntil.getTime()));
    if (wasIdle && this.host.image.cadence.kind === 'coarse') this.process.wakeLoops();
  }

  async #runCommands(): Promise<void> {
    if (!this.#enabled) return;
    const [command] = commandsIn(await this.call('GET /api/agents/{agent_id}/pending-commands'));
    if (!command) return;
    this.host.ledger.commands.add(command.id);
    this.beBusy();
    await this.execute(command);
    this.beBusy();
  }

  async #readConfig(): Promise<void> {
    this.#follow((await this.call('GET /api/agents/{agent_id}/config')) as Config | undefined);
  }

  /** No answer leaves everything as it is; a config without `enabled` means enabled, and a replaced machine's says 0. */
  #follow(config: Config | undefined): void {
    if (!config) return;
    const wasEnabled = this.#enabled;
    this.#enabled = config.enabled ?? true;
    if (this.#enabled && !wasEnabled) this.beBusy();
    this.#retentionSeconds = config.terminate_wait_seconds || this.#retentionSeconds;
  }

  async #sendHeartbeat(): Promise<void> {
    const body = this.heartbeat(this.#enabled ? 'online' : 'disabled');
    await this.call('POST /api/agents/{agent_id}/heartbeat', { body });
  }

  async #sendPrices(): Promise<void> {
    await this.call('POST /api/agents/{agent_id}/pricing-report', { body: this.pricingReport() });
  }

  /** A request about this agent. */
  call(route: string, { params = {}, ...call }: Parameters<Host['api']['call']>[1] = {}): Promise<unknown> {
    return this.host.api.call(route, { ...call, params: { agent_id: this.agentId, ...params } });
  }

  get now(): Date {
    return this.host.simulation.now;
  }

  get instance(): Instance {
    return this.host.instance;
  }

  /** The pool of a Spot machine; null for one on demand. */
  protected poolIdOf({ mode, az }: { mode: Mode; az: string }): string | null {
    return mode === 'spot' ? poolId(this.host.market, az) : null;
  }

  protected spotPrice(az: string): number | null {
    const pool = poolOf(this.host.market, az);
    return pool ? priceAt(pool, this.now) : null;
  }

  /** What DescribeSpotPriceHistory names at this moment. */
  protected spotPools() {
    const { instanceType, pools } = this.host.market;
    return pools.flatMap(({ az }) => {
      const price = this.spotPrice(az);
      return price === null ? [] : { pool_id: poolId(this.host.market, az), instance_type: instanceType, az, price };
    });
  }

  launch(request: Pick<LaunchRequest, 'az' | 'mode' | 'cause'>): Instance {
    const { type, agent } = this.instance;
    try {
      return this.host.ec2.runInstances({ type, agent, ...request }, this.now);
    } catch (error) {
      if (error instanceof Ec2Error && error.code === 'RequestLimitExceeded') this.host.ledger.throttledLaunches++;
      else this.host.ledger.refusedLaunches++;
      throw error;
    }
  }

  /** One of AWS's waiters: asks every 15 s. @throws Error when the state has not come within 300 s, or cannot come */
  async waitUntil(state: InstanceState, instanceId: string): Promise<Instance> {
    for (let waited = 0; waited <= waiterSeconds.limit; waited += waiterSeconds.poll) {
      const { instance } = this.host.ec2.describe(instanceId, this.now);
      const current = stateOf(instance, this.now);
      if (current === state) return instance;
      if (state === 'running' && current !== 'pending') throw new Error(`${instanceId} is ${current}`);
      await this.process.sleep(waiterSeconds.poll);
    }
    throw new Error(`${instanceId} is not ${state} after ${waiterSeconds.limit} s`);
  }

  /** One side of a switch-report. A version may claim a mode that the machine does not have. */
  protected side(instance: Instance, mode: Mode = instance.mode, pool = this.poolIdOf({ ...instance, mode })) {
    const { id, type, az, amiId } = instance;
    const { region } = this.host.market;
    return { instance_id: id, instance_type: type, region, az, ami_id: amiId, mode, pool_id: pool };
  }

  protected switchPrices(to: Instance) {
    const { onDemandPrice } = this.host.market;
    const from = this.instance;
    return {
      on_demand: onDemandPrice,
      ...(from.mode === 'spot' && { old_spot: this.spotPrice(from.az) }),
      ...(to.mode === 'spot' && { new_spot: this.spotPrice(to.az) }),
    };
  }
}

interface Config {
  readonly enabled?: boolean;
  readonly terminate_wait_seconds?: number;
}

interface Registered {
  readonly agent_id?: string;
  readonly config?: Config;
}

/** Agents take a bare list, or an object that has one under any of three names. */
function commandsIn(answer: unknown): Command[] {
  if (Array.isArray(answer)) return answer;
  const { commands, pending_commands, data } = (answer ?? {}) as Record<string, unknown>;
  const list = commands ?? pending_commands ?? data;
  return Array.isArray(list) ? list : [];
}

/** The zone of a pool: what follows the last dot of its id. */
export const zoneOf = (pool: string): string => pool.slice(pool.lastIndexOf('.') + 1);

/** A label on the report: agents cannot know who made a command. */
export const triggerOf = (priority: number): 'manual' | 'model' => (priority >= 50 ? 'manual' : 'model');
