import type { Insertable } from 'kysely';
import { chunks } from '../../../functions/shared/chunks.ts';
import type { Db } from '../../../functions/shared/db.ts';
import type { Schema } from '../../../functions/shared/schema.ts';

/** Rows per statement, far below the limit of the Data API. */
const atOnce = 500;

/** Inserts rows in batches. */
export async function inserted<T extends keyof Schema>(
  db: Db,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  for (const those of chunks(rows, atOnce))
    await db
      .insertInto(table)
      .values(those as never)
      .execute();
}
