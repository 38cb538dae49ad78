import { type Market, type Pool, PricesError } from './market.ts';

/** @throws PricesError when the file lacks a pool's availability, or no pool is ever available */
export function checkAvailability({ pools }: Market, name: string): void {
  const without = pools.findIndex(({ capacity }) => capacity === undefined);
  if (without >= 0)
    throw new PricesError(
      `${name}, pools[${without}] has no countRle, so its availability is unknown; --prices plays prices alone`,
    );
  if (pools.every(({ capacity }) => capacity!.every(({ count }) => count === 0)))
    throw new PricesError(`${name} has no pool that is ever available: every countRle is 0 throughout`);
}

/** When a pool's count drops to 0: milliseconds since 1970, ascending. */
export function capacityLosses({ capacity = [] }: Pool): number[] {
  return capacity.flatMap(({ from, count }, index) => {
    const before = capacity[index - 1]?.count ?? 0;
    return count === 0 && before > 0 ? [from] : [];
  });
}

/** Milliseconds since 1970. */
export type Span = readonly [from: number, to: number];

/** When a pool has capacity. */
export function availableSpans({ capacity = [] }: Pool, end: Date): Span[] {
  return capacity.flatMap(({ from, count }, index): Span[] =>
    count > 0 ? [[from, capacity[index + 1]?.from ?? end.getTime()]] : [],
  );
}
