import type { TargetMode } from '../../shared/schema.ts';
import { toMicros } from './money.ts';

/** What a tenant pays in place of a public price: a share of it, or a fixed price an hour (a Savings Plan, a discount). */
export interface Overlay {
  /** As accounts name it: by its name, or by what it is for. */
  readonly label: string;
  /** Empty for every type that has no overlay of its own. */
  readonly instanceType: string;
  readonly mode: TargetMode;
  readonly multiplier: string | null;
  readonly hourlyPrice: string | null;
  /** When it counts, milliseconds since 1970; `undefined`: ever since, or for ever. */
  readonly from: number | undefined;
  readonly until: number | undefined;
}

const million = 1_000_000n;

/** What is paid for, and its public price, micro-dollars an hour. */
interface PublicPrice {
  readonly instanceType: string | null;
  readonly mode: TargetMode;
  readonly micros: bigint;
}

/** What the tenant pays: micro-dollars an hour, and by which overlay, if by one. */
export interface PaidPrice {
  readonly micros: bigint;
  readonly overlay: Overlay | undefined;
}

/** The price that the tenant pays at a time. The overlay of the type goes before that of all types. */
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
