import type { TargetMode } from '../../shared/schema.ts';
import { toMicros } from './money.ts';

/** What a tenant pays instead of a public price: a share of it or a fixed hourly price (a Savings Plan, a discount). */
export interface Overlay {
  /** Shown in cost records: its name, or its mode and type. */
  readonly label: string;
  /** Empty for all types without an overlay of their own. */
  readonly instanceType: string;
  readonly mode: TargetMode;
  readonly multiplier: string | null;
  readonly hourlyPrice: string | null;
  /** When it is valid, milliseconds since 1970; `undefined` means no limit. */
  readonly from: number | undefined;
  readonly until: number | undefined;
}

const million = 1_000_000n;

/** An instance type and mode, with its public price in micro-dollars per hour. */
interface PublicPrice {
  readonly instanceType: string | null;
  readonly mode: TargetMode;
  readonly micros: bigint;
}

/** What the tenant pays, in micro-dollars per hour, and the overlay that applies, if any. */
export interface PaidPrice {
  readonly micros: bigint;
  readonly overlay: Overlay | undefined;
}

/** The price that the tenant pays at a time. An overlay for the type takes precedence over one for all types. */
export function paidPrice(
  overlays: readonly Overlay[],
  { instanceType, mode, micros }: PublicPrice,
  at: number,
): PaidPrice {
  const valid = overlays.filter(
    (one) => one.mode === mode && (one.from ?? at) <= at && at < (one.until ?? Number.POSITIVE_INFINITY),
  );
  const overlay =
    valid.find((one) => one.instanceType === instanceType) ?? valid.find((one) => one.instanceType === '');
  return { micros: overlay ? priceBy(overlay, micros) : micros, overlay };
}

function priceBy({ hourlyPrice, multiplier }: Overlay, micros: bigint): bigint {
  if (hourlyPrice !== null) return toMicros(hourlyPrice);
  return (micros * toMicros(multiplier!) + million / 2n) / million;
}
