import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';

/** More than consoles show. Only three sessions matter, and those uploaded since the last activation. */
const most = 10;

/** The newest sessions with their files (protocol D14): one statement. */
export async function listSessions(db: Db) {
  const newest = db
    .selectFrom('modelSessions')
    .select(['id', 'kind', 'status', 'createdAt', 'activatedAt'])
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(most);
  const rows = await db
    .selectFrom(newest.as('session'))
    .innerJoin('modelFiles as file', 'file.sessionId', 'session.id')
    .selectAll('session')
    .select(['file.name', 'file.bytes'])
    .orderBy('session.createdAt', 'desc')
    .orderBy('session.id', 'desc')
    .orderBy('file.position')
    .execute();
  const sessions = Map.groupBy(rows, ({ id }) => id);
  return [...sessions.values()].map((files) => ({
    ...files[0]!,
    files: files.map(({ name }) => name),
    totalSize: files.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
}

/** The live session, if any was activated. One statement. */
export async function liveModel(db: Db) {
  const rows = await db
    .selectFrom('modelSessions')
    .innerJoin('modelFiles', 'sessionId', 'id')
    .select(['id', 'activatedAt', 'name'])
    .where('liveKey', '=', 1)
    .orderBy('position')
    .execute();
  const [first] = rows;
  return first && { id: first.id, activatedAt: first.activatedAt!, files: rows.map(({ name }) => name) };
}

/**
 * The sessions that are no longer kept: all but the live one, the fallback, and the newest pending one of each kind
 * (protocol D12). One statement.
 */
export async function outdatedSessions(db: Db): Promise<{ id: string; files: number }[]> {
  const rows = await db
    .selectFrom('modelSessions as session')
    .innerJoin('modelFiles as file', 'file.sessionId', 'session.id')
    .select(['session.id', sql<number>`COUNT(*)`.as('files')])
    .where((eb) =>
      eb.or([
        eb('session.status', '=', 'archived'),
        eb.and([
          eb('session.status', '=', 'pending'),
          eb.exists(
            eb
              .selectFrom('modelSessions as newer')
              .select('newer.id')
              .whereRef('newer.kind', '=', 'session.kind')
              .where('newer.status', '=', 'pending')
              .whereRef('newer.createdAt', '>', 'session.createdAt'),
          ),
        ]),
      ]),
    )
    .groupBy('session.id')
    .limit(100)
    .execute();
  return rows.map(({ id, files }) => ({ id, files: Number(files) }));
}

/**
 * Deletes the rows of sessions, except those that were activated meanwhile. Three statements.
 * @returns the ids that are gone, whose files in S3 can be deleted too
 */
export async function deleteSessions(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  await db.deleteFrom('modelSessions').where('id', 'in', ids).where('status', 'in', ['pending', 'archived']).execute();
  const left = await db.selectFrom('modelSessions').select('id').where('id', 'in', ids).execute();
  const gone = ids.filter((id) => !left.some((row) => row.id === id));
  if (gone.length > 0) await db.deleteFrom('modelFiles').where('sessionId', 'in', gone).execute();
  return gone;
}
