/** Pools that a workload may choose from, recorded in steps of equal length. Prices are USD per instance-hour. */
export interface PoolGroup {
  readonly id: string;
  /** When the record begins, if that is known. */
  readonly startUtc?: string | undefined;
  /** Seconds of the calendar week before the record begins. If left out, budget weeks begin with the record. */
  readonly intoWeek?: number | undefined;
  readonly stepSeconds: number;
  readonly steps: number;
  readonly onDemandPrice: number;
  /** The public on-demand price in each step, if it is not `onDemandPrice` throughout. */
  readonly publicOnDemand?: Float64Array | undefined;
  /** What on-demand costs the tenant in each step, if that is not `onDemandPrice`. */
  readonly onDemandPaid?: Float64Array | undefined;
  readonly pools: readonly RecordedPool[];
}

export interface RecordedPool {
  /** Its zone, which is unique in the group. */
  readonly id: string;
  /** On-demand price of the pool's region, if the group has several regions. */
  readonly onDemandPrice: number;
  /** 1 in the steps in which an instance could be launched or kept. */
  readonly up: Uint8Array;
  readonly prices: Float64Array;
  /** What the pool costs the tenant in each step, if that is not `prices`. */
  readonly paid?: Float64Array | undefined;
}

/** Fills each gap with the price before it; a gap at the beginning with `first`, the on-demand price. */
export function carryForward(prices: readonly (number | null)[], first: number): Float64Array {
  let last = first;
  return Float64Array.from(prices, (price) => (last = price ?? last));
}
