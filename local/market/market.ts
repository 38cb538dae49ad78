/** The price of a pool from a moment on: USD per instance-hour, or null while EC2 published none. */
export interface PriceStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly price: number | null;
}

/** How many instances a pool can run from a moment on. At 0, EC2 interrupts those that run there. */
export interface CapacityStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly count: number;
}

/** One instance type in one availability zone. */
export interface Pool {
  /** Zone name, `us-east-1b`, or zone id, `use1-az2`, whichever the source knows. */
  readonly az: string;
  /** Oldest first. Before the first step the pool has no price. */
  readonly steps: readonly PriceStep[];
  /** Oldest first; undefined where the source records only prices. */
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
  /** Where the prices come from, and what the reader chose, left out or assumed: one sentence each. */
  readonly notes: readonly string[];
}

/** A market as read from a file. Few files give the on-demand price. */
export type ParsedMarket = Omit<Market, 'onDemandPrice'> & { readonly onDemandPrice?: number | undefined };

/** A price file, or an option about it, that cannot be used. The message gives the value seen and what is expected. */
export class PricesError extends Error {}

/** How the control plane and the agents write a pool: `m5.large.us-east-1b`. */
export const poolId = (market: Market, az: string) => `${market.instanceType}.${az}`;

export const poolOf = (market: Market, az: string): Pool | undefined => market.pools.find((pool) => pool.az === az);

/** The same market with all its times moved by `ms` milliseconds. */
export function shiftMarket(market: Market, ms: number): Market {
  const at = (time: Date) => new Date(time.getTime() + ms);
  const pools = market.pools.map((pool) => ({
    ...pool,
    steps: pool.steps.map(({ from, price }) => ({ from: from + ms, price })),
    capacity: pool.capacity?.map(({ from, count }) => ({ from: from + ms, count })),
  }));
  return { ...market, start: at(market.start), end: at(market.end), pools };
}

/** The price of a pool at a moment; null when EC2 published none. */
export function priceAt(pool: Pool, time: Date): number | null {
  return pool.steps[stepAt(pool.steps, time.getTime())]?.price ?? null;
}

/** Whether a launch finds capacity at a moment. Always true where the source records only prices. */
export const isAvailable = ({ capacity }: Pool, time: Date): boolean =>
  capacity === undefined || (capacity[stepAt(capacity, time.getTime())]?.count ?? 0) > 0;

/**
 * What a Spot instance costs between two moments, USD: price × time, summed over the price steps. While its pool has no
 * price, a running instance keeps paying the last one.
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

/** The index of the step in force at `time`; -1 before the first. */
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
