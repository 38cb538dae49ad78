import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { type PageQuery, timeAndId } from './cursor.ts';

/**
 * Holds a list that is read newest first to the rows behind a cursor; to all of them where there is none.
 * @param at the column of the time, as in `c.createdAt`
 * @param id the column that orders rows of one time
 */
export function isBehind({ cursor }: PageQuery, at: string, id: string): RawBuilder<boolean> {
  if (!cursor) return sql<boolean>`TRUE`;
  const last = timeAndId(cursor);
  return sql<boolean>`(${sql.ref(at)} <= ${last.at} AND (${sql.ref(at)} < ${last.at} OR ${sql.ref(id)} < ${last.id}))`;
}

/** Has a statement read so many rows behind the query's cursor, newest first: for `$call`. */
export const newestFirst =
  (query: PageQuery, limit: number, { at = 'createdAt', id = 'id' } = {}) =>
  <DB, TB extends keyof DB, O>(select: SelectQueryBuilder<DB, TB, O>) =>
    select
      .where(isBehind(query, at, id))
      .orderBy(sql.ref(at), 'desc')
      .orderBy(sql.ref(id), 'desc')
      .limit(limit);
