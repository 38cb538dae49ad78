import { sql } from 'kysely';
import type { Db, Tx } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';

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

interface OutdatedSession {
  readonly id: string;
  /** How many files it has. */
  readonly files: number;
}

/**
 * The sessions that are no longer kept: all but the live one, the fallback, and the newest pending one of each kind
 * (protocol D12). One statement.
 */
export async function outdatedSessions(db: Db): Promise<OutdatedSession[]> {
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
 * Deletes the rows of sessions and of their files. One statement. They cannot be activated until its transaction ends.
 * @param outdated as `outdatedSessions` returned them
 * @throws Error if one of them was activated or deleted meanwhile
 */
export async function deleteSessions(tx: Tx, outdated: readonly OutdatedSession[]): Promise<void> {
  const ids = inList(outdated.map(({ id }) => id));
  const { numAffectedRows } = await sql`
    DELETE s, f FROM model_sessions AS s INNER JOIN model_files AS f ON f.session_id = s.id
    WHERE s.id IN ${ids} AND s.status IN ('pending', 'archived')`.execute(tx);
  const expected = outdated.reduce((sum, { files }) => sum + 1 + files, 0);
  if (Number(numAffectedRows) !== expected) throw new Error('a session was activated or deleted meanwhile');
}
