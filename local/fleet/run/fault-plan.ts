import { exponential, hashOf, type Random, seeded } from '../../random.ts';
import type { EventKind } from '../ec2/ec2-events.ts';
import type { Instance, LaunchRequest } from '../ec2/instance.ts';

/** What goes wrong besides EC2's interruptions; 0 means never. */
export interface FaultOptions {
  /** 0 to 1: the share of instances that fail to boot. The agents' first instances always boot. */
  readonly bootFailures: number;
  /** 0 to 1: the share of the agents' RunInstances calls that EC2 throttles. */
  readonly throttledLaunches: number;
  /** 0 to 1: the shares of EC2's events that EventBridge loses, and that it delivers twice. */
  readonly eventLoss: number;
  readonly eventDuplicates: number;
  /** How often an agent hangs per week of its instances' running time. */
  readonly hangsPerWeek: number;
  /** How often per week the control plane is out of reach. */
  readonly outagesPerWeek: number;
  readonly seed: number;
}

export interface Outage {
  readonly from: Date;
  readonly to: Date;
}

/** What goes wrong with one instance. */
export interface InstanceFaults {
  readonly failsToBoot: boolean;
  /** Seconds after it starts to run. */
  readonly hangsAfter: number | undefined;
  /** Whether its agent gets SIGTERM when EC2 interrupts it. */
  readonly shutsDownCleanly: boolean;
  /** Seconds until EventBridge delivers each event about it: none when lost, two when delivered twice. */
  readonly eventDelays: Readonly<Record<EventKind, readonly number[]>>;
}

export const noInstanceFaults: InstanceFaults = {
  failsToBoot: false,
  hangsAfter: undefined,
  shutsDownCleanly: true,
  eventDelays: { rebalance: [0], notice: [0], 'shutting-down': [0], terminated: [0] },
};

const weekSeconds = 7 * 86_400;
const outageSeconds = { least: 120, most: 600 };
/** The longest delay of an event, and of its second delivery after the first. */
const deliverySeconds = { first: 3, second: 60 };

/**
 * Draws the faults of a run. Those of an instance depend on its agent and on which launch of the agent it is, not on its
 * id, so that they are the same in each run with the same seed.
 */
export class FaultPlan {
  readonly outages: readonly Outage[];
  readonly #options: FaultOptions;
  readonly #launches = new Map<string, number>();
  readonly #calls = new Map<string, number>();

  constructor(options: FaultOptions, { start, end }: { start: Date; end: Date }) {
    this.#options = options;
    this.outages = drawOutages(seeded(hashOf(`${options.seed} outages`)), options.outagesPerWeek, start, end);
  }

  isOutage(now: Date): boolean {
    return this.outageAt(now) !== undefined;
  }

  outageAt(now: Date): Outage | undefined {
    return this.outages.find(({ from, to }) => from <= now && now < to);
  }

  /** To be called once for each RunInstances call. Only the agents' calls are throttled: others would retry at once. */
  isThrottled({ agent, cause }: LaunchRequest): boolean {
    if (cause.kind === 'start' || cause.kind === 'auto recovery') return false;
    const { seed, throttledLaunches } = this.#options;
    return seeded(hashOf(`${seed} ${agent} call ${count(this.#calls, agent)}`))() < throttledLaunches;
  }

  /** To be called once for each instance, in launch order. */
  faultsOf({ agent, cause }: Instance): InstanceFaults {
    const launch = count(this.#launches, agent);
    const { seed, bootFailures, hangsPerWeek } = this.#options;
    const random = seeded(hashOf(`${seed} ${agent} ${launch}`));
    const failsToBoot = random() < bootFailures && cause.kind !== 'start';
    const hangsAfter = exponential(random, 1) * (weekSeconds / hangsPerWeek);
    const delays = (kind: EventKind) => this.#eventDelays(seeded(hashOf(`${seed} ${agent} ${launch} ${kind}`)));
    return {
      failsToBoot,
      hangsAfter: hangsPerWeek > 0 ? hangsAfter : undefined,
      shutsDownCleanly: random() < 0.5,
      eventDelays: {
        rebalance: delays('rebalance'),
        notice: delays('notice'),
        'shutting-down': delays('shutting-down'),
        terminated: delays('terminated'),
      },
    };
  }

  #eventDelays(random: Random): number[] {
    const { eventLoss, eventDuplicates } = this.#options;
    const [isLost, isDuplicated] = [random() < eventLoss, random() < eventDuplicates];
    const first = random() * deliverySeconds.first;
    if (isLost) return [];
    return isDuplicated ? [first, first + random() * deliverySeconds.second] : [first];
  }
}

function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}

function drawOutages(random: Random, perWeek: number, start: Date, end: Date): Outage[] {
  const outages: Outage[] = [];
  if (perWeek === 0) return outages;
  const { least, most } = outageSeconds;
  let seconds = exponential(random, weekSeconds / perWeek);
  for (;;) {
    const from = new Date(start.getTime() + seconds * 1000);
    if (from >= end) return outages;
    const length = least + random() * (most - least);
    outages.push({ from, to: new Date(from.getTime() + length * 1000) });
    seconds += length + exponential(random, weekSeconds / perWeek);
  }
}
