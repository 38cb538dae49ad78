/** Pools that a workload may choose from, recorded in steps of equal length. Prices are USD per instance-hour. */
export interface PoolGroup {
  readonly id: string;
  /** When the record begins, where that is known. */
  readonly startUtc?: string | undefined;
  /** Seconds of the calendar's week that were over when the record begins: left out, weeks of budgets begin with it. */
  readonly intoWeek?: number | undefined;
  readonly stepSeconds: number;
  readonly steps: number;
  readonly onDemandPrice: number;
  /** What on-demand costs its tenant in each step, where that is not `onDemandPrice`. */
  readonly onDemandPaid?: Float64Array | undefined;
  readonly pools: readonly RecordedPool[];
}

export interface RecordedPool {
  /** Its zone, which is unique in the group. */
  readonly id: string;
  /** Of the region that the pool is in, where regions of a group differ. */
  readonly onDemandPrice: number;
  /** 1 in the steps in which an instance could be launched or kept. */
  readonly up: Uint8Array;
  readonly prices: Float64Array;
  /** What the pool costs its tenant in each step, where that is not `prices`: policies go by public prices all the same. */
  readonly paid?: Float64Array | undefined;
}

/** Fills each gap with the price before it; one at the beginning, with the on-demand price. */
export function carryForward(prices: readonly (number | null)[], first: number): Float64Array {
  let last = first;
  return Float64Array.from(prices, (price) => (last = price ?? last));
}
