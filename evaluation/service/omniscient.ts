import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { RecordedMarket } from '../../functions/core/backtest/simulator/recorded-market.ts';
import { onDemand, type Place } from '../../functions/core/backtest/simulator/service-policy.ts';
import type { Timing } from '../../functions/core/decision/policy-a/input.ts';

export interface Bound {
  readonly costRel: number;
  readonly availability: number;
}

/**
 * The least that anybody could pay with knowledge of the future: the minimum of cost + lambda x downtime, by dynamic
 * programming over the place at the beginning of each step. On-demand is the last place.
 * @param lambda USD per second of downtime
 */
export function omniscient(group: PoolGroup, timing: Timing, lambda = 0): Bound {
  const world = new World(group, timing, lambda);
  return world.replay(world.solve());
}

/** The cheapest bound that meets an availability on average. Bisects for the smallest price of downtime that does. */
export function omniscientAt(group: PoolGroup, timing: Timing, availability: number): Bound {
  const free = omniscient(group, timing);
  if (free.availability >= availability) return free;
  let low = 0;
  let high = (group.onDemandPrice / 3600) * 2000;
  let best = omniscient(group, timing, high);
  for (let round = 0; round < 14; round += 1) {
    const middle = low > 0 ? (low + high) / 2 : high / 8;
    const bound = omniscient(group, timing, middle);
    if (bound.availability >= availability) {
      high = middle;
      best = bound;
    } else low = middle;
  }
  return best;
}

/** The best move from each place: within the step (-1: stay), and at its end. */
interface Plan {
  readonly within: Int8Array;
  readonly next: Int8Array;
}

class World {
  readonly #group: PoolGroup;
  readonly #timing: Timing;
  readonly #lambda: number;
  readonly #places: number;
  readonly #interruption: number;
  readonly #market: RecordedMarket;
  readonly #launchSteps: number;
  readonly #noticeSteps: number;

  constructor(group: PoolGroup, timing: Timing, lambda: number) {
    this.#group = group;
    this.#timing = timing;
    this.#lambda = lambda;
    this.#places = group.pools.length + 1;
    const { attempt, launch, notice, failoverCutover } = timing;
    this.#interruption = Math.max(0, attempt + launch - notice) + failoverCutover;
    this.#launchSteps = Math.max(1, Math.ceil((launch + attempt) / group.stepSeconds));
    this.#noticeSteps = Math.max(1, Math.ceil(notice / group.stepSeconds));
    this.#market = new RecordedMarket(group);
  }

  solve(): Plan {
    const { steps, stepSeconds } = this.#group;
    const { attempt, launch, plannedCutover } = this.#timing;
    const places = this.#places;
    const plan = { within: new Int8Array(steps * places), next: new Int8Array(steps * places) };
    const fitsInStep = attempt + launch < stepSeconds;
    let value = new Float64Array(places);
    const after = new Float64Array(places);
    for (let step = steps - 1; step >= 0; step -= 1) {
      for (let from = 0; from < places; from += 1) {
        const { to, cost } = step === steps - 1 ? { to: from, cost: 0 } : this.#boundary(step, from, value);
        after[from] = cost;
        plan.next[step * places + from] = to;
      }
      const before = new Float64Array(places).fill(impossible);
      for (let from = 0; from < places; from += 1) {
        if (!this.#isUp(from, step)) continue;
        const price = this.#price(from, step);
        let best = (price * stepSeconds) / 3600 + after[from]!;
        let within = -1;
        for (let to = 0; fitsInStep && to < places; to += 1) {
          if (to === from || !this.#isUp(to, step)) continue;
          const paid = price * (attempt + launch) + this.#price(to, step) * (stepSeconds - attempt);
          const cost = paid / 3600 + this.#lambda * plannedCutover + after[to]!;
          if (cost < best - 1e-12) {
            best = cost;
            within = to;
          }
        }
        before[from] = best;
        plan.within[step * places + from] = within;
      }
      value = before;
    }
    return plan;
  }

  /** Follows a plan, starting on-demand. */
  replay(plan: Plan): Bound {
    const { steps, stepSeconds, onDemandPrice } = this.#group;
    const { attempt, launch, plannedCutover } = this.#timing;
    let place = this.#places - 1;
    let cost = 0;
    let downtime = 0;
    for (let step = 0; step < steps; step += 1) {
      const within = plan.within[step * this.#places + place]!;
      if (within >= 0) {
        cost += (this.#price(place, step) * (attempt + launch)) / 3600;
        cost += (this.#price(within, step) * (stepSeconds - attempt)) / 3600;
        downtime += plannedCutover;
        place = within;
      } else cost += (this.#price(place, step) * stepSeconds) / 3600;
      const next = plan.next[step * this.#places + place]!;
      if (step === steps - 1 || next === place) continue;
      const planned = this.#plannedArrival(step, next);
      const forced = this.#isUp(place, step + 1) ? impossible : this.#forcedArrival(step, next);
      const isPlanned = this.#total(planned, plannedCutover) <= this.#total(forced, this.#interruption);
      cost += isPlanned ? planned : forced;
      downtime += isPlanned ? plannedCutover : this.#interruption;
      place = next;
    }
    const seconds = steps * stepSeconds;
    return { costRel: cost / ((onDemandPrice * seconds) / 3600), availability: 1 - downtime / seconds };
  }

  /** The best place to be in when the next step begins. */
  #boundary(step: number, from: number, value: Float64Array): { to: number; cost: number } {
    let best = { to: 0, cost: impossible };
    const survives = this.#isUp(from, step + 1);
    for (let to = 0; to < this.#places; to += 1) {
      if (!this.#isUp(to, step + 1)) continue;
      let cost = to === from ? value[to]! : impossible;
      if (to !== from) {
        cost = value[to]! + this.#total(this.#plannedArrival(step, to), this.#timing.plannedCutover);
        if (!survives) {
          const forced = value[to]! + this.#total(this.#forcedArrival(step, to), this.#interruption);
          cost = Math.min(cost, forced);
        }
      }
      if (cost < best.cost) best = { to, cost };
    }
    return best;
  }

  #total = (cost: number, downtime: number) => cost + this.#lambda * downtime;

  /** Launch cost of a planned move that arrives with the next step; impossible unless its pool was up long enough. */
  #plannedArrival(step: number, to: number): number {
    const lasted = this.#hasLasted(to, step, this.#launchSteps);
    return lasted ? (this.#price(to, step) * this.#timing.launch) / 3600 : impossible;
  }

  #forcedArrival(step: number, to: number): number {
    const { notice, attempt } = this.#timing;
    const lasted = this.#hasLasted(to, step, this.#noticeSteps);
    return lasted ? (this.#price(to, step) * Math.max(0, notice - attempt)) / 3600 : impossible;
  }

  #placeOf = (index: number): Place => (index === this.#places - 1 ? onDemand : index);
  #isUp = (index: number, step: number) => this.#market.isUp(this.#placeOf(index), step);
  #hasLasted = (index: number, step: number, steps: number) =>
    this.#market.hasLasted(this.#placeOf(index), step, steps);
  #price = (index: number, step: number) => this.#market.price(this.#placeOf(index), step);
}

const impossible = 1e18;
