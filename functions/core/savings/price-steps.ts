import { dayMs } from '../../shared/time.ts';
import { toMicros } from './money.ts';

/** A price from a time on, until the next step. */
export interface PriceStep {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Micro-dollars an hour. */
  readonly micros: bigint;
}

/** A Spot price that has not been seen for longer is not known any more. On-demand prices are kept when they change only. */
export const carryMs = dayMs;

/** Prices in the order of their times, as steps. */
export const stepsOf = (rows: readonly { readonly at: Date; readonly price: string }[]): PriceStep[] =>
  rows.map(({ at, price }) => ({ from: at.getTime(), micros: toMicros(price) }));

/** The price at a time: the last one seen, if it is not too old. Steps are in the order of time. */
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
