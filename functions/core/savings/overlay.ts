import type { TargetMode } from '../../shared/schema.ts';
import { toMicros } from './money.ts';

/** What a tenant pays in place of a public price: a share of it, or a fixed price an hour (a Savings Plan, a discount). */
export interface Overlay {
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

/** The price that the tenant pays at a time, micro-dollars an hour. The overlay of the type goes before that of all types. */
export function paidPrice(
  overlays: readonly Overlay[],
  price: { readonly instanceType: string | null; readonly mode: TargetMode; readonly micros: bigint },
  at: number,
): bigint {
  const { instanceType, mode, micros } = price;
  const valid = overlays.filter(
    (one) => one.mode === mode && (one.from ?? at) <= at && at < (one.until ?? Number.POSITIVE_INFINITY),
  );
  const overlay =
    valid.find((one) => one.instanceType === instanceType) ?? valid.find((one) => one.instanceType === '');
  if (!overlay) return micros;
  if (overlay.hourlyPrice !== null) return toMicros(overlay.hourlyPrice);
  return (micros * toMicros(overlay.multiplier!) + million / 2n) / million;
}
