import type { Mode } from '../../shared/schema.ts';

/** The order in which rows of several pools are written: locking the same rows in another order can deadlock. */
export const byPoolId = (a: { readonly id: string }, b: { readonly id: string }) =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

export const poolIdOf = (instanceType: string, az: string) => `${instanceType}.${az}`;

/** The id of an instance's Spot pool; `null` for on-demand, or if the mode, type or zone is unknown. */
export const poolOf = (
  mode: Mode | undefined,
  instanceType: string | null | undefined,
  az: string | null | undefined,
) => (mode === 'spot' && instanceType && az ? poolIdOf(instanceType, az) : null);

/** Splits a pool id at its last dot: a type contains a dot (`m5.large`), a zone does not. */
export function partsOfPool(poolId: string): { readonly instanceType: string; readonly az: string } | undefined {
  const [, instanceType, az] = /^(.{1,64})\.([^.]{1,48})$/.exec(poolId) ?? [];
  return instanceType && az ? { instanceType, az } : undefined;
}
