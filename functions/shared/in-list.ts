import { sql } from 'kysely';

/**
 * `IN ()` is not valid SQL, so an empty list becomes `('')`, and no id is empty. (`IN (NULL)` would be unknown, not
 * false.)
 */
export const inList = (ids: readonly string[]) => sql`(${sql.join(ids.length > 0 ? ids : [''])})`;
