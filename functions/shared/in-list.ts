import { sql } from 'kysely';

/**
 * `IN ()` is not valid SQL, so an empty list becomes `('')`: no id is empty. (With NULL the result would be unknown.)
 */
export const inList = (ids: readonly string[]) => sql`(${sql.join(ids.length > 0 ? ids : [''])})`;
