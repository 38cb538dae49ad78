import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { DatabaseError } from '../shared/data-api/errors.ts';
import type { Db } from '../shared/db.ts';
import { minuteMs } from '../shared/time.ts';

/** The tables that record migrations. They are created here, because no migration file can. */
interface MigrationSchema {
  schemaMigrations: {
    name: string;
    /** Hash of the file as it was when this migration was started or last resumed. */
    sha256: string;
    statementsDone: number;
    /** Hash of those statements. */
    doneSha256: string;
    finishedAt: Date | null;
  };
  schemaMigrationLock: { id: number; heldUntil: Date; holder: string | null };
}

interface Migration {
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
}

/** Longer than a migration may take (Lambda's 15 minutes), so that the lock of a killed run expires by itself. */
const lockMs = 16 * minuteMs;

/**
 * Applies the numbered files in `directory`, each once and in order. A run that was cut off is resumed at the statement
 * where it stopped; statements that were not reached may be fixed first. A run fails while another one is under way,
 * and does nothing if there are no new files.
 *
 * Applied migrations newer than the newest file are ignored: a deployment that is rolled back runs older code on tables
 * that newer code has changed.
 * @returns the names of the files applied in this run
 * @throws Error when an applied file has changed since or is gone, or when there are no files at all
 */
export async function migrate(database: Db, directory: string): Promise<string[]> {
  const db = database as unknown as Kysely<MigrationSchema>;
  const migrations = await readMigrations(directory);
  const newest = migrations.at(-1)?.name;
  if (newest === undefined) throw new Error(`there is no migration in ${directory}`);
  await createOwnTables(db);
  return alone(db, async () => {
    const done = new Map((await db.selectFrom('schemaMigrations').selectAll().execute()).map((row) => [row.name, row]));
    for (const { name, sha256, finishedAt, statementsDone, doneSha256 } of done.values()) {
      if (name > newest) continue;
      const file = migrations.find((migration) => migration.name === name);
      if (!file) throw new Error(`migration ${name} was applied to this database, but its file is gone`);
      const same = finishedAt
        ? file.sha256 === sha256
        : hashOf(file.statements.slice(0, statementsDone)) === doneSha256;
      if (!same)
        throw new Error(
          `migration ${name} was applied and has changed since: restore it, and put the change in a new file`,
        );
    }
    const applied: string[] = [];
    for (const migration of migrations) {
      const before = done.get(migration.name);
      if (before?.finishedAt) continue;
      await apply(db, migration, before?.statementsDone);
      applied.push(migration.name);
    }
    return applied;
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8');
      return { name, sha256: hashOf([text]), statements: statementsOf(text) };
    }),
  );
}

const hashOf = (texts: readonly string[]) => createHash('sha256').update(texts.join('\0')).digest('hex');

/** A statement ends with a semicolon at the end of a line; lines that begin with `--` are comments. */
export function statementsOf(text: string): string[] {
  const code = text.replace(/^\s*--.*$/gm, '');
  return code
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** @param done how many statements an earlier run completed; `undefined` if there was none */
async function apply(db: Kysely<MigrationSchema>, { name, sha256, statements }: Migration, done: number | undefined) {
  await db
    .insertInto('schemaMigrations')
    .values({ name, sha256, statementsDone: 0, doneSha256: hashOf([]), finishedAt: null })
    .onDuplicateKeyUpdate({ sha256 })
    .execute();
  for (const [index, statement] of statements.entries()) {
    if (index < (done ?? 0)) continue;
    await sql.raw(statement).execute(db).catch(unlessThere);
    await db
      .updateTable('schemaMigrations')
      .set({ statementsDone: index + 1, doneSha256: hashOf(statements.slice(0, index + 1)) })
      .where('name', '=', name)
      .execute();
  }
  await db.updateTable('schemaMigrations').set({ finishedAt: new Date() }).where('name', '=', name).execute();
}

/**
 * DDL commits implicitly and its outcome can be lost (a killed run, a 5xx after it was done), so a statement may be
 * sent twice. An object that already exists, or is already gone, is then the desired result.
 */
function unlessThere(error: unknown) {
  const there = [1050 /* table */, 1060 /* column */, 1061 /* key */, 3822 /* check */, 1826 /* check, of MariaDB */];
  const gone = [1091, 3940 /* constraint */];
  if (!(error instanceof DatabaseError && [...there, ...gone].includes(error.errno ?? 0))) throw error;
}

async function createOwnTables(db: Kysely<MigrationSchema>) {
  await sql`CREATE TABLE IF NOT EXISTS schema_migrations (
    name VARCHAR(128) NOT NULL, sha256 CHAR(64) NOT NULL, statements_done INT NOT NULL, done_sha256 CHAR(64) NOT NULL,
    finished_at DATETIME(3) NULL, PRIMARY KEY (name)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`.execute(
    db,
  );
  await sql`CREATE TABLE IF NOT EXISTS schema_migration_lock (
    id INT NOT NULL, held_until DATETIME(3) NOT NULL, holder CHAR(36) NULL,
    PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`.execute(db);
}

/**
 * Runs `work` unless another run is under way. The lock is a row: MySQL's GET_LOCK belongs to a connection, which the
 * Data API does not expose. Only this reads the clock, because a deployment passes no time.
 */
async function alone<T>(db: Kysely<MigrationSchema>, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  const now = new Date();
  const free = new Date(0);
  await db
    .insertInto('schemaMigrationLock')
    .values({ id: 1, heldUntil: free, holder: null })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('schemaMigrationLock.id') }))
    .execute();
  await db
    .updateTable('schemaMigrationLock')
    .set({ heldUntil: new Date(now.getTime() + lockMs), holder })
    .where('id', '=', 1)
    .where('heldUntil', '<=', now)
    .execute();
  const lock = await db.selectFrom('schemaMigrationLock').selectAll().where('id', '=', 1).executeTakeFirstOrThrow();
  if (lock.holder !== holder)
    throw new Error(`another migration is running until ${lock.heldUntil.toISOString()} at most`);
  try {
    return await work();
  } finally {
    await db.updateTable('schemaMigrationLock').set({ heldUntil: free }).where('holder', '=', holder).execute();
  }
}
