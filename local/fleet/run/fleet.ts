import type { Market } from '../../market/market.ts';
import type { Random } from '../../random.ts';
import type { AgentEnvironment, Image } from '../agents/agent-context.ts';
import { AgentHttp, type Answer } from '../agents/agent-http.ts';
import { type Cadence, staggered } from '../agents/cadence.ts';
import { Ec2, type Ec2Options, endOf, type Instance, type Interruption, stateOf } from '../ec2/ec2.ts';
import type { EventBridge } from '../ec2/event-bridge.ts';
import { Machine } from '../ec2/instance.ts';
import { Ledger } from '../report/ledger.ts';
import type { Fate, Troubles } from './fault-plan.ts';
import type { Simulation } from './simulation.ts';

export interface FleetOptions {
  readonly simulation: Simulation;
  readonly market: Market;
  /** Places the machines. */
  readonly random: Random;
  readonly seed: number;
  readonly agents: number;
  /** 0 to 1: how many of the agents are of version 3.2. */
  readonly v32Share: number;
  /** Seconds between the polls of an idle agent; undefined for the agents' true periods. */
  readonly pollSeconds: number | undefined;
  readonly environment: AgentEnvironment;
  readonly serverUrl: string;
  readonly clientToken: string;
  /** What EC2 will do to Spot machines, and which launches find no capacity; by default nothing goes wrong. */
  readonly interruptionOf?: Ec2Options['interruptionOf'];
  readonly hasCapacity?: Ec2Options['hasCapacity'];
  /** What else goes wrong; by default nothing. */
  readonly troubles?: Troubles | undefined;
  /** Tells the control plane what EC2 does; by default nobody does but the agents. */
  readonly events?: EventBridge | undefined;
  readonly onAnswer?: (answer: Answer) => void;
  /** Told when a machine of that agent has stopped, or its agent hangs. */
  readonly onSilence?: (agent: string) => void;
  /** What the agents write to their logs. */
  readonly log: (line: string) => void;
}

/** Agents start one after the other, so that the first minute is not a storm. */
const startEverySeconds = 3;

/** A machine that dies while booting is gone this long before it would have run. */
const diesBeforeSeconds = 5;

const noTroubles: Fate = {
  diesBooting: false,
  hangsAfter: undefined,
  isToldOfItsEnd: true,
  deliveries: { rebalance: [0], warning: [0], 'shutting-down': [0], terminated: [0] },
};

/** The machines of one tenant, and what they share: EC2, the prices, the control plane, the time. */
export class Fleet {
  readonly ledger = new Ledger();
  readonly ec2: Ec2;
  readonly images: readonly Image[];
  /** What EC2 had planned for machines, by their ids. */
  readonly interruptions = new Map<string, Interruption>();
  /** Machines that died while they booted, and those whose agents hung. */
  readonly bootFailures: string[] = [];
  readonly hangs: string[] = [];
  readonly #options: FleetOptions;
  readonly #machines = new Map<string, Machine>();

