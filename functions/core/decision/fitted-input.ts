import { sizeOf } from '../../shared/json-bounds.ts';
import type { DecisionInput } from './decision-input.ts';

/** A decision's input as it is stored: with as many of its pools as the row has room for, the target first. */
export function fittedInput(input: DecisionInput, target: string | null) {
  const { pools } = input.prices;
  const withFirst = (n: number) => {
    const kept = pools.toSorted((a, b) => Number(b.id === target) - Number(a.id === target)).slice(0, n);
    return { ...input, prices: { ...input.prices, pools: kept, poolsOmitted: pools.length - n } };
  };
  if (sizeOf(input, 'decisions.inputs').fits) return input;
  let room = pools.length - 1;
  while (room > 0 && !sizeOf(withFirst(room), 'decisions.inputs').fits) room -= 1;
  return withFirst(room);
}
