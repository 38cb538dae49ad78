import type { Mode } from '../../shared/schema.ts';
import { minuteMs, startOf } from '../../shared/time.ts';
import type { KnownPrice, SeenPrice } from './usable-price.ts';

/** The highest price that every price column holds, USD per instance-hour (protocol 9.3). */
const maxPrice = 100;

/** Whether a claimed price can be one, USD per instance-hour. */
export const isPrice = (claimed: number | undefined): claimed is number =>
  claimed !== undefined && claimed > 0 && claimed <= maxPrice;

/** A claimed price, if it can be one: a column does not hold every number. */
export const priceFrom = (claimed: number | undefined) => (isPrice(claimed) ? claimed : undefined);

/** A report of prices, of either agent version. Prices are USD per instance-hour. */
export interface PriceReport {
  readonly instanceId: string;
  readonly mode: Exclude<Mode, 'unknown'> | undefined;
  /** The pool that the instance is in; `null` for none. */
  readonly poolId: string | null;
  /** As claimed: see `believedOnDemand`. */
  readonly onDemand: number | undefined;
  readonly spot: number | undefined;
  readonly collectedAt: Date;
  readonly pools: readonly PoolPrice[];
}

export interface PoolPrice {
  readonly id: string;
  readonly instanceType: string;
  readonly az: string;
  readonly price: number;
}

/** Who saw a price: a higher priority replaces a lower one, and of equals the first stays (protocol 9.3). */
export const sources = {
  market: { priority: 5, confidence: '1.00' },
  primary: { priority: 4, confidence: '1.00' },
  'replica-automatic': { priority: 3, confidence: '0.95' },
  'replica-manual': { priority: 2, confidence: '0.95' },
} as const;
export type Source = keyof typeof sources;

interface Reporter {
  readonly isPrimary: boolean | null;
  readonly instanceStatus: string | null;
  /** Of the standby that it is, if it is one. */
  readonly replicaType: string | null;
}

/** What a reporter counts as; `undefined` for an instance that is gone or not the agent's: its prices do not count. */
export function sourceOf({ isPrimary, instanceStatus, replicaType }: Reporter): Source | undefined {
  if (isPrimary) return 'primary';
  if (instanceStatus !== 'running_replica') return undefined;
  return replicaType?.startsWith('automatic') ? 'replica-automatic' : 'replica-manual';
}

/** The five-minute bucket of when a price was seen, by which prices are kept (protocol 9.3). */
export const bucketOf = (seenAt: Date) => startOf(5 * minuteMs, seenAt);

/** What agents report when their look-up of the on-demand price has failed, whatever their instance type. */
export const failedLookUpPrice = 0.1;

/** The on-demand price to go on with. The price of a failed look-up does not replace a known one. */
export function believedOnDemand(reported: number | undefined, known: number | undefined): number | undefined {
  if (!isPrice(reported)) return known;
  return reported === failedLookUpPrice && known !== undefined ? known : reported;
}

/** What is known of a pool when a report of it comes. */
export interface KnownPool extends KnownPrice {
  /** Whether agents of another tenant have just seen the reported price too. */
  readonly isConfirmed: boolean;
  /** What is kept for the report's bucket: its price, and the priority of its source; 0 for none. */
  readonly kept: number | undefined;
  readonly priority: number;
}

/** Whether a pool's latest price is to be written: it differs, or the one before is from an earlier bucket. */
export const isNews = ({ price }: Pick<PoolPrice, 'price'>, before: SeenPrice | undefined, bucket: Date) =>
  before?.price !== price || before.at < bucket;
