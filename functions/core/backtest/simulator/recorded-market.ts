import type { PoolGroup } from './pool-group.ts';
import { onDemand, type Place, type Sight } from './service-policy.ts';

/** A group's record by place and step. On-demand is always up. */
export class RecordedMarket {
  readonly #group: PoolGroup;
  /** For each pool and step, how many steps it has been up, including that one. */
  readonly #upFor: readonly Uint32Array[];

  constructor(group: PoolGroup) {
    this.#group = group;
    this.#upFor = group.pools.map(({ up }) => {
      const runs = new Uint32Array(up.length);
      for (let step = 0; step < up.length; step += 1) runs[step] = up[step] ? (runs[step - 1] ?? 0) + 1 : 0;
      return runs;
    });
  }

  isUp(place: Place, step: number): boolean {
    return place === onDemand || this.#upFor[place]![step]! > 0;
  }

  /** Whether a place has been up for this many steps, including this one. Steps before the record count as up. */
  hasLasted(place: Place, step: number, steps: number): boolean {
    return place === onDemand || this.#upFor[place]![step]! >= Math.min(steps, step + 1);
  }

  /** What the tenant pays for a place. */
  price(place: Place, step: number): number {
    const { onDemandPaid, pools } = this.#group;
    const paid = place === onDemand ? onDemandPaid : pools[place]!.paid;
    return paid ? paid[step]! : this.publicPrice(place, step);
  }

  publicPrice(place: Place, step: number): number {
    const { onDemandPrice, publicOnDemand, pools } = this.#group;
    return place === onDemand ? (publicOnDemand?.[step] ?? onDemandPrice) : pools[place]!.prices[step]!;
  }

  /** What a policy can see in a step. */
  sight(step: number, now: number, current: Place | null): Sight {
    return {
      now,
      step,
      current,
      price: (place) => this.price(place, step),
      publicPrice: (place) => this.publicPrice(place, step),
      isUp: (pool) => this.isUp(pool, step),
    };
  }
}
