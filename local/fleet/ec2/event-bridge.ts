import type { Fate, Troubles } from '../run/fault-plan.ts';
import type { Simulation } from '../run/simulation.ts';
import { type Instance, type Interruption, shutdownSeconds } from './ec2.ts';
import { type Account, type EventKind, ec2Event } from './ec2-events.ts';

export interface EventBridgeOptions {
  readonly simulation: Simulation;
  /** Whose the machines are. */
  readonly account: Account;
  /** Hands events to the control plane's queue; returns when they are handled or given up. */
  readonly post: (events: readonly unknown[]) => Promise<void>;
  /** While the control plane is out of reach, its queue keeps the events. */
  readonly troubles: Pick<Troubles, 'outageAt'>;
  /** Told when the control plane has dealt with an event. */
  readonly onDelivery?: (instance: Instance, kind: EventKind) => void;
}

/** How EC2's events fared. */
export interface EventCounts {
  readonly sent: ReadonlyMap<EventKind, number>;
  readonly lost: number;
  /** Delivered twice. */
  readonly doubled: number;
  /** Deliveries that waited until the control plane could be reached again. */
  readonly held: number;
}

/**
 * The way by which EC2 tells the control plane of machines without any agent: seconds late, and at times not at all or
 * twice, as is drawn for each event.
 */
export class EventBridge {
  readonly #options: EventBridgeOptions;
  readonly #fates = new Map<string, Fate>();
  readonly #stopped = new Set<string>();
  readonly #sent = new Map<EventKind, number>();
  #lost = 0;
  #doubled = 0;
  #held = 0;

  constructor(options: EventBridgeOptions) {
    this.#options = options;
  }

  get counts(): EventCounts {
    return { sent: this.#sent, lost: this.#lost, doubled: this.#doubled, held: this.#held };
  }

  /** Announces what EC2 has planned for a machine, unless it stops before its time. */
  launched(instance: Instance, interruption: Interruption | undefined, fate: Fate): void {
    this.#fates.set(instance.id, fate);
    this.#announce('rebalance', instance, interruption?.rebalanceAt);
    this.#announce('warning', instance, interruption?.noticeAt);
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

  #announce(kind: EventKind, instance: Instance, at: Date | undefined): void {
    if (!at) return;
    const { simulation } = this.#options;
    simulation.spawn(async () => {
      await simulation.sleep((at.getTime() - simulation.now.getTime()) / 1000);
      if (!this.#stopped.has(instance.id)) this.#send(kind, instance);
    });
  }

  #send(kind: EventKind, instance: Instance): void {
    const { simulation, account, onDelivery } = this.#options;
    const event = ec2Event(kind, instance, account, simulation.now);
    const delays = this.#fates.get(instance.id)!.deliveries[kind];
    this.#sent.set(kind, (this.#sent.get(kind) ?? 0) + 1);
    if (delays.length === 0) this.#lost++;
    if (delays.length > 1) this.#doubled++;
    for (const delay of delays)
      simulation.spawn(async () => {
        await this.#deliver(event, delay);
        onDelivery?.(instance, kind);
      });
  }

  async #deliver(event: object, delaySeconds: number): Promise<void> {
    const { simulation, post } = this.#options;
    await simulation.sleep(delaySeconds);
    await this.#untilReachable();
    await simulation.real(() => post([event]));
  }

  async #untilReachable(): Promise<void> {
    const { simulation, troubles } = this.#options;
    const outageNow = () => troubles.outageAt(simulation.now);
    if (outageNow()) this.#held++;
    for (let outage = outageNow(); outage; outage = outageNow())
      // Up to the whole second after its end: rounded down, time would not pass.
      await simulation.sleep(Math.ceil((outage.to.getTime() - simulation.now.getTime()) / 1000));
  }
}
