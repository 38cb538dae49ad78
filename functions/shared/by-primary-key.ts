import { sql } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * A table in a locking statement that must find its rows by primary key. Without the hint, once the list of ids reaches
 * a third of the table, the optimiser reads another index or the whole table. The statement then also locks rows
 * outside the list, and waits for any of them that another transaction holds.
 * @param alias of the table in the statement, where it is joined
 */
export const byPrimaryKey = (table: keyof Schema, alias?: string) =>
  sql`${sql.table(table)}${alias === undefined ? sql`` : sql` AS ${sql.ref(alias)}`} FORCE INDEX (PRIMARY)`;
