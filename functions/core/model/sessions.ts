/**
 * The room of what operators upload for the decision engine: sessions of files, one of which is live (protocol 4, D12).
 * Owns the tables: model_files, model_sessions.
 */
import { randomUUID } from 'node:crypto';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { audit, type By } from '../event/audit.ts';

/** A file of a session; its position names it in S3. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
}

export interface NewSession {
  readonly id: string;
  readonly kind: 'model' | 'engine';
  readonly files: readonly ModelFile[];
}

export const newSessionId = () => randomUUID();

/** Stores an upload as a session that waits to be activated. One transaction. */
export function createSession(db: Db, { id, kind, files }: NewSession, by: By, now: Date): Promise<void> {
  return transact(db, async (tx) => {
    const row = {
      id,
      kind,
      status: 'pending' as const,
      createdAt: now,
      createdBy: by.actor,
      activatedAt: null,
      sha256: null,
    };
    const { numInsertedOrUpdatedRows: made } = await tx
      .insertInto('modelSessions')
      .values(row)
      .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('modelSessions.id') }))
      .executeTakeFirstOrThrow();
    if (made === 0n) return; // already stored: an earlier attempt committed but its response was lost
    await tx
      .insertInto('modelFiles')
      .values(files.map(({ name, bytes }, position) => ({ sessionId: id, position, name, bytes })))
      .execute();
    const after = { kind, files: files.map(({ name }) => name).slice(0, 20), count: files.length };
    await audit(tx, by, { clientId: null, action: 'model_uploaded', targetId: id, after }, now);
  });
}

/** A session and its files, in upload order. @throws AppError model_session_not_found */
export async function readSession(db: Db, id: string) {
  const rows = await db
    .selectFrom('modelSessions')
    .innerJoin('modelFiles', 'sessionId', 'id')
    .select(['kind', 'status', 'position', 'name', 'bytes'])
    .where('id', '=', id)
    .orderBy('position')
    .execute();
  const [first] = rows;
  if (!first) throw notFound(id);
  const files = rows.map(({ position, name, bytes }) => ({ position, name, bytes }));
  return { id, kind: first.kind, status: first.status, files };
}

/**
 * Makes a session live, makes the live one the fallback, and archives the previous fallback. One transaction. Nothing
 * changes if the session is already live.
 * @param sha256 of the model that was probed
 * @throws AppError model_session_not_found when it was deleted meanwhile
 */
export function activateSession(
  db: Db,
  { id, sha256 }: { id: string; sha256: string },
  by: By,
  now: Date,
): Promise<void> {
  return transact(db, async (tx) => {
    const { live, fallback } = await lockCurrent(tx);
    if (live?.id === id) return;
    const chosen = await tx
      .selectFrom('modelSessions')
      .select('id')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!chosen) throw notFound(id);
    if (fallback && fallback.id !== id) await setStatus(tx, fallback.id, { status: 'archived' });
    // The chosen session may be the fallback: it gives up that status before the live one takes it.
    await setStatus(tx, id, { status: 'pending' });
    if (live) await setStatus(tx, live.id, { status: 'fallback' });
    await setStatus(tx, id, { status: 'live', activatedAt: now, sha256 });
    const change = { before: { live: live?.id ?? null }, after: { live: id, sha256 } };
    await audit(tx, by, { clientId: null, action: 'model_activated', targetId: id, ...change }, now);
  });
}

/**
 * Makes the fallback live again, and archives what was live. One transaction.
 * @returns the session that is live now
 * @throws AppError no_fallback
 */
export function fallBack(db: Db, by: By, now: Date): Promise<string> {
  return transact(db, async (tx) => {
    const { live, fallback } = await lockCurrent(tx);
    if (live && !fallback && live.activatedAt?.getTime() === now.getTime()) return live.id; // retry after lost response
    if (!fallback) throw new AppError('no_fallback', 'There is no fallback: no session was live before this one');
    if (live) await setStatus(tx, live.id, { status: 'archived' });
    await setStatus(tx, fallback.id, { status: 'live', activatedAt: now });
    const change = { before: { live: live?.id ?? null }, after: { live: fallback.id } };
    await audit(tx, by, { clientId: null, action: 'model_fallback', targetId: fallback.id, ...change }, now);
    return fallback.id;
  });
}

async function lockCurrent(tx: Tx) {
  const rows = await tx
    .selectFrom('modelSessions')
    .select(['id', 'status', 'activatedAt'])
    .where('status', 'in', ['live', 'fallback'])
    .orderBy('id')
    .forUpdate()
    .execute();
  const of = (status: string) => rows.find((row) => row.status === status);
  return { live: of('live'), fallback: of('fallback') };
}

async function setStatus(
  tx: Tx,
  id: string,
  values: { status: 'pending' | 'live' | 'fallback' | 'archived'; activatedAt?: Date; sha256?: string },
): Promise<void> {
  await tx.updateTable('modelSessions').set(values).where('id', '=', id).execute();
}

const notFound = (id: string) => new AppError('model_session_not_found', `There is no model session ${id}`);
