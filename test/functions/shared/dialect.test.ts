import { type Generated, type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, encode } from '../../../functions/shared/data-api/codec.ts';
import { DatabaseError, toDatabaseError } from '../../../functions/shared/data-api/errors.ts';
import type { Db } from '../../../functions/shared/db.ts';
import { transact } from '../../../functions/shared/db.ts';
import type { Fault } from '../../../local/aws/data-api/faults.ts';
import { type OwnDatabase, openDatabase, ownDatabase } from '../../support/database/own-database.ts';
import { Rig } from '../../support/rig/rig.ts';

interface Things {
  things: {
    id: Generated<number>;
    moment: Date | null;
    money: string | number | null;
    details: unknown;
    yes: boolean | null;
    big: number | bigint | string | null;
    words: string | null;
    ratio: number | null;
    bytes: Uint8Array | null;
    day: string | null;
  };
  keys: { id: number };
}

let rig: Rig;
let own: OwnDatabase<Things>;
let db: Kysely<Things>;
beforeAll(async () => {
  rig = await Rig.start();
  own = await ownDatabase<Things>(rig);
  db = own.db;
  await sql`CREATE TABLE things (id INT NOT NULL AUTO_INCREMENT, moment DATETIME(3) NULL, money DECIMAL(20,6) NULL,
    details JSON NULL, yes BOOLEAN NULL, big BIGINT NULL, words TEXT NULL, ratio DOUBLE NULL, bytes BLOB NULL,
    day DATE NULL, PRIMARY KEY (id)) DEFAULT CHARACTER SET utf8mb4`.execute(db);
  await sql`CREATE TABLE \`keys\` (id INT NOT NULL, PRIMARY KEY (id))`.execute(db);
});
afterAll(async () => {
  rig.controlPlane.dataApi.statements.clear(); // test tables and deliberate mistakes: not for the grammar check
  await rig.stop();
});

type Column = Exclude<keyof Things['things'], 'id'>;

async function stored(column: Column, value: unknown) {
  await db.deleteFrom('things').execute();
  await db
    .insertInto('things')
    .values({ [column]: value } as never)
    .execute();
  return (await db.selectFrom('things').select(column).executeTakeFirstOrThrow())[column];
}

describe('a value that is written and read again', () => {
  it.each<[Column, unknown, unknown?]>([
    ['moment', new Date('2026-03-29T01:30:00.123Z')],
    ['moment', new Date('1970-01-01T00:00:00.000Z')],
    ['moment', new Date('2024-02-29T23:59:59.999Z')],
    ['money', '0.100000'],
    ['money', '99999999999999.999999'],
    ['money', '-0.000001'],
    ['money', 0.1, '0.100000'],
    ['money', 5, '5.000000'],
    ['details', { a: [1, null, 'x', { some_key: true, camelKey: 1.5 }] }],
    ['details', []],
    ['yes', true],
    ['yes', false],
    ['big', 0],
    ['big', Number.MAX_SAFE_INTEGER],
    ['big', Number.MIN_SAFE_INTEGER],
    ['big', 42n, 42],
    ['words', 'ünïcödé 💣 \u202E \' " \\ ` ; -- :p1 ?'],
    ['words', ''],
    ['words', 'a:p1 :name'],
    ['ratio', 0.1],
    ['ratio', -1e300],
    ['ratio', 1.5e-10],
    ['bytes', new Uint8Array([0, 1, 255])],
    ['day', '2026-02-28'],
    ...(['moment', 'money', 'details', 'yes', 'big', 'words', 'ratio', 'bytes', 'day'] as const).map(
      (column) => [column, null] as [Column, null],
    ),
  ])('is the same: %s %s', async (column, value, read = value) => {
    expect(await stored(column, value)).toEqual(read);
  });

  it('beyond 2^53 is written exactly, and refused instead of rounded when read', async () => {
    const big = 9_223_372_036_854_775_807n;
    await expect(stored('big', big)).rejects.toThrow(RangeError);
    const { rows } = await sql<{ text: string }>`SELECT CAST(big AS CHAR) AS text FROM things`.execute(db);
    expect(rows).toEqual([{ text: big.toString() }]);
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    Symbol('x'),
    () => 1,
  ])('is refused if no column can hold it: %s', (value) => {
    expect(() => encode('p1', value)).toThrow(TypeError);
  });

  it('is compared as it was written, a time to the millisecond', async () => {
    const moment = new Date('2026-01-01T00:00:00.007Z');
    await stored('moment', moment);
    const at = (time: Date) => db.selectFrom('things').select('id').where('moment', '=', time).execute();
    expect(await at(moment)).toHaveLength(1);
    expect(await at(new Date(moment.getTime() + 1))).toEqual([]);
  });

  it('is null if the field says so, whatever the column', () => {
    expect(decode({ isNull: true }, { typeName: 'JSON' })).toBeNull();
  });
});

