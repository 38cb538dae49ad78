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

/** The price that the tenant pays at a time. */
export function paidPrice(overlays: readonly Overlay[], { micros, ...of }: PublicPrice, at: number): PaidPrice {
  const overlay = overlayFor(overlays, of, at);
  return { micros: overlay ? priceBy(overlay, micros) : micros, overlay };
}

/** The overlay that applies at a time, if any. One for the type takes precedence over one for all types. */
export function overlayFor(
  overlays: readonly Overlay[],
  { instanceType, mode }: Omit<PublicPrice, 'micros'>,
  at: number,
): Overlay | undefined {
  const valid = overlays.filter(
    (one) => one.mode === mode && (one.from ?? at) <= at && at < (one.until ?? Number.POSITIVE_INFINITY),
  );
  return valid.find((one) => one.instanceType === instanceType) ?? valid.find((one) => one.instanceType === '');
}

/**
 * The price that decisions and back-tests compare, in USD per hour like the public one. They divide by prices, so free
 * capacity costs a micro-dollar.
 */
export const comparedPrice = (overlay: Overlay | undefined, price: number): number =>
  overlay ? Math.max(Number(priceBy(overlay, BigInt(Math.round(price * 1e6)))), 1) / 1e6 : price;

function priceBy({ hourlyPrice, multiplier }: Overlay, micros: bigint): bigint {
  if (hourlyPrice !== null) return toMicros(hourlyPrice);
  return (micros * toMicros(multiplier!) + million / 2n) / million;
}
