import { fromDecimal } from '../../shared/decimal.ts';
import { hourMs } from '../../shared/time.ts';
import { ageMs } from './freshness.ts';

/** USD per instance-hour, and when it was seen. */
export interface SeenPrice {
  readonly price: number;
  readonly at: Date;
}

/** A price and its time from two columns, of which both or neither are set. */
export const seenPrice = (price: string | null, at: Date | null): SeenPrice | undefined =>
  price === null || at === null ? undefined : { price: fromDecimal(price)!, at };

/** What a tenant knows about a pool's price. */
export interface KnownPrice {
  /** The last price that the tenant's own agents saw. */
  readonly own: SeenPrice | undefined;
  /** The last price that agents of two tenants agreed on or EC2 itself gave. */
  readonly trusted: SeenPrice | undefined;
}

/** Prices that differ by at most this share agree. */
export const agreement = 0.1;

/** A tenant's price that differs from the trusted one by more than this share of it is treated as a mistake. */
const outlier = 0.5;

/** Outliers are judged by a trusted price no older than this, because Spot prices change. */
const yardstickMs = hourMs;

/** Whether a price differs from another one by more than a share of the other. */
export const isFurtherOff = (price: number, from: number, share: number) => Math.abs(price - from) > share * from;

/** Whether a price is too far from a recent trusted one to be believed. */
export const isOutlier = (price: number, trusted: SeenPrice | undefined, now: Date): boolean =>
  trusted !== undefined && ageMs(trusted.at, now) <= yardstickMs && isFurtherOff(price, trusted.price, outlier);

/**
 * The pool price that a tenant's decisions use (docs/adr/0037): the newer of its own and the trusted one, or the
 * trusted one if its own is an outlier. A price that only another tenant's agents reported is not used: they may be
 * broken or hostile. `undefined` if no usable price is known. The caller checks whether the price is fresh.
 */
export function usablePrice({ own, trusted }: KnownPrice, now: Date): SeenPrice | undefined {
  if (!own || !trusted) return own ?? trusted;
  return isOutlier(own.price, trusted, now) || trusted.at > own.at ? trusted : own;
}
