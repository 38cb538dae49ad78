import type { Instance } from './ec2.ts';
import { exponential, hashOf, type Random, seeded } from './random.ts';

/** What goes wrong beside EC2's interruptions; 0 means never. */
export interface TroubleOptions {
  /** 0 to 1: how many machines die while they boot; those that agents start on do not. */
  readonly bootFailures: number;
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
}

const weekSeconds = 7 * 86_400;
const outageSeconds = { least: 120, most: 600 };

/** Draws the troubles of a run. A machine's are drawn from its place among its agent's launches, not from its id. */
export class Troubles {
  readonly outages: readonly Outage[];
  readonly #options: TroubleOptions;
  readonly #launches = new Map<string, number>();

  constructor(options: TroubleOptions, { start, end }: { start: Date; end: Date }) {
    this.#options = options;
    this.outages = outagesOf(seeded(hashOf(`${options.seed} outages`)), options.outagesPerWeek, start, end);
  }

  isOut(now: Date): boolean {
    return this.outages.some(({ from, to }) => from <= now && now < to);
  }

  fateOf({ agent, cause }: Instance): Fate {
    const launch = (this.#launches.get(agent) ?? 0) + 1;
    this.#launches.set(agent, launch);
    const { seed, bootFailures, hangsPerWeek } = this.#options;
    const random = seeded(hashOf(`${seed} ${agent} ${launch}`));
    const diesBooting = random() < bootFailures && cause.kind !== 'start';
    const hangsAfter = exponential(random, 1) * (weekSeconds / hangsPerWeek);
    return { diesBooting, hangsAfter: hangsPerWeek > 0 ? hangsAfter : undefined, isToldOfItsEnd: random() < 0.5 };
  }
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
