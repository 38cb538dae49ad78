import { TestInstance } from '../../agents/test-instance.ts';
import type { Api } from '../../rig/api.ts';
import type { Ec2Events } from './ec2-events.ts';
import type { FailoverWorld } from './world.ts';

export const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as const;

/** An instance as it really is. */
export interface Truth {
  readonly instance: TestInstance;
  /** Its own clock: off by up to ten minutes (F8). */
  readonly clock: () => Date;
  alive: boolean;
  /** When EC2 takes it, milliseconds. */
  endsAt?: number;
  /** When it dies, before its agent has started. */
  diesBootingAt?: number;
  /** Whether the control plane has acknowledged that it exists. */
  known: boolean;
}

/** Why RunInstances was refused. */
export type Refusal = 'InsufficientInstanceCapacity' | 'RequestLimitExceeded';

/** The real instances of one logical agent, and EC2's faults (F6). */
export class SimulatedEc2 {
  readonly truths: Truth[] = [];
  readonly #world: FailoverWorld;
  readonly #events: Ec2Events;
  /** Zones without spot capacity, and until when. */
  readonly #empty = new Map<string, number>();

  constructor(world: FailoverWorld, events: Ec2Events) {
    this.#world = world;
    this.#events = events;
  }

  /** The agent's first instance. */
  first(): Truth {
    const { logicalId, seed } = this.#world;
    return this.#enter({ logicalId, type: `s${seed}.large`, mode: 'spot', az: zones[0] });
  }

  /** RunInstances, by the agent on an instance. */
  launch(by: TestInstance, az: string, mode: 'spot' | 'ondemand' = 'spot'): Truth | Refusal {
    const { struck, now, between, note, name, tally, pick, chance } = this.#world;
    if (mode === 'spot' && struck()) this.#empty.set(az, now + between(60, 1800) * 1000);
    const isFull = mode === 'spot' && ((this.#empty.get(az) ?? 0) > now || chance(0.05));
    if (isFull || struck()) {
      const refusal = isFull ? 'InsufficientInstanceCapacity' : pick(['RequestLimitExceeded', 'RequestLimitExceeded']);
      note(`  ${name('i', by.id)} is refused an instance in ${az}: ${refusal}`);
      tally.count('launches refused');
      return refusal as Refusal;
    }
    const { instanceId: _, ...facts } = by.facts;
    const truth = this.#enter({ ...facts, az, mode });
    if (struck()) truth.diesBootingAt = now + between(5, 60) * 1000;
    note(`  ${name('i', by.id)} launches ${name('i', truth.instance.id)} in ${az}`);
    return truth;
  }

  #enter(facts: Partial<TestInstance['facts']>): Truth {
    const { rig, tenant, between, name, note } = this.#world;
    const skew = between(-600, 600);
    const clock = () => new Date(rig.clock.now().getTime() + skew * 1000);
    const instance = new TestInstance(withClock(rig, clock), tenant, facts);
    const truth = { instance, clock, alive: true, known: false };
    this.truths.push(truth);
    note(`  the clock of ${name('i', instance.id)} is off by ${skew} s`);
    return truth;
  }

  of = (id: string) => this.truths.find(({ instance }) => instance.id === id);
  isAlive = (instance: TestInstance) => this.of(instance.id)?.alive === true;
  /** Whether an agent runs on it, or will in a moment. */
  isUp = (truth: Truth) => truth.alive && truth.diesBootingAt === undefined;

  /** EC2 gives two minutes' notice. */
  warn(truth: Truth) {
    if (truth.endsAt !== undefined) return;
    const { now, tally } = this.#world;
    truth.endsAt = now + 120_000;
    tally.count('notices');
    this.#events.send('warning', truth.instance.id, now);
  }

  recommend = ({ instance }: Truth) => this.#events.send('rebalance', instance.id, this.#world.now);

  /** What EC2 does by itself as time passes. */
  pass() {
    const { now, tally } = this.#world;
    for (const truth of this.truths.filter(({ alive }) => alive))
      if (truth.endsAt !== undefined && truth.endsAt <= now) this.end(truth, 'is taken by EC2', truth.endsAt);
      else if (truth.diesBootingAt !== undefined && truth.diesBootingAt <= now) {
        tally.count('deaths while booting');
        this.end(truth, 'dies while it boots', truth.diesBootingAt);
      }
  }

  end(truth: Truth, how: string, at = this.#world.now) {
    truth.alive = false;
    const { id } = truth.instance;
    this.#world.note(`${this.#world.name('i', id)} ${how}`);
    this.#events.send('shutting-down', id, at);
    this.#events.send('terminated', id, at + 30_000);
  }
}

/** The same control plane, as seen by an instance with a clock of its own. */
const withClock = (api: Api, now: () => Date): Api => ({
  clock: { now },
  get db() {
    return api.db;
  },
  request: (method, path, options) => api.request(method, path, options),
});
