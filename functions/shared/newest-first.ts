import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { type PageQuery, timeAndId } from './cursor.ts';

/**
 * Limits a list that is read newest first to the rows behind a cursor. Without a cursor, all rows match.
 * @param at the time column, as in `c.createdAt`
 * @param id the column that orders rows with the same time
 */
export function isBehind({ cursor }: PageQuery, at: string, id: string): RawBuilder<boolean> {
  if (!cursor) return sql<boolean>`TRUE`;
  const last = timeAndId(cursor);
  return sql<boolean>`(${sql.ref(at)} <= ${last.at} AND (${sql.ref(at)} < ${last.at} OR ${sql.ref(id)} < ${last.id}))`;
}

/** For `$call`: reads `limit` rows behind the query's cursor, newest first. */
export const newestFirst =
  (query: PageQuery, limit: number, { at = 'createdAt', id = 'id' } = {}) =>
  <DB, TB extends keyof DB, O>(select: SelectQueryBuilder<DB, TB, O>) =>
    select
      .where(isBehind(query, at, id))
      .orderBy(sql.ref(at), 'desc')
      .orderBy(sql.ref(id), 'desc')
      .limit(limit);