describe('the count of changed rows', () => {
  it('is what the statement changed', async () => {
    await db.deleteFrom('things').execute();
    await db
      .insertInto('things')
      .values([{ words: 'a' }, { words: 'b' }, { words: 'c' }] as never)
      .execute();
    const changed = await db.updateTable('things').set({ ratio: 1 }).where('words', '<>', 'a').executeTakeFirst();
    expect(changed.numUpdatedRows).toBe(2n);
    expect((await db.deleteFrom('things').executeTakeFirst()).numDeletedRows).toBe(3n);
  });
});

const kinds: readonly [Fault['error'], string][] = [
  ['DatabaseResumingException', 'resuming'],
  ['InternalServerErrorException', 'unavailable'],
  ['ServiceUnavailableError', 'unavailable'],
  ['DatabaseUnavailableException', 'unavailable'],
  ['ThrottlingException', 'unavailable'],
  ['StatementTimeoutException', 'statement_timeout'],
  ['TransactionNotFoundException', 'conflict'],
  ['DatabaseErrorException:1205', 'conflict'],
  ['DatabaseErrorException:1213', 'conflict'],
  ['DatabaseErrorException:1062', 'duplicate_key'],
  ['DatabaseErrorException:1040', 'unavailable'],
  ['DatabaseErrorException:1290', 'unavailable'],
  ['DatabaseErrorException:1836', 'unavailable'],
  ['AccessDeniedException', 'refused'],
  ['ForbiddenException', 'refused'],
  ['SecretsErrorException', 'refused'],
  ['InvalidSecretException', 'refused'],
  ['HttpEndpointNotEnabledException', 'refused'],
  ['InvalidResourceStateException', 'refused'],
  ['DatabaseNotFoundException', 'refused'],
  ['NotFoundException', 'refused'],
  ['BadRequestException', 'broken'],
  ['UnsupportedResultException', 'broken'],
];

describe('an error of the Data API', () => {
  it.each(kinds)('%s is %s', async (error, kind) => {
    const { db } = openDatabase<Things>(rig, own.name, { remaining: () => 0 });
    rig.faults.inject({ error, when: 'before' });
    await expect(sql`SELECT 1`.execute(db)).rejects.toMatchObject({ name: 'DatabaseError', kind });
  });

  it('is classified by the database’s error number: duplicate key, wrong SQL', async () => {
    await db.insertInto('keys').values({ id: 1 }).execute();
    await expect(db.insertInto('keys').values({ id: 1 }).execute()).rejects.toMatchObject({
      kind: 'duplicate_key',
      errno: 1062,
    });
    await expect(sql`SELEC 1`.execute(db)).rejects.toMatchObject({ kind: 'broken', errno: 1064 });
  });

  it('is unavailable if nothing responds', async () => {
    const { db } = openDatabase<Things>(rig, own.name, { remaining: () => 0, client: nowhere() });
    await expect(sql`SELECT 1`.execute(db)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is classified once', () => {
    const error = new DatabaseError('conflict', 'x');
    expect(toDatabaseError(error)).toBe(error);
    expect(toDatabaseError('odd')).toMatchObject({ kind: 'unavailable' });
  });
});

function nowhere() {
  return { send: async () => Promise.reject(new Error('ECONNREFUSED')) } as never;
}

/** A database whose caller has this many milliseconds left; only pauses use them up. */
function withTime(ms: number) {
  const pauses: number[] = [];
  const opened = openDatabase<Things>(rig, own.name, {
    remaining: () => ms - pauses.reduce((sum, pause) => sum + pause, 0),
    pause: async (pause) => void pauses.push(pause),
  });
  return { ...opened, pauses };
}

describe('a cluster that is resuming', () => {
  it('is asked again until it responds, with exponential backoff', async () => {
    const { db, calls, pauses } = withTime(25_000);
    rig.faults.inject({ error: 'DatabaseResumingException', when: 'before', times: 5 });
    await sql`SELECT 1`.execute(db);
    expect(calls()).toBe(6);
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual((100 * 2 ** i) / 2);
      expect(pause).toBeLessThanOrEqual(100 * 2 ** i);
    }
  });

  it('is asked only as long as the caller has time', async () => {
    const { db, pauses } = withTime(25_000);
    const repair = rig.faults.inject({
      error: 'DatabaseResumingException',
      when: 'before',
      times: Number.POSITIVE_INFINITY,
    });
    await expect(sql`SELECT 1`.execute(db)).rejects.toMatchObject({ kind: 'resuming' });
    repair();
    const spent = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(spent).toBeLessThanOrEqual(25_000);
    expect(spent).toBeGreaterThan(20_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4_000);
  });

  it('is waited for inside a transaction too, as nothing was done', async () => {
    const { db } = withTime(25_000);
    await db.transaction().execute(async (tx) => {
      rig.faults.inject({ error: 'DatabaseResumingException', when: 'before', times: 2 });
      await tx.insertInto('keys').values({ id: 10 }).execute();
    });
    expect(await keys(10)).toBe(1);
  });
});

