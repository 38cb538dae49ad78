import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate, statementsOf } from '../../../functions/migrate/migrate.ts';
import type { Db } from '../../../functions/shared/db.ts';
import { ownDatabase } from '../../support/database/own-database.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let directory: string;
let db: Kysely<{ schemaMigrations: { name: string; statementsDone: number; finishedAt: Date | null } }>;

beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  rig.controlPlane.dataApi.statements.clear(); // the tests' own tables and mistakes: not for the grammar check
  await rig.stop();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  // With no time for retries, it gives up at the first fault, like a deployment that is cut off.
  ({ db } = await ownDatabase(rig, { remaining: () => 0 }));
  return () => rm(directory, { recursive: true, force: true });
});

const file = (name: string, text: string) => writeFile(join(directory, name), text);
const run = () => migrate(db as unknown as Db, directory);
const columnsOf = async (table: string) => {
  const { rows } = await sql<{ name: string }>`SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = ${table} ORDER BY ordinal_position`.execute(db);
  return rows.map((row) => row.name);
};

const first = `-- a comment; with a semicolon
CREATE TABLE pets (id INT NOT NULL, PRIMARY KEY (id));
ALTER TABLE pets ADD COLUMN name VARCHAR(10) NOT NULL DEFAULT 'a;b';
CREATE INDEX by_name ON pets (name);
ALTER TABLE pets ADD COLUMN age INT NULL;
ALTER TABLE pets ADD CONSTRAINT ck_pets_age CHECK (age >= 0);
ALTER TABLE pets DROP CONSTRAINT ck_pets_age;
`;

