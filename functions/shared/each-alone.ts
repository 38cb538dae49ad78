import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';

/**
 * Does a job's work item by item, one after the other. One that cannot be dealt with holds no other one up: it is logged,
 * and tried again by the next run.
 * @returns how many items `work` says it has changed
 */
export async function eachAlone<T>(
  what: string,
  items: readonly T[],
  work: (item: T) => Promise<boolean>,
): Promise<number> {
  let changed = 0;
  for (const item of items) {
    try {
      if (await work(item)) changed += 1;
    } catch (error) {
      if (error instanceof DatabaseError && error.kind === 'conflict')
        logger.info(`${what}: somebody else is changing it, the next run sees`, { item });
      else logger.error(`${what} failed`, { item, error: error as Error });
    }
  }
  return changed;
}
