import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';

interface Manner<T> {
  /** How many are dealt with at a time. */
  readonly atOnce?: number;
  /** Asked before each; what is left when it says no the next run takes. */
  readonly hasTime?: () => boolean;
  /** What a log may say of an item; all of it when left out. */
  readonly name?: (item: T) => object;
}

/**
 * Does a job's work item by item. One that cannot be dealt with holds no other one up: it is logged, and tried again by the
 * next run.
 * @param work says how much it has changed; `true` counts as one
 * @returns the sum of that
 */
export async function forEachIsolated<T>(
  what: string,
  items: readonly T[],
  work: (item: T) => Promise<number | boolean>,
  { atOnce = 1, hasTime = () => true, name = (item) => ({ item }) }: Manner<T> = {},
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
          logger.info(`${what}: somebody else is changing it, the next run sees`, { ...name(item) });
        else logger.error(`${what} failed`, { ...name(item), error: error as Error });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, drain));
  return changed;
}