describe('migrate', () => {
  it('applies files in the order of their names, each once', async () => {
    await file('0002_b.sql', 'ALTER TABLE pets ADD COLUMN owner INT NULL;\n');
    await file('0001_a.sql', first);
    await file('notes.txt', 'DROP TABLE pets;');
    expect(await run()).toEqual(['0001_a.sql', '0002_b.sql']);
    expect(await columnsOf('pets')).toEqual(['id', 'name', 'age', 'owner']);
    expect(await run()).toEqual([]);
  });

  it('applies only new files in a later run', async () => {
    await file('0001_a.sql', first);
    await run();
    await file('0002_b.sql', 'CREATE TABLE toys (id INT NOT NULL, PRIMARY KEY (id));');
    expect(await run()).toEqual(['0002_b.sql']);
  });

  it.each(
    [0, 1, 2, 3, 4, 5].flatMap((n) => (['before', 'after'] as const).map((when) => [n, when] as const)),
  )('that was cut off at statement %i, %s it was executed, resumes from there', async (n, when) => {
    await file('0001_a.sql', first);
    const statement = statementsOf(first)[n]!;
    const starts = new RegExp(`^${statement.slice(0, 30).replaceAll(/[()]/g, '\\$&')}`);
    const exactly = new RegExp(`^${statement.replaceAll(/[()]/g, '\\$&')}$`);
    expect(statement).toMatch(starts);
    rig.faults.inject({ error: 'InternalServerErrorException', when, sql: exactly });
    await expect(run()).rejects.toThrow('InternalServerErrorException');
    expect(await db.selectFrom('schemaMigrations').selectAll().execute()).toMatchObject([
      { statementsDone: n, finishedAt: null },
    ]);
    expect(await run()).toEqual(['0001_a.sql']);
    expect(await columnsOf('pets')).toEqual(['id', 'name', 'age']);
    expect(await run()).toEqual([]);
  });

  it('that was killed holds its lock until the lock expires', async () => {
    await file('0001_a.sql', first);
    await run();
    await file('0002_b.sql', 'CREATE TABLE toys (id INT NOT NULL, PRIMARY KEY (id));');
    await sql`UPDATE schema_migration_lock SET held_until = '2999-01-01'`.execute(db);
    await expect(run()).rejects.toThrow('another migration is running until 2999-01-01');
    await sql`UPDATE schema_migration_lock SET held_until = '2000-01-01'`.execute(db);
    expect(await run()).toEqual(['0002_b.sql']);
  });

  it('runs once when several start together; the others are refused or find nothing to do', async () => {
    await file('0001_a.sql', first);
    const results = await Promise.allSettled([run(), run(), run()]);
    const worked = results.filter((result) => result.status === 'fulfilled').map((result) => result.value);
    expect(worked.filter((applied) => applied.length > 0)).toEqual([['0001_a.sql']]);
    for (const result of results)
      if (result.status === 'rejected') expect(String(result.reason)).toContain('another migration is running');
    expect(await columnsOf('pets')).toEqual(['id', 'name', 'age']);
  });

  it('refuses a file that was applied and has changed since', async () => {
    await file('0001_a.sql', first);
    await run();
    await file('0001_a.sql', `${first}-- later\n`);
    await expect(run()).rejects.toThrow('0001_a.sql was applied and has changed since');
  });

  it('refuses to go on when a file that was applied is gone', async () => {
    await file('0001_a.sql', first);
    await file('0002_b.sql', 'ALTER TABLE pets ADD COLUMN owner INT NULL;');
    await run();
    await rm(join(directory, '0001_a.sql'));
    await expect(run()).rejects.toThrow('0001_a.sql was applied to this database, but its file is gone');
  });

  it('refuses to run without any file', async () => {
    await expect(run()).rejects.toThrow(`there is no migration in ${directory}`);
  });

  describe('of a deployment that is rolled back', () => {
    beforeEach(async () => {
      await file('0001_a.sql', first);
      await run();
    });
    const newer = (text: string) => file('0002_b.sql', text);
    const rollBack = async () => {
      await rm(join(directory, '0002_b.sql'));
      return run();
    };

    it('leaves what the newer code has added, and does nothing', async () => {
      await newer('ALTER TABLE pets ADD COLUMN owner INT NULL;');
      await run();
      expect(await rollBack()).toEqual([]);
      expect(await columnsOf('pets')).toEqual(['id', 'name', 'age', 'owner']);
    });

    it('leaves a newer migration that stopped half-way, which its own code resumes', async () => {
      await newer('ALTER TABLE pets ADD COLUMN owner INT NULL;\nCREATE TABLE broken;');
      await expect(run()).rejects.toThrow(/error code/i);
      expect(await rollBack()).toEqual([]);
      await newer('ALTER TABLE pets ADD COLUMN owner INT NULL;\nALTER TABLE pets ADD COLUMN tag INT NULL;');
      expect(await run()).toEqual(['0002_b.sql']);
      expect(await columnsOf('pets')).toEqual(['id', 'name', 'age', 'owner', 'tag']);
    });

    it('still refuses an older file that has changed', async () => {
      await newer('ALTER TABLE pets ADD COLUMN owner INT NULL;');
      await run();
      await file('0001_a.sql', `${first}-- later\n`);
      await expect(rollBack()).rejects.toThrow('0001_a.sql was applied and has changed since');
    });
  });

  it('stops at a wrong statement, and resumes there once it is fixed', async () => {
    await file('0001_a.sql', `${first}CREATE TABLE broken;\n`);
    await expect(run()).rejects.toThrow(/error code/i);
    await expect(run()).rejects.toThrow(/error code/i); // the lock is free again, and no earlier statement is repeated
    expect(await columnsOf('pets')).toEqual(['id', 'name', 'age']);
    await file('0001_a.sql', `${first}CREATE TABLE mended (id INT NOT NULL, PRIMARY KEY (id));\n`);
    expect(await run()).toEqual(['0001_a.sql']);
    expect(await columnsOf('mended')).toEqual(['id']);
  });

  it('refuses a half-applied file if a statement that was executed has changed', async () => {
    await file('0001_a.sql', `${first}CREATE TABLE broken;\n`);
    await expect(run()).rejects.toThrow(/error code/i);
    await file(
      '0001_a.sql',
      `${first.replace('age INT NULL', 'age BIGINT NULL')}CREATE TABLE mended (id INT NOT NULL);\n`,
    );
    await expect(run()).rejects.toThrow('0001_a.sql was applied and has changed since');
  });
});

describe('statementsOf', () => {
  it.each([
    ['', []],
    ['-- nothing\n', []],
    ['A;\nB;', ['A', 'B']],
    ['A\n  B;  \nC', ['A\n  B', 'C']],
    ["A ';' B;\n", ["A ';' B"]],
    ['  -- a;\nA;\n-- b;\n', ['A']],
  ])('splits %j into %j', (text, statements) => {
    expect(statementsOf(text)).toEqual(statements);
  });
});

it('the rig’s own database is at the newest migration', async () => {
  expect(await rig.controlPlane.invoke('migrate', {})).toEqual({ applied: [] });
});
