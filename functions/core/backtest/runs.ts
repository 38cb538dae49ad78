/**
 * The room of back-tests: what settings would have led to on recorded history, and the runs that compute it.
 * Owns the tables: what_if_runs.
 */
import { type Selectable, sql } from 'kysely';
import type { PageQuery } from '../../shared/cursor.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { newestFirst } from '../../shared/newest-first.ts';
import type { WhatIfRunTable } from '../../shared/schema.ts';
import type { Play } from './wire.ts';

/** Per tenant: runs beyond `mostOpen` are refused, and the oldest finished runs beyond `mostKept` are deleted. */
export const mostOpen = 2;
const mostKept = 20;

type Row = Selectable<WhatIfRunTable>;
export type StoredRun = Omit<Row, 'plays'>;
export type WholeRun = StoredRun & { readonly plays: readonly Play[] };

interface NewRun
  extends Pick<Row, 'id' | 'clientId' | 'createdBy' | 'periodFrom' | 'periodTo' | 'agents' | 'agentsLeftOut'> {
  readonly asked: object;
  readonly plays: readonly Play[];
}

/**
 * Inserts a run for a tenant that the caller has locked, and deletes the oldest finished runs beyond `mostKept`. Three
 * statements.
 * @throws AppError too_many_what_ifs
 */
export async function createRun(tx: Tx, { plays, ...run }: NewRun, now: Date): Promise<void> {
  const { open, kept } = await tx
    .selectFrom('whatIfRuns')
    .select((eb) => eb.fn.countAll<number>().as('kept'))
    .select(sql<number>`COUNT(IF(state IN ('queued', 'running'), 1, NULL))`.as('open'))
    .where('clientId', '=', run.clientId)
    .where('id', '<>', run.id) // inserted by an earlier attempt whose response was lost
    .executeTakeFirstOrThrow();
  if (Number(open) >= mostOpen)
    throw new AppError(
      'too_many_what_ifs',
      `${open} back-tests are under way, and at most ${mostOpen} can be at a time: wait until one is done`,
    );
  await tx
    .insertInto('whatIfRuns')
    .values({ ...run, state: 'queued', createdAt: now, plays, playCount: plays.length })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('whatIfRuns.id') }))
    .execute();
  const tooMany = Number(kept) + 1 - mostKept;
  if (tooMany > 0)
    await sql`DELETE FROM what_if_runs WHERE client_id = ${run.clientId} AND state IN ('done', 'failed')
      ORDER BY created_at, id LIMIT ${sql.lit(tooMany)}`.execute(tx);
}

const columns = [
  'id',
  'clientId',
  'state',
  'createdAt',
  'createdBy',
  'periodFrom',
  'periodTo',
  'asked',
  'playCount',
  'playsDone',
  'agents',
  'agentsLeftOut',
  'attempts',
  'finishedAt',
  'failure',
] as const satisfies readonly (keyof StoredRun)[];

/** Runs newest first, of one tenant or of all. One statement. */
export const readRuns = (
  db: Db,
  { clientId, ...page }: PageQuery & { readonly clientId?: string | undefined },
  limit: number,
) =>
  db
    .selectFrom('whatIfRuns')
    .select(columns)
    .$if(clientId !== undefined, (query) => query.where('clientId', '=', clientId!))
    .$call(newestFirst(page, limit))
    .execute();

/** A run with its plays, of this tenant or, for operators, any. One statement. @throws AppError what_if_not_found */
export async function readRun(
  db: Db,
  { id, clientId }: { readonly id: string; readonly clientId?: string | undefined },
): Promise<WholeRun> {
  const row = await db
    .selectFrom('whatIfRuns')
    .select([...columns, 'plays'])
    .where('id', '=', id)
    .$if(clientId !== undefined, (query) => query.where('clientId', '=', clientId!))
    .executeTakeFirst();
  if (!row) throw new AppError('what_if_not_found', `There is no back-test ${id.slice(0, 64)}`);
  return { ...row, plays: row.plays as Play[] };
}

/** The queued and running back-tests of all tenants, oldest first. One statement. */
export const openRuns = (db: Db, limit: number) =>
  db
    .selectFrom('whatIfRuns')
    .select(['id', 'clientId', 'attempts', 'playsDone'])
    .where('state', 'in', ['queued', 'running'])
    .orderBy('createdAt')
    .limit(limit)
    .execute();

type Seen = Pick<Row, 'id' | 'clientId' | 'attempts' | 'playsDone'>;

const asSeen = (db: Db, { id, clientId, attempts, playsDone }: Seen) =>
  db
    .updateTable('whatIfRuns')
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .where('state', 'in', ['queued', 'running'])
    .where('attempts', '=', attempts)
    .where('playsDone', '=', playsDone);

/**
 * Counts an attempt before it is made, so that one that kills its function counts too.
 * @returns whether the run is ours to play
 */
export async function beginTry(db: Db, seen: Seen): Promise<boolean> {
  const { numUpdatedRows } = await asSeen(db, seen)
    .set({ state: 'running', attempts: seen.attempts + 1 })
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Saves what has been played; with the last play the run is done. @returns `false` if somebody else already has */
export async function savePlays(
  db: Db,
  seen: Seen,
  { plays, playsDone }: { readonly plays: readonly Play[]; readonly playsDone: number },
  now: Date,
): Promise<boolean> {
  const isDone = playsDone === plays.length;
  const { numUpdatedRows } = await asSeen(db, seen)
    .set({ plays, playsDone, attempts: 0, ...(isDone && { state: 'done', finishedAt: now }) })
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Gives up on a run, but keeps what was played of it. */
export async function failRun(db: Db, seen: Seen, failure: string, now: Date): Promise<void> {
  await asSeen(db, seen).set({ state: 'failed', failure, finishedAt: now }).execute();
}
