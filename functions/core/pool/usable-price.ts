import { fromDecimal } from '../../shared/decimal.ts';
import { hourMs } from '../../shared/time.ts';
import { ageMs } from './freshness.ts';

/** USD per instance-hour, and when it was seen. */
export interface SeenPrice {
  readonly price: number;
  readonly at: Date;
}

/** A price and its time as two columns hold them, of which both are set or none. */
export const seenPrice = (price: string | null, at: Date | null): SeenPrice | undefined =>
  price === null || at === null ? undefined : { price: fromDecimal(price)!, at };

/** What is known of a pool's price, from a tenant's point of view. */
export interface KnownPrice {
  /** What the tenant's own agents saw last. */
  readonly own: SeenPrice | undefined;
  /** What agents of two tenants saw alike. */
  readonly trusted: SeenPrice | undefined;
}

/** Prices that differ by at most this share say the same. */
export const agreement = 0.1;

/** A tenant's price that is further from the trusted one than this share of it is taken for a mistake. */
const outlier = 0.5;

/** A trusted price tells mistakes for this long; Spot prices move on. */
const yardstickMs = hourMs;

/** Whether a price differs from another by more than a share of that. */
export const isFurtherOff = (price: number, from: number, share: number) => Math.abs(price - from) > share * from;

/** Whether a price is too far off a recent trusted one to be believed. */
export const isOutlier = (price: number, trusted: SeenPrice | undefined, now: Date): boolean =>
  trusted !== undefined && ageMs(trusted.at, now) <= yardstickMs && isFurtherOff(price, trusted.price, outlier);

/**
 * The price of a pool that a tenant's decisions go by (docs/adr/0037): the newer of its own and the trusted one, unless its own
 * is an outlier. What only another tenant's agents say is not asked: they may be broken or hostile. `undefined` for a pool of
 * which nothing usable is known; whether the price is fresh is for the caller to judge.
 */
export function usablePrice({ own, trusted }: KnownPrice, now: Date): SeenPrice | undefined {
  if (!own || !trusted) return own ?? trusted;
  return isOutlier(own.price, trusted, now) || trusted.at > own.at ? trusted : own;
}
