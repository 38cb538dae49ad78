import { type RawBuilder, sql } from 'kysely';
import type { Db } from './db.ts';
import type { RunTime } from './run-time.ts';

/** How a room deletes rows it need not keep, by a name for logs. Each function returns how many rows it deleted. */
export type Retention = Readonly<Record<string, (db: Db, time: RunTime, now: Date) => Promise<number>>>;

const most = 5000;

/** The `LIMIT` of one DELETE, so that it holds its locks for only a few tenths of a second. */
export const limitOfDelete = sql`LIMIT ${sql.lit(most)}`;

/**
 * Deletes rows chunk by chunk while there is time; the next run deletes the rest.
 * @param statementAt gives the DELETE for a time; it ends with `limitOfDelete`, and an index serves its condition
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
