import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';
import type { RunTime } from './run-time.ts';

interface Options<T> {
  /** How many are worked on at a time. */
  readonly atOnce?: number;
  /** Asked before each item. When it says no, the rest is left to the next run. */
  readonly hasTime?: RunTime['hasTime'];
  /** What a log may say of an item; all of it by default. */
  readonly name?: (item: T) => object;
  /** Takes what failed, for a caller that fails in the end. */
  readonly failures?: unknown[];
}

/**
 * Does a job's work item by item. An item that fails holds up no other: it is logged, and the next run tries it again.
 * @param work says how much it has changed; `true` counts as one
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
        changed += Number(n); // not `+= await`: another may have counted meanwhile
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
