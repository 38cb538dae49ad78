import { seeded } from '../../../../local/random.ts';
import type { TestInstance } from '../../agents/test-instance.ts';
import type { Answer, Tenant } from '../../rig/api.ts';
import { Tally } from '../tally.ts';
import { World, type WorldOptions } from '../world.ts';

/** A call of this step: who made it and what for. */
interface Spoken {
  readonly id: string;
  readonly what: string;
}

export interface FailoverWorldOptions extends WorldOptions {
  readonly seed: number;
  readonly neighbour: Tenant;
}

/** A world in which its seed decides everything. */
export class FailoverWorld extends World {
  readonly seed: number;
  /** The percentage of calls, launches and events that a fault strikes. */
  readonly percent: number;
  readonly random: () => number;
  readonly tally = new Tally();
  /** Whether only one thing happens in this step, so that what it may change is known exactly. */
  isAlone = true;
  /** The calls of this step; `undefined` if more happened than calls of instances. */
  spoken: Spoken[] | undefined = [];

  /** A tenant whose agents run in the same pools. */
  readonly neighbour: Tenant;

  constructor({ seed, neighbour, ...options }: FailoverWorldOptions) {
    super(options);
    this.seed = seed;
    this.neighbour = neighbour;
    this.percent = [0, 1, 5, 20][seed % 4]!;
    this.random = seeded(seed);
  }

  chance = (probability: number) => this.random() < probability;
  /** Whether one of the world's faults strikes. */
  struck = () => this.chance(this.percent / 100);
  between = (from: number, to: number) => from + Math.floor(this.random() * (to - from + 1));
  pick = <T>(items: readonly T[]): T => items[Math.floor(this.random() * items.length)]!;
  shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  /** Mostly the last one; late reports of an earlier one must not do harm either. */
  recent = <T>(items: readonly T[]): T | undefined => (this.chance(0.6) ? items.at(-1) : this.pick(items));

  override call(by: TestInstance, what: string, send: () => Promise<Answer>): Promise<Answer> {
    this.spoken?.push({ id: by.id, what });
    return super.call(by, what, send);
  }

  /** A duplicate key is never due to a fault: none of those that strike here returns it. */
  protected override mayFailJob(kind: string | undefined): boolean {
    return kind !== 'broken' && kind !== 'duplicate_key';
  }
}
