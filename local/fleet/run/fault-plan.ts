import { exponential, hashOf, type Random, seeded } from '../../random.ts';
import type { Instance, LaunchRequest } from '../ec2/ec2.ts';
import type { EventKind } from '../ec2/ec2-events.ts';

/** What goes wrong beside EC2's interruptions; 0 means never. */
export interface TroubleOptions {
  /** 0 to 1: how many machines die while they boot; those that agents start on do not. */
  readonly bootFailures: number;
  /** 0 to 1: how many of the agents' RunInstances calls EC2 refuses as one too many. */
  readonly throttledLaunches: number;
  /** 0 to 1: how many of EC2's events EventBridge never delivers, and how many it delivers twice. */
  readonly eventLoss: number;
  readonly eventDuplicates: number;
  /** How often an agent hangs, for each week that its machines run. */
  readonly hangsPerWeek: number;
  /** How often the control plane is out of reach, in a week. */
  readonly outagesPerWeek: number;
  readonly seed: number;
}

export interface Outage {
  readonly from: Date;
  readonly to: Date;
}

/** What a machine will suffer. */
export interface Fate {
  readonly diesBooting: boolean;
  /** Seconds after it runs. */
  readonly hangsAfter: number | undefined;
  /** Whether its operating system can still tell the agent when EC2 takes it. */
  readonly isToldOfItsEnd: boolean;
  /** Of each event about it, seconds until EventBridge delivers it: none where it is lost, two where it comes twice. */
  readonly deliveries: Readonly<Record<EventKind, readonly number[]>>;
}

const weekSeconds = 7 * 86_400;
const outageSeconds = { least: 120, most: 600 };
/** The first delivery of an event, and a second one after that, take up to so long. */
const deliverySeconds = { first: 3, second: 60 };

/** Draws the troubles of a run. A machine's are drawn from its place among its agent's launches, not from its id. */
export class Troubles {
  readonly outages: readonly Outage[];
  readonly #options: TroubleOptions;
  readonly #launches = new Map<string, number>();
  readonly #calls = new Map<string, number>();

  constructor(options: TroubleOptions, { start, end }: { start: Date; end: Date }) {
    this.#options = options;
    this.outages = outagesOf(seeded(hashOf(`${options.seed} outages`)), options.outagesPerWeek, start, end);
  }

  isOut(now: Date): boolean {
    return this.outageAt(now) !== undefined;
  }

  outageAt(now: Date): Outage | undefined {
    return this.outages.find(({ from, to }) => from <= now && now < to);
  }

  /** Of each RunInstances call once. Agents alone are refused: people who start a machine try again at once. */
  isThrottled({ agent, cause }: LaunchRequest): boolean {
    if (cause.kind === 'start' || cause.kind === 'owner') return false;
    const { seed, throttledLaunches } = this.#options;
    return seeded(hashOf(`${seed} ${agent} call ${counted(this.#calls, agent)}`))() < throttledLaunches;
  }

  fateOf({ agent, cause }: Instance): Fate {
    const launch = counted(this.#launches, agent);
    const { seed, bootFailures, hangsPerWeek } = this.#options;
    const random = seeded(hashOf(`${seed} ${agent} ${launch}`));
    const diesBooting = random() < bootFailures && cause.kind !== 'start';
    const hangsAfter = exponential(random, 1) * (weekSeconds / hangsPerWeek);
    const delivered = (kind: EventKind) => this.#deliveriesOf(seeded(hashOf(`${seed} ${agent} ${launch} ${kind}`)));
    return {
      diesBooting,
      hangsAfter: hangsPerWeek > 0 ? hangsAfter : undefined,
      isToldOfItsEnd: random() < 0.5,
      deliveries: {
        rebalance: delivered('rebalance'),
        warning: delivered('warning'),
        'shutting-down': delivered('shutting-down'),
        terminated: delivered('terminated'),
      },
    };
  }

  #deliveriesOf(random: Random): number[] {
    const { eventLoss, eventDuplicates } = this.#options;
    const [isLost, isDoubled] = [random() < eventLoss, random() < eventDuplicates];
    const first = random() * deliverySeconds.first;
    if (isLost) return [];
    return isDoubled ? [first, first + random() * deliverySeconds.second] : [first];
  }
}

function counted(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

function outagesOf(random: Random, perWeek: number, start: Date, end: Date): Outage[] {
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
