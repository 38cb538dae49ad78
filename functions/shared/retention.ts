import { type RawBuilder, sql } from 'kysely';
import type { Db } from './db.ts';
import type { RunTime } from './run-time.ts';

/** How a room deletes what it need not keep, by a name for logs. Each says how many rows it deleted. */
export type Retention = Readonly<Record<string, (db: Db, time: RunTime, now: Date) => Promise<number>>>;

const most = 5000;

/** `LIMIT` of rows that one statement deletes: it holds their locks for some tenths of a second. */
export const limitOfDelete = sql`LIMIT ${sql.lit(most)}`;

/**
 * Deletes rows by the thousand, as far as there is time; the next run takes what is left.
 * @param statementAt a DELETE, at a time, that ends with `limitOfDelete`, and whose condition an index leads to
 */
export const inChunks =
  (statementAt: (now: Date) => RawBuilder<unknown>): Retention[string] =>
  async (db, { hasTime }, now) => {
    const statement = statementAt(now);
    let deleted = 0;
    while (hasTime()) {
      const { numAffectedRows = 0n } = await statement.execute(db);
      deleted += Number(numAffectedRows);
      if (numAffectedRows < BigInt(most)) break;
    }
    return deleted;
  };
