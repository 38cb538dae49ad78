import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';

/**
 * Works on many items by one call, and in halves where that fails, so that one item that cannot be worked on holds up no
 * other: it is logged alone. What is no fault of an item fails for all: a database that does not answer.
 * @param work safe to run twice; says what it has done
 */
export async function inGroups<T, R>(
  what: string,
  items: readonly T[],
  work: (group: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  try {
    return [...(await work(items))];
  } catch (error) {
    if (error instanceof DatabaseError && !isOfItems(error)) throw error;
    if (items.length <= 1) {
      logger.error(`${what} failed`, { items, error: error as Error });
      return [];
    }
    const half = Math.ceil(items.length / 2);
    const first = await inGroups(what, items.slice(0, half), work);
    return [...first, ...(await inGroups(what, items.slice(half), work))];
  }
}

/** A statement that is refused for what is in it, is too much for an answer, or takes too long. */
const isOfItems = ({ kind }: DatabaseError) =>
  kind === 'broken' || kind === 'too_large' || kind === 'statement_timeout';
