import { DatabaseError } from './data-api/errors.ts';
import { logger } from './logger.ts';

/**
 * Processes many items in one call. If that fails, it processes each half separately, so that one bad item holds up no
 * other; that item alone is logged. A failure that no item causes, such as an unavailable database, fails the whole.
 * @param work safe to run twice; returns its results
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

/** The statement was refused for its content, its response was too large, or it took too long. */
const isOfItems = ({ kind }: DatabaseError) =>
  kind === 'broken' || kind === 'too_large' || kind === 'statement_timeout';
