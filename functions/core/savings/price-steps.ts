import { dayMs } from '../../shared/time.ts';
import { toMicros } from './money.ts';

/** A price from a time until the next step. */
export interface PriceStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Micro-dollars per hour. */
  readonly micros: bigint;
}

/** A Spot price not seen for this long is unknown. On-demand prices do not expire: they are stored only on change. */
export const carryMs = dayMs;

/** Converts prices in time order to steps. */
export const stepsOf = (rows: readonly { readonly at: Date; readonly price: string }[]): PriceStep[] =>
  rows.map(({ at, price }) => ({ from: at.getTime(), micros: toMicros(price) }));

/** The price at a time: the last one seen, if less than `carry` milliseconds old. Steps are in time order. */
export function priceAt(steps: readonly PriceStep[], at: number, carry = Number.POSITIVE_INFINITY): bigint | undefined {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]!.from <= at) low = middle + 1;
    else high = middle;
  }
  const step = steps[low - 1];
  return step && at - step.from < carry ? step.micros : undefined;
}
