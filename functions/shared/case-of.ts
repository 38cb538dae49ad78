import { type RawBuilder, sql } from 'kysely';

/**
 * A value for each row by its key: what an UPDATE of many rows sets.
 * @param column the column that holds the key, as in `p.id`
 * @param values by key; when empty, the result is `otherwise` alone
 * @param otherwise for rows with any other key
 */
export const caseOf = (
  column: string,
  values: readonly (readonly [key: string, value: unknown])[],
  otherwise: RawBuilder<unknown>,
): RawBuilder<unknown> =>
  values.length === 0
    ? otherwise
    : sql`CASE ${sql.ref(column)} ${sql.join(
        values.map(([key, value]) => sql`WHEN ${key} THEN ${value}`),
        sql` `,
      )} ELSE ${otherwise} END`;
