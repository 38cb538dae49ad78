import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';
import type { RunTime } from './run-time.ts';

interface Options<T> {
  /** How many items are processed at a time. */
  readonly atOnce?: number;
  /** Checked before each item. Once it returns false, the rest is left to the next run. */
  readonly hasTime?: RunTime['hasTime'];
  /** What the log may contain of an item; all of it by default. */
  readonly name?: (item: T) => object;
  /** Collects the errors, for a caller that fails at the end. */
  readonly failures?: unknown[];
}

/**
 * Processes a job's items one by one. An item that fails holds up no other: it is logged, and the next run tries it
 * again.
 * @param work returns how much it changed; `true` counts as one
 * @returns the sum of that
 */
export async function forEachIsolated<T>(
  what: string,
  items: readonly T[],
  work: (item: T) => Promise<number | boolean>,
  { atOnce = 1, hasTime = () => true, name = (item) => ({ item }), failures = [] }: Options<T> = {},
): Promise<number> {
  let changed = 0;
  const rest = items.values();
  const drain = async () => {
    for (const item of rest) {
      if (!hasTime()) return;
      try {
        const n = await work(item);
        changed += Number(n); // not `+= await`: another item may have been counted meanwhile
      } catch (error) {
        if (error instanceof DatabaseError && error.kind === 'conflict')
          logger.info(`${what}: another call is changing it; left to the next run`, { ...name(item) });
        else {
          logger.error(`${what} failed`, { ...name(item), error: error as Error });
          failures.push(error);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, drain));
  return changed;
}
