import { sql } from 'kysely';

/** `IN ()` is no SQL; an empty list is one with the empty text, which is no id. (With NULL it would be unknown.) */
export const inList = (ids: readonly string[]) => sql`(${sql.join(ids.length > 0 ? ids : [''])})`;
