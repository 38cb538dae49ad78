import type { Mode } from '../../shared/schema.ts';

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
