import type { Mode } from '../../shared/schema.ts';
import { minuteMs, startOf } from '../../shared/time.ts';
import type { KnownPrice, SeenPrice } from './usable-price.ts';

/** The highest price that all price columns can hold, USD per instance-hour (protocol 9.3). */
const maxPrice = 100;

/** Whether a claimed price is possible, USD per instance-hour. */
export const isPrice = (claimed: number | undefined): claimed is number =>
  claimed !== undefined && claimed > 0 && claimed <= maxPrice;

/** A claimed price if it is possible: columns cannot hold every number. */
export const priceFrom = (claimed: number | undefined) => (isPrice(claimed) ? claimed : undefined);

/** A price report from either agent version. Prices are USD per instance-hour. */
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

/** Who saw a price. A higher priority replaces a lower one; at equal priority the first stays (protocol 9.3). */
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
  /** The type of the standby that the instance is or was, if any. */
  readonly replicaType: string | null;
}

/** The source that a reporter counts as; `undefined`, so its prices are ignored, if it is gone or not the agent's. */
export function sourceOf({ isPrimary, instanceStatus, replicaType }: Reporter): Source | undefined {
  if (isPrimary) return 'primary';
  if (instanceStatus !== 'running_replica') return undefined;
  return replicaType?.startsWith('automatic') ? 'replica-automatic' : 'replica-manual';
}

/** The start of the five-minute bucket in which a price is stored (protocol 9.3). */
export const bucketOf = (seenAt: Date) => startOf(5 * minuteMs, seenAt);

/** What agents report if their on-demand price look-up failed, whatever the instance type. */
export const failedLookUpPrice = 0.1;

/** The on-demand price to use from now on. The price of a failed look-up does not replace a known one. */
export function believedOnDemand(reported: number | undefined, known: number | undefined): number | undefined {
  if (!isPrice(reported)) return known;
  return reported === failedLookUpPrice && known !== undefined ? known : reported;
}

/** What is known about a pool when a report arrives. */
export interface KnownPool extends KnownPrice {
  /** Whether another tenant's agents recently saw the reported price too. */
  readonly isConfirmed: boolean;
  /** The price stored for the report's bucket; `priority` is that of its source, 0 for none. */
  readonly kept: number | undefined;
  readonly priority: number;
}

/** Whether to write a pool's latest price: it changed, or the stored one is from an earlier bucket. */
export const isNews = ({ price }: Pick<PoolPrice, 'price'>, before: SeenPrice | undefined, bucket: Date) =>
  before?.price !== price || before.at < bucket;
