import type { Market } from '../../market/market.ts';
import type { Random } from '../../random.ts';
import { AgentHttp, type Answer } from '../agents/agent-http.ts';
import { type AgentImage, agentImages, type ImageOptions } from '../agents/agent-image.ts';
import { Ec2, type Ec2Options } from '../ec2/ec2.ts';
import type { EventBridge } from '../ec2/event-bridge.ts';
import { type Instance, isUp } from '../ec2/instance.ts';
import { endOf, type Interruption } from '../ec2/interruption.ts';
import { SimulatedInstance } from '../ec2/simulated-instance.ts';
import { Ledger } from '../report/ledger.ts';
import { type FaultPlan, noInstanceFaults } from './fault-plan.ts';
import type { Simulation } from './simulation.ts';

export interface FleetOptions extends ImageOptions {
  readonly simulation: Simulation;
  readonly market: Market;
  /** Chooses the zones of the agents' first instances. */
  readonly random: Random;
  readonly seed: number;
  readonly serverUrl: string;
  /** What EC2 will do to Spot instances, and which launches find capacity. By default nothing goes wrong. */
  readonly interruptionOf?: Ec2Options['interruptionOf'];
  readonly hasCapacity?: Ec2Options['hasCapacity'];
  /** What else goes wrong; by default nothing. */
  readonly faults?: FaultPlan | undefined;
  /** Forwards EC2's events to the control plane. Without it, the control plane hears only from agents. */
  readonly eventBridge?: EventBridge | undefined;
  readonly onAnswer?: (answer: Answer) => void;
  /** Called when an instance of the agent has stopped, or the agent hangs. */
  readonly onSilence?: (agent: string) => void;
  /** Receives the agents' logs. */
  readonly log: (line: string) => void;
}

/** Agents start one after the other: the first minute must not be a storm of requests. */
const startEverySeconds = 3;

/** An instance that fails to boot stops this long before it would have run. */
const failsBeforeRunningSeconds = 5;

/** The instances of one tenant, and what they share: EC2, the prices, the control plane and the clock. */
export class Fleet {
  readonly ledger = new Ledger();
  readonly ec2: Ec2;
  /** One for each agent. */
  readonly images: readonly AgentImage[];
  /** By instance: what EC2 had planned for it. */
  readonly interruptions = new Map<string, Interruption>();
  /** Ids of the instances that failed to boot. */
  readonly bootFailures: string[] = [];
  /** Ids of the instances whose agents hung. */
  readonly hangs: string[] = [];
  readonly #options: FleetOptions;
  readonly #simulated = new Map<string, SimulatedInstance>();

  constructor(options: FleetOptions) {
    this.#options = options;
    const { market, seed, interruptionOf, hasCapacity, faults } = options;
    this.images = agentImages(options);
    this.ec2 = new Ec2({
      market,
      seed,
      interruptionOf,
      hasCapacity,
      isThrottled: faults && ((request) => faults.isThrottled(request)),
      onLaunch: (instance, interruption) => this.#launched(instance, interruption),
      onStop: (instance) => this.#stopped(instance),
    });
  }

  /** Starts each agent on an on-demand instance, in a random zone. */
  start(): void {
    const { simulation, market, random } = this.#options;
    for (const [index, { logicalAgentId: agent }] of this.images.entries()) {
      const { az } = market.pools[Math.floor(random() * market.pools.length)]!;
      simulation.spawn(async () => {
        await simulation.sleep(index * startEverySeconds);
        this.#launchOnDemand(agent, az, { kind: 'start' });
      });
    }
  }

  /** Launches an on-demand instance for an agent that has none, in the zone of its first one. */
  launchRecovery(agent: string): Instance {
    const { az } = this.ec2.instances.find((instance) => instance.agent === agent)!;
    return this.#launchOnDemand(agent, az, { kind: 'auto recovery' });
  }

