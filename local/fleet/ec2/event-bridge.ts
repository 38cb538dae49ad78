import type { FaultPlan, InstanceFaults } from '../run/fault-plan.ts';
import type { Simulation } from '../run/simulation.ts';
import { type AwsAccount, type EventKind, ec2Event } from './ec2-events.ts';
import { type Instance, shutdownSeconds } from './instance.ts';
import type { Interruption } from './interruption.ts';

export interface EventBridgeOptions {
  readonly simulation: Simulation;
  /** The account of the instances. */
  readonly account: AwsAccount;
  /** Puts events into the control plane's queue. Resolves when they are handled or given up. */
  readonly post: (events: readonly unknown[]) => Promise<void>;
  /** During an outage the control plane's queue keeps the events. */
  readonly faults: Pick<FaultPlan, 'outageAt'>;
  /** Called when the control plane has handled an event. */
  readonly onDelivery?: (instance: Instance, kind: EventKind) => void;
}

export interface EventCounts {
  readonly sent: ReadonlyMap<EventKind, number>;
  readonly lost: number;
  readonly duplicated: number;
  /** Deliveries that waited for the end of an outage. */
  readonly delayed: number;
}

/**
 * Reports to the control plane what EC2 does to instances, without any agent. Each event arrives seconds late; the
 * fault plan decides which ones are lost or delivered twice.
 */
export class EventBridge {
  readonly #options: EventBridgeOptions;
  readonly #delays = new Map<string, InstanceFaults['eventDelays']>();
  readonly #stopped = new Set<string>();
  readonly #sent = new Map<EventKind, number>();
  #lost = 0;
  #duplicated = 0;
  #delayed = 0;

  constructor(options: EventBridgeOptions) {
    this.#options = options;
  }

  get counts(): EventCounts {
    return { sent: this.#sent, lost: this.#lost, duplicated: this.#duplicated, delayed: this.#delayed };
  }

  /** Schedules the events of an interruption. They are not sent if the instance stops earlier. */
  launched(instance: Instance, interruption: Interruption | undefined, { eventDelays }: InstanceFaults): void {
    this.#delays.set(instance.id, eventDelays);
    this.#sendAt(interruption?.rebalanceAt, 'rebalance', instance);
    this.#sendAt(interruption?.noticeAt, 'notice', instance);
  }

  stopped(instance: Instance): void {
    const { simulation } = this.#options;
    this.#stopped.add(instance.id);
    this.#send('shutting-down', instance);
    simulation.spawn(async () => {
      await simulation.sleep(shutdownSeconds);
      this.#send('terminated', instance);
    });
  }

  #sendAt(time: Date | undefined, kind: EventKind, instance: Instance): void {
    if (!time) return;
    const { simulation } = this.#options;
    simulation.spawn(async () => {
      await simulation.sleepUntil(time);
      if (!this.#stopped.has(instance.id)) this.#send(kind, instance);
    });
  }

  #send(kind: EventKind, instance: Instance): void {
    const { simulation, account, onDelivery } = this.#options;
    const event = ec2Event(kind, instance, account, simulation.now);
    const delays = this.#delays.get(instance.id)![kind];
    this.#sent.set(kind, (this.#sent.get(kind) ?? 0) + 1);
    if (delays.length === 0) this.#lost++;
    if (delays.length > 1) this.#duplicated++;
    for (const delay of delays)
      simulation.spawn(async () => {
        await this.#deliver(event, delay);
        onDelivery?.(instance, kind);
      });
  }

  async #deliver(event: object, delaySeconds: number): Promise<void> {
    const { simulation, post } = this.#options;
    await simulation.sleep(delaySeconds);
    await this.#waitForOutage();
    await simulation.real(() => post([event]));
  }

  async #waitForOutage(): Promise<void> {
    const { simulation, faults } = this.#options;
    const outageNow = () => faults.outageAt(simulation.now);
    if (outageNow()) this.#delayed++;
    for (let outage = outageNow(); outage; outage = outageNow())
      // Rounded up to whole seconds: rounded down, the sleep could take no time at all.
      await simulation.sleep(Math.ceil((outage.to.getTime() - simulation.now.getTime()) / 1000));
  }
}
