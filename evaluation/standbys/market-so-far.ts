import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { policyAConfig } from '../../functions/core/decision/policy-a/config.ts';
import { hazards } from '../../functions/core/decision/policy-a/hazard.ts';
import { PoolHistoryTracker } from '../../functions/core/decision/policy-a/pool-history.ts';

/** Losses are counted by periods of ten minutes, as the control plane does (functions/core/failover/pool-losses.ts). */
export const periodSeconds = 600;

/** What was seen of a group's pools up to and including a step. */
export class MarketSoFar {
  readonly group: PoolGroup;
  /** Of each pool, the periods in which it was lost, oldest first. */
  readonly #lossPeriods: number[][];
  readonly #lastLoss: (number | undefined)[];
  readonly #trackers: PoolHistoryTracker[];
  #step = -1;

  constructor(group: PoolGroup) {
    this.group = group;
    this.#lossPeriods = group.pools.map(() => []);
    this.#lastLoss = group.pools.map(() => undefined);
    this.#trackers = group.pools.map(() => new PoolHistoryTracker(group.stepSeconds));
  }

  /** Seconds since the record's beginning. */
  get now(): number {
    return this.#step * this.group.stepSeconds;
  }

  get step(): number {
    return this.#step;
  }

  isUp(pool: number): boolean {
    return this.group.pools[pool]!.up[this.#step] === 1;
  }

  priceOf(pool: number): number {
    return this.group.pools[pool]!.prices[this.#step]!;
  }

  advance(): void {
    this.#step += 1;
    const period = Math.floor(this.now / periodSeconds);
    for (const [pool, { up }] of this.group.pools.entries()) {
      this.#trackers[pool]!.observe(up[this.#step] ? 'up' : 'down');
      if (this.#step === 0 || !up[this.#step - 1] || up[this.#step]) continue;
      this.#lastLoss[pool] = this.now;
      if (this.#lossPeriods[pool]!.at(-1) !== period) this.#lossPeriods[pool]!.push(period);
    }
  }

  lastLossOf(pool: number): number | undefined {
    return this.#lastLoss[pool];
  }

  /** Periods with a loss of a pool in the last seconds. */
  lossesOf(pool: number, seconds: number): number[] {
    const since = Math.floor((this.now - seconds) / periodSeconds);
    return this.#lossPeriods[pool]!.filter((period) => period >= since);
  }

  /** How many of them have a loss of another pool in them or next to them. */
  jointLosses(pool: number, other: number, seconds: number): number {
    const others = new Set(this.#lossPeriods[other]);
    return this.lossesOf(pool, seconds).filter((period) => [-1, 0, 1].some((by) => others.has(period + by))).length;
  }

  /** Expected losses per hour of each pool, by policy A's model. */
  hazards(): number[] {
    const views = this.group.pools.map(({ id }, pool) => ({
      id,
      price: 0,
      availability: this.isUp(pool) ? ('up' as const) : ('down' as const),
      history: this.#trackers[pool]!.history(),
    }));
    return hazards(views, policyAConfig.hazard);
  }
}