const keys = async (id: number) => (await db.selectFrom('keys').selectAll().where('id', '=', id).execute()).length;
const lost = (operation: Fault['operation'], times = 1): Fault => ({
  error: 'InternalServerErrorException',
  when: 'after',
  operation,
  times,
});

describe('an unknown outcome', () => {
  it('outside a transaction is resolved by sending the statement again', async () => {
    const { db, calls } = withTime(25_000);
    rig.faults.inject(lost('Execute'));
    await db.insertInto('keys').values({ id: 20 }).onDuplicateKeyUpdate({ id: 20 }).execute();
    expect(calls()).toBe(2);
    expect(await keys(20)).toBe(1);
  });

  it.each([
    'Execute',
    'CommitTransaction',
  ] as const)('of %s in a transaction ends it: nothing is sent twice', async (operation) => {
    const { db, pauses } = withTime(25_000);
    const id = operation === 'Execute' ? 30 : 31;
    rig.faults.inject(lost(operation));
    const run = db.transaction().execute((tx) => tx.insertInto('keys').values({ id }).execute());
    await expect(run).rejects.toMatchObject({ kind: 'unavailable' });
    expect(pauses).toEqual([]);
    expect(await keys(id)).toBe(operation === 'Execute' ? 0 : 1); // a commit whose response was lost is a commit
  });

  it('of a begin leads to another begin', async () => {
    const { db } = withTime(25_000);
    rig.faults.inject(lost('BeginTransaction'));
    await db.transaction().execute((tx) => tx.insertInto('keys').values({ id: 40 }).execute());
    expect(await keys(40)).toBe(1);
  });

  it('of a rollback is ignored: the error that led to it is thrown', async () => {
    const { db } = withTime(0);
    rig.faults.inject(lost('RollbackTransaction', 9));
    const run = db.transaction().execute(async () => Promise.reject(new Error('a rule was broken')));
    await expect(run).rejects.toThrow('a rule was broken');
    rig.faults.clear();
  });
});

