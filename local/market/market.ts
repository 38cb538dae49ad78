/** The price of a pool from a moment on: USD per instance-hour, or null while EC2 named none. */
export interface PriceStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly price: number | null;
}

/** How many machines a pool can run from a moment on; at none, EC2 takes those that run there. */
export interface CapacityStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly count: number;
}

/** One instance type in one availability zone. */
export interface Pool {
  /** Zone name, `us-east-1b`, or zone id, `use1-az2`, whichever the source knows. */
  readonly az: string;
  /** Oldest first; before the first one the pool has no price. */
  readonly steps: readonly PriceStep[];
  /** Oldest first; undefined where the source knows prices only. */
  readonly capacity?: readonly CapacityStep[] | undefined;
}

/** The Spot market of one instance type in one region, over a period of time. */
export interface Market {
  readonly instanceType: string;
  readonly region: string;
  /** USD per instance-hour. */
  readonly onDemandPrice: number;
  readonly start: Date;
  readonly end: Date;
  readonly pools: readonly Pool[];
  /** Where the prices come from, and what was chosen, left out or assumed in reading them: one sentence each. */
  readonly notes: readonly string[];
}

/** A market before its on-demand price is settled: few files have one. */
export type PricedOrNot = Omit<Market, 'onDemandPrice'> & { readonly onDemandPrice?: number | undefined };

/** A file, or an option about it, that cannot be used; the message says what was seen and what would be right. */
export class PricesError extends Error {}

/** How the control plane and the agents write a pool: `m5.large.us-east-1b`. */
export const poolId = (market: Market, az: string) => `${market.instanceType}.${az}`;

export const poolOf = (market: Market, az: string): Pool | undefined => market.pools.find((pool) => pool.az === az);

/** The same market, its times moved by so many milliseconds. */
export function shifted(market: Market, ms: number): Market {
  const at = (time: Date) => new Date(time.getTime() + ms);
  const pools = market.pools.map((pool) => ({
    ...pool,
    steps: pool.steps.map(({ from, price }) => ({ from: from + ms, price })),
    capacity: pool.capacity?.map(({ from, count }) => ({ from: from + ms, count })),
  }));
  return { ...market, start: at(market.start), end: at(market.end), pools };
}

/** The price EC2 names at a moment; null when it names none. */
export function priceAt(pool: Pool, time: Date): number | null {
  return pool.steps[stepAt(pool.steps, time.getTime())]?.price ?? null;
}

/** Whether a launch finds capacity at a moment; always, where the source knows prices only. */
export const isAvailable = ({ capacity }: Pool, time: Date): boolean =>
  capacity === undefined || (capacity[stepAt(capacity, time.getTime())]?.count ?? 0) > 0;

/**
 * What a Spot machine costs, USD: the sum over the price steps of price × time. A machine that runs while its pool has
 * no price goes on paying the last one.
 */
export function spotCost(pool: Pool, from: Date, to: Date): number {
  const [begin, end] = [from.getTime(), to.getTime()];
  let cost = 0;
  let price = 0;
  for (let i = 0; i <= stepAt(pool.steps, begin); i++) price = pool.steps[i]!.price ?? price;
  let since = begin;
  for (let i = stepAt(pool.steps, begin) + 1; i < pool.steps.length && pool.steps[i]!.from < end; i++) {
    const step = pool.steps[i]!;
    cost += price * hours(since, step.from);
    since = step.from;
    price = step.price ?? price;
  }
  return cost + price * hours(since, end);
}

const hours = (from: number, to: number) => Math.max(0, to - from) / 3600_000;

/** The index of the step in force at `time`, -1 before the first. */
function stepAt(steps: readonly { readonly from: number }[], time: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]!.from <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
