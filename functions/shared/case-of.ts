import { type RawBuilder, sql } from 'kysely';

/**
 * A value for each row by its key: what an UPDATE of many rows sets.
 * @param column that holds the key, as in `p.id`
 * @param values by key; where there is none, `otherwise` alone
 * @param otherwise for rows of any other key
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
