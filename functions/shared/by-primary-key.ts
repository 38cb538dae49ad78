import { sql } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * A table whose rows a statement that locks many finds by primary key. Without the hint the optimiser reads another index,
 * or the whole table, once the list of ids is a third of it; then rows outside the list are locked, and a single one that
 * somebody else holds is waited for.
 * @param alias in the statement, where the table is joined
 */
export const byPrimaryKey = (table: keyof Schema, alias?: string) =>
  sql`${sql.table(table)}${alias === undefined ? sql`` : sql` AS ${sql.ref(alias)}`} FORCE INDEX (PRIMARY)`;