describe('a single statement that the database gave up', () => {
  const conflict = (errno: 1205 | 1213, times: number): Fault => ({
    error: `DatabaseErrorException:${errno}`,
    when: 'before',
    operation: 'Execute',
    times,
  });

  it.each([
    ['a deadlock', 1213, 4],
    ['a lock that was not granted', 1205, 2],
  ] as const)('because of %s is tried a few times', async (_, errno, tries) => {
    const { db, calls, pauses } = withTime(25_000);
    rig.faults.inject(conflict(errno, tries - 1));
    await sql`SELECT 1`.execute(db);
    expect(calls()).toBe(tries);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100);
    rig.faults.inject(conflict(errno, tries));
    await expect(sql`SELECT 1`.execute(db)).rejects.toMatchObject({ kind: 'conflict', errno });
    expect(calls()).toBe(2 * tries);
  });

  it('is not retried when the caller has no time left', async () => {
    const { db, calls } = withTime(0);
    rig.faults.inject(conflict(1213, 1));
    await expect(sql`SELECT 1`.execute(db)).rejects.toMatchObject({ kind: 'conflict' });
    expect(calls()).toBe(1);
  });

  it('in a transaction ends it: nothing is sent twice', async () => {
    const { db, pauses } = withTime(25_000);
    rig.faults.inject(conflict(1213, 1));
    const run = db.transaction().execute((tx) => tx.insertInto('keys').values({ id: 32 }).execute());
    await expect(run).rejects.toMatchObject({ kind: 'conflict' });
    expect(pauses).toEqual([]);
  });
});

describe('transact', () => {
  it.each([
    ['a deadlock', { error: 'DatabaseErrorException:1213', when: 'before', sql: /insert/ }],
    ['a lock that was not granted', { error: 'DatabaseErrorException:1205', when: 'before', sql: /insert/ }],
    ['a key that another wrote first', { error: 'DatabaseErrorException:1062', when: 'before', sql: /insert/ }],
    ['an outcome that is not known', { error: 'InternalServerErrorException', when: 'after', sql: /insert/ }],
    ['a commit whose answer was lost', lost('CommitTransaction')],
    ['a transaction that is gone', { error: 'TransactionNotFoundException', when: 'before', sql: /insert/ }],
  ] as [string, Fault][])('runs a change again from the start after %s', async (_, fault) => {
    const { db } = withTime(25_000);
    await db.deleteFrom('keys').where('id', '=', 50).execute();
    rig.faults.inject(fault);
    let runs = 0;
    await transact(db as unknown as Db, async (tx) => {
      runs += 1;
      const there = await (tx as unknown as Kysely<Things>)
        .selectFrom('keys')
        .selectAll()
        .where('id', '=', 50)
        .forUpdate()
        .execute();
      if (there.length === 0) await (tx as unknown as Kysely<Things>).insertInto('keys').values({ id: 50 }).execute();
    });
    expect(runs).toBe(2);
    expect(await keys(50)).toBe(1);
  });

  it.each([
    'AccessDeniedException',
    'StatementTimeoutException',
  ] as const)('does not try again after %s', async (error) => {
    const { db } = withTime(25_000);
    let runs = 0;
    rig.faults.inject({ error, when: 'before', operation: 'Execute' });
    const run = transact(db as unknown as Db, async (tx) => {
      runs += 1;
      await sql`SELECT 1`.execute(tx);
    });
    await expect(run).rejects.toBeInstanceOf(DatabaseError);
    expect(runs).toBe(1);
  });

  it('gives up after four runs', async () => {
    const { db } = withTime(25_000);
    let runs = 0;
    const run = transact(db as unknown as Db, async () => {
      runs += 1;
      throw new DatabaseError('conflict', 'again and again');
    });
    await expect(run).rejects.toMatchObject({ kind: 'conflict' });
    expect(runs).toBe(4);
  });

  it('joins the transaction that it is given', async () => {
    const { db, calls } = withTime(25_000);
    await transact(db as unknown as Db, (outer) => transact(outer, (inner) => sql`SELECT 1`.execute(inner)));
    expect(calls()).toBe(3); // begin, one statement, commit
  });

  it('leaves nothing behind when the change throws', async () => {
    const run = transact(db as unknown as Db, async (tx) => {
      await (tx as unknown as Kysely<Things>).insertInto('keys').values({ id: 60 }).execute();
      throw new Error('no');
    });
    await expect(run).rejects.toThrow('no');
    expect(await keys(60)).toBe(0);
  });
});

describe('the counter of calls', () => {
  it('counts every call that is sent, retries included', async () => {
    const { db, calls } = withTime(25_000);
    rig.faults.inject({ error: 'ThrottlingException', when: 'before', times: 2 });
    await sql`SELECT 1`.execute(db);
    expect(calls()).toBe(3);
    await db.transaction().execute((tx) => sql`SELECT 1`.execute(tx));
    expect(calls()).toBe(6);
  });
});
