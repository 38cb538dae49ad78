import type { TargetMode } from '../../shared/schema.ts';
import { toMicros } from './money.ts';

/** What a tenant pays in place of a public price: a share of it, or a fixed price an hour (a Savings Plan, a discount). */
export interface Overlay {
  /** Empty for every type that has no overlay of its own. */
  readonly instanceType: string;
  readonly mode: TargetMode;
  readonly multiplier: string | null;
  readonly hourlyPrice: string | null;
}

const million = 1_000_000n;

/** The price that the tenant pays, micro-dollars an hour. The overlay of the type goes before that of all types. */
export function paidPrice(
  overlays: readonly Overlay[],
  { instanceType, mode, micros }: { instanceType: string | null; mode: TargetMode; micros: bigint },
): bigint {
  const ofMode = overlays.filter((overlay) => overlay.mode === mode);
  const overlay =
    ofMode.find((one) => one.instanceType === instanceType) ?? ofMode.find((one) => one.instanceType === '');
  if (!overlay) return micros;
  if (overlay.hourlyPrice !== null) return toMicros(overlay.hourlyPrice);
  return (micros * toMicros(overlay.multiplier!) + million / 2n) / million;
}
