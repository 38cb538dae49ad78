import { cursorOf, type Position } from './cursor.ts';
import { DatabaseError } from './data-api/errors.ts';

/** A part of a list, and the cursor of the next one; `undefined` at the end of the list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

interface Listing<Row, Item> {
  /** Names the list in its cursors. */
  readonly list: string;
  /** The maximum rows of a page. */
  readonly size: number;
  /** This many rows fit in one Data API response (1 MiB), however wide they are. */
  readonly safeSize: number;
  /** Reads rows in the order of the list's key. */
  readonly read: (limit: number) => Promise<readonly Row[]>;
  readonly positionOf: (row: Row) => Position;
  readonly toItems: (rows: readonly Row[]) => readonly Item[] | Promise<readonly Item[]>;
}

/**
 * Reads one page of a list, plus one row that shows whether another page follows. Rows are usually far narrower than
 * their columns allow; if they do not fit in one response, a page of `safeSize` rows is read.
 */
export async function readPage<Row, Item>(listing: Listing<Row, Item>): Promise<Page<Item>> {
  const { list, size, safeSize, read, positionOf, toItems } = listing;
  const { rows, limit } = await readFitting(read, [size, safeSize]);
  const items = await toItems(rows.slice(0, limit));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items, next: last && cursorOf(list, positionOf(last)) };
}

async function readFitting<Row>(read: (limit: number) => Promise<readonly Row[]>, sizes: readonly [number, number]) {
  const [size, safeSize] = sizes;
  try {
    return { rows: await read(size + 1), limit: size };
  } catch (error) {
    const isTooLarge = error instanceof DatabaseError && error.kind === 'too_large';
    if (!isTooLarge || safeSize >= size) throw error;
    return { rows: await read(safeSize + 1), limit: safeSize };
  }
}