  constructor(options: FleetOptions) {
    this.#options = options;
    const { market, seed, interruptionOf, hasCapacity, troubles, events } = options;
    this.images = Array.from({ length: options.agents }, (_, index) => this.#image(index));
    this.ec2 = new Ec2({
      market,
      seed,
      interruptionOf,
      hasCapacity,
      isThrottled: troubles && ((request) => troubles.isThrottled(request)),
      onLaunch: (instance, interruption) => this.#boot(instance, interruption),
      onStop: (instance) => {
        this.#options.simulation.spawn(async () => this.#machines.get(instance.id)?.shutDown());
        events?.stopped(instance);
        this.#options.onSilence?.(instance.agent);
      },
    });
  }

  /** Starts a machine on demand for an agent that has none, in the zone of its first one. */
  rescue(agent: string): Instance {
    const { market, simulation } = this.#options;
    const { az } = this.ec2.instances.find((instance) => instance.agent === agent)!;
    const { instanceType: type } = market;
    return this.ec2.runInstances({ type, az, mode: 'ondemand', agent, cause: { kind: 'owner' } }, simulation.now);
  }

  /** Terminates the machines of an agent on which it hangs. */
  endHung(agent: string): void {
    const { now } = this.#options.simulation;
    for (const { id, ...instance } of this.ec2.instances)
      if (instance.agent === agent && this.#machines.get(id)!.isHung) this.ec2.terminate(id, now);
  }

  /** The control plane knows of something about that agent's machines before their agents do. */
  beBusy(agent: string): void {
    for (const instance of this.ec2.instances) if (instance.agent === agent) this.#machines.get(instance.id)!.beBusy();
  }

  /** Whether a machine runs or is about to, and does not hang. */
  isAlive(id: string): boolean {
    const { now } = this.#options.simulation;
    const { state } = this.ec2.describe(id, now);
    return ['pending', 'running'].includes(state) && !this.#machines.get(id)!.isHung;
  }

  /** Starts every agent on a machine on demand, in a zone of its own luck. */
  start(): void {
    const { simulation, market, random } = this.#options;
    for (const [index, { logicalAgentId: agent }] of this.images.entries()) {
      const { az } = market.pools[Math.floor(random() * market.pools.length)]!;
      simulation.spawn(async () => {
        await simulation.sleep(index * startEverySeconds);
        const { instanceType: type } = market;
        this.ec2.runInstances({ type, az, mode: 'ondemand', agent, cause: { kind: 'start' } }, simulation.now);
      });
    }
  }

  #image(index: number): Image {
    const { agents, v32Share, pollSeconds, clientToken, environment } = this.#options;
    // Spreads the old versions evenly: an agent is one where the running share passes the next whole number.
    const isV32 = Math.floor((index + 1) * v32Share + 1e-9) > Math.floor(index * v32Share + 1e-9);
    const cadence: Cadence = pollSeconds === undefined ? { kind: 'true' } : staggered(pollSeconds, index);
    const number = String(index + 1).padStart(String(agents).length, '0');
    return {
      version: isV32 ? '3.2.0' : '4.0.0',
      logicalAgentId: `demo-${number}`,
      clientToken,
      cadence,
      environment,
    };
  }

  #boot(instance: Instance, interruption: Interruption | undefined): void {
    const { simulation, market, serverUrl, clientToken, troubles, events, onAnswer } = this.#options;
    const image = this.images.find(({ logicalAgentId }) => logicalAgentId === instance.agent)!;
    const log = (line: string) =>
      this.#options.log(`${simulation.now.toISOString()} ${instance.agent} ${instance.id} ${line}`);
    const { ec2, ledger } = this;
    const api = new AgentHttp({
      serverUrl,
      clientToken,
      real: (call) => simulation.real(call),
      log,
      onAnswer: (answer) => {
        ledger.answered(answer);
        onAnswer?.(answer);
      },
      isReachable: troubles && (() => !troubles.isOut(simulation.now)),
    });
    const machine = new Machine({ instance, interruption, image, ec2, market, simulation, api, ledger, log });
    this.#machines.set(instance.id, machine);
    simulation.spawn(() => machine.run());
    const fate = troubles?.fateOf(instance) ?? noTroubles;
    events?.launched(instance, interruption, fate);
    if (fate.diesBooting) simulation.spawn(() => this.#dieBooting(instance));
    if (fate.hangsAfter !== undefined) simulation.spawn(() => this.#hang(instance, fate.hangsAfter!));
    if (!interruption) return;
    this.interruptions.set(instance.id, interruption);
    simulation.spawn(() => this.#interrupt(instance, interruption, fate));
  }

  async #interrupt({ id }: Instance, interruption: Interruption, { isToldOfItsEnd }: Fate): Promise<void> {
    const { simulation } = this.#options;
    const end = endOf(interruption);
    if (!end) return;
    await this.#until(end);
    if (!isToldOfItsEnd && !this.ec2.describe(id, simulation.now).instance.stoppedAt)
      this.#machines.get(id)!.powerOff();
    this.ec2.interrupt(id, simulation.now);
  }

  async #dieBooting({ id, runningAt }: Instance): Promise<void> {
    await this.#until(new Date(runningAt.getTime() - diesBeforeSeconds * 1000));
    this.bootFailures.push(id);
    this.ec2.terminate(id, this.#options.simulation.now);
  }

  async #hang({ id, agent, runningAt }: Instance, seconds: number): Promise<void> {
    await this.#until(new Date(runningAt.getTime() + seconds * 1000));
    if (
      stateOf(this.ec2.describe(id, this.#options.simulation.now).instance, this.#options.simulation.now) !== 'running'
    )
      return;
    this.hangs.push(id);
    this.#machines.get(id)!.hang();
    this.#options.onSilence?.(agent);
  }

  #until(time: Date): Promise<void> {
    const { simulation } = this.#options;
    return simulation.sleep((time.getTime() - simulation.now.getTime()) / 1000);
  }
}
