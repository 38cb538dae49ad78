import type { RunTime } from './run-time.ts';

interface Paging<T> {
  /** Reads the rows that follow a row in the order of a key, `size` at most; the first ones where there is none. */
  readonly read: (after: T | undefined) => Promise<readonly T[]>;
  readonly size: number;
}

/**
 * What a job has to do, page by page, while there is time. A row that is passed over, as somebody holds its agent, does not
 * come again, so it keeps no other from being reached.
 */
export async function* pages<T>({ read, size }: Paging<T>, { hasTime }: RunTime): AsyncGenerator<readonly T[]> {
  let after: T | undefined;
  while (hasTime()) {
    const page = await read(after);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    after = page.at(-1);
  }
}

/** The sum of what is done on each page. @param work says how much it has changed */
export async function sumOfPages<T>(
  paging: Paging<T>,
  work: (page: readonly T[]) => Promise<number>,
  time: RunTime,
): Promise<number> {
  let changed = 0;
  for await (const page of pages(paging, time)) changed += await work(page);
  return changed;
}
