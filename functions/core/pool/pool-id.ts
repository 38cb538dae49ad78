import type { Mode } from '../../shared/schema.ts';

/** The order in which rows of several pools are written: who locks the same rows in another order meets a deadlock. */
export const byPoolId = (a: { readonly id: string }, b: { readonly id: string }) =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

export const poolIdOf = (instanceType: string, az: string) => `${instanceType}.${az}`;

/** The id of an instance's Spot pool; `null` for an instance that is in none: on-demand, or its type or zone is not known. */
export const poolOf = (
  mode: Mode | undefined,
  instanceType: string | null | undefined,
  az: string | null | undefined,
) => (mode === 'spot' && instanceType && az ? poolIdOf(instanceType, az) : null);

/** A pool's id taken apart. A type has a dot in it (`m5.large`), a zone has none. */
export function partsOfPool(poolId: string): { readonly instanceType: string; readonly az: string } | undefined {
  const [, instanceType, az] = /^(.{1,64})\.([^.]{1,48})$/.exec(poolId) ?? [];
  return instanceType && az ? { instanceType, az } : undefined;
}
