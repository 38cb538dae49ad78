import type { RunTime } from './run-time.ts';

interface Paging<T> {
  /** Reads at most `size` rows that follow a row in key order; without one, the first rows. */
  readonly read: (after: T | undefined) => Promise<readonly T[]>;
  readonly size: number;
}

/**
 * A job's rows, page by page, while there is time. A row that is skipped, because another transaction holds its agent,
 * does not come up again in this run, so it keeps no other row from being reached.
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

/** Runs `work` on each page and sums what it changed. @param work returns how much it changed */
export async function sumOfPages<T>(
  paging: Paging<T>,
  work: (page: readonly T[]) => Promise<number>,
  time: RunTime,
): Promise<number> {
  let changed = 0;
  for await (const page of pages(paging, time)) changed += await work(page);
  return changed;
}