  /** Terminates the instances on which the agent hangs. */
  terminateHung(agent: string): void {
    for (const { id, ...instance } of this.ec2.instances)
      if (instance.agent === agent && this.#simulated.get(id)!.isHung) this.ec2.terminate(id, this.#now);
  }

  /** To be called when the control plane knows of something about the agent's instances before their agents do. */
  markBusy(agent: string): void {
    for (const { id, ...instance } of this.ec2.instances)
      if (instance.agent === agent) this.#simulated.get(id)!.markBusy();
  }

  /** Whether an instance is up and its agent does not hang. */
  isAlive(id: string): boolean {
    return isUp(this.ec2.describe(id, this.#now).instance) && !this.#simulated.get(id)!.isHung;
  }

  get #now(): Date {
    return this.#options.simulation.now;
  }

  #launchOnDemand(agent: string, az: string, cause: Instance['cause']): Instance {
    const { instanceType: type } = this.#options.market;
    return this.ec2.runInstances({ type, az, mode: 'ondemand', agent, cause }, this.#now);
  }

  /** Starts what runs on a new instance, and schedules what will go wrong with it. */
  #launched(instance: Instance, interruption: Interruption | undefined): void {
    const { simulation, faults: plan, eventBridge } = this.#options;
    const simulated = this.#simulate(instance, interruption);
    simulation.spawn(() => simulated.run());
    const faults = plan?.faultsOf(instance) ?? noInstanceFaults;
    eventBridge?.launched(instance, interruption, faults);
    if (faults.failsToBoot) simulation.spawn(() => this.#failToBoot(instance));
    if (faults.hangsAfter !== undefined) simulation.spawn(() => this.#hang(instance, faults.hangsAfter!));
    if (!interruption) return;
    this.interruptions.set(instance.id, interruption);
    simulation.spawn(() => this.#interrupt(instance, interruption, faults.shutsDownCleanly));
  }

  #stopped(instance: Instance): void {
    const { simulation, eventBridge, onSilence } = this.#options;
    simulation.spawn(async () => this.#simulated.get(instance.id)?.shutDown());
    eventBridge?.stopped(instance);
    onSilence?.(instance.agent);
  }

  #simulate(instance: Instance, interruption: Interruption | undefined): SimulatedInstance {
    const { simulation, market, serverUrl, clientToken, faults, onAnswer } = this.#options;
    const { ec2, ledger } = this;
    const image = this.images.find(({ logicalAgentId }) => logicalAgentId === instance.agent)!;
    const log = (line: string) =>
      this.#options.log(`${this.#now.toISOString()} ${instance.agent} ${instance.id} ${line}`);
    const api = new AgentHttp({
      serverUrl,
      clientToken,
      real: (call) => simulation.real(call),
      log,
      onAnswer: (answer) => {
        ledger.answered(answer, image.version);
        onAnswer?.(answer);
      },
      isReachable: faults && (() => !faults.isOutage(this.#now)),
    });
    const simulated = new SimulatedInstance({
      instance,
      interruption,
      image,
      ec2,
      market,
      simulation,
      api,
      ledger,
      log,
    });
    this.#simulated.set(instance.id, simulated);
    return simulated;
  }

  async #interrupt({ id }: Instance, interruption: Interruption, shutsDownCleanly: boolean): Promise<void> {
    const end = endOf(interruption);
    if (!end) return;
    await this.#options.simulation.sleepUntil(end);
    if (!shutsDownCleanly && isUp(this.ec2.describe(id, this.#now).instance)) this.#simulated.get(id)!.powerOff();
    this.ec2.interrupt(id, this.#now);
  }

  async #failToBoot({ id, runningAt }: Instance): Promise<void> {
    await this.#options.simulation.sleepUntil(new Date(runningAt.getTime() - failsBeforeRunningSeconds * 1000));
    this.bootFailures.push(id);
    this.ec2.terminate(id, this.#now);
  }

  async #hang({ id, agent, runningAt }: Instance, seconds: number): Promise<void> {
    await this.#options.simulation.sleepUntil(new Date(runningAt.getTime() + seconds * 1000));
    if (this.ec2.describe(id, this.#now).state !== 'running') return;
    this.hangs.push(id);
    this.#simulated.get(id)!.hang();
    this.#options.onSilence?.(agent);
  }
}
