import { week } from '../../decision/policy-a/config.ts';
import type { PoolGroup } from './pool-group.ts';

/** The outcome of one service over one episode. */
export interface ServiceResult {
  /** USD. */
  readonly cost: number;
  /** Relative to the cost of on-demand alone. */
  readonly costRel: number;
  readonly availability: number;
  readonly interruptions: number;
  readonly planned: number;
  readonly failovers: number;
  readonly attempts: number;
  readonly onDemandFraction: number;
  readonly plannedPerWeek: number;
  /** The most switches, planned or failovers, in any seven days. */
  readonly mostSwitchesInWeek: number;
  /** Availability of each whole week. */
  readonly weeks: readonly number[];
  /** The most downtime in any seven days, in seconds. */
  readonly worstWeekDowntime: number;
}

/** Adds up the costs and events of an episode. */
export class Ledger {
  interruptions = 0;
  attempts = 0;
  onDemandSeconds = 0;
  #cost = 0;
  #planned = 0;
  #failovers = 0;
  readonly #downtime: { at: number; seconds: number }[] = [];
  readonly #switches: number[] = [];
  readonly #group: PoolGroup;

  constructor(group: PoolGroup) {
    this.#group = group;
  }

  pay(price: number, seconds: number): void {
    this.#cost += (price * seconds) / 3600;
  }

  wasDown(seconds: number, at: number): void {
    this.#downtime.push({ at, seconds });
  }

  planned(at: number): void {
    this.#planned += 1;
    this.#switches.push(at);
  }

  failedOver(at: number): void {
    this.#failovers += 1;
    this.#switches.push(at);
  }

  result(): ServiceResult {
    const { steps, stepSeconds } = this.#group;
    const seconds = steps * stepSeconds;
    return {
      cost: this.#cost,
      costRel: this.#cost / onDemandCost(this.#group),
      availability: 1 - this.#downtime.reduce((sum, event) => sum + event.seconds, 0) / seconds,
      interruptions: this.interruptions,
      planned: this.#planned,
      failovers: this.#failovers,
      attempts: this.attempts,
      onDemandFraction: this.onDemandSeconds / seconds,
      plannedPerWeek: this.#planned / (seconds / week),
      mostSwitchesInWeek: mostInWeek(this.#switches.map((at) => ({ at, seconds: 1 }))),
      weeks: this.#weeks(seconds),
      worstWeekDowntime: mostInWeek(this.#downtime),
    };
  }

  /** A last week that is nearly complete counts. */
  #weeks(seconds: number): number[] {
    const count = Math.ceil(seconds / week);
    return Array.from({ length: count }, (_, index) => {
      const length = Math.min(week, seconds - index * week);
      const own = this.#downtime.filter(({ at }) => Math.floor(at / week) === index);
      return { length, availability: 1 - own.reduce((sum, event) => sum + event.seconds, 0) / length };
    })
      .filter(({ length }) => length >= 0.9 * week)
      .map(({ availability }) => availability);
  }
}

/** The cost of on-demand alone, USD. */
function onDemandCost({ steps, stepSeconds, onDemandPrice, onDemandPaid }: PoolGroup): number {
  const hours = stepSeconds / 3600;
  return onDemandPaid ? onDemandPaid.reduce((sum, price) => sum + price * hours, 0) : onDemandPrice * steps * hours;
}

/** The largest sum over any seven days. */
function mostInWeek(events: readonly { at: number; seconds: number }[]): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { at, seconds } of events) {
    sum += seconds;
    while (events[first]!.at <= at - week) sum -= events[first++]!.seconds;
    most = Math.max(most, sum);
  }
  return most;
}
