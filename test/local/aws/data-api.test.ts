import { randomUUID } from 'node:crypto';
import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type Field,
  RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Fault } from '../../../local/aws/data-api/faults.ts';
import { type DataApi, startDataApi } from '../../../local/aws/data-api/server.ts';

const minute = 60_000;
const patient = { timeout: 20_000 };
const database = `data_api_${randomUUID().slice(0, 8)}`;
const ids = { resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:local', secretArn: 'arn:local' };

let time = Date.UTC(2026, 0, 1);
let api: DataApi;
let client: RDSDataClient;

/** A single attempt: a retry by the SDK would hide the response to the first one. */
const clientOf = ({ url }: DataApi) =>
  new RDSDataClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

type Options = Partial<ExecuteStatementCommandInput>;

const execute = (sql: string, parameters?: SqlParameter[], options: Options = {}, by = client) =>
  by.send(new ExecuteStatementCommand({ ...ids, database, sql, parameters, ...options }));

const batch = (sql: string, parameterSets: SqlParameter[][], transactionId?: string) =>
  client.send(new BatchExecuteStatementCommand({ ...ids, database, sql, parameterSets, transactionId }));

const begin = async () => (await client.send(new BeginTransactionCommand({ ...ids, database }))).transactionId!;
const commit = (transactionId: string) => client.send(new CommitTransactionCommand({ ...ids, transactionId }));
const rollback = (transactionId: string) => client.send(new RollbackTransactionCommand({ ...ids, transactionId }));

const long = (name: string, longValue: number): SqlParameter => ({ name, value: { longValue } });
const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });

/** The first row's fields. */
const row = async (sql: string, parameters?: SqlParameter[], options?: Options) =>
  (await execute(sql, parameters, options)).records![0]!;

/** Numbers in `items`, sorted. */
const items = async (options?: Options) => {
  const { records } = await execute('SELECT n FROM items ORDER BY n', [], options);
  return records!.map(([n]) => n!.longValue);
};

/** Locks the rows until the transaction ends; a second transaction waits for that. */
const lockItems = (transactionId: string) => execute('SELECT n FROM items FOR UPDATE', [], { transactionId });

const add = (n: number, options?: Options) => execute('INSERT INTO items (n) VALUES (:n)', [long('n', n)], options);

const refusal = (name: string, message?: RegExp) =>
  expect.objectContaining({ name, ...(message && { message: expect.stringMatching(message) }) });

beforeAll(async () => {
  api = await startDataApi({ database: inject('database'), now: () => time });
  client = clientOf(api);
  await execute(`CREATE DATABASE ${database}`, [], { database: undefined });
  await execute('CREATE TABLE items (n INT PRIMARY KEY, note VARCHAR(100)) COLLATE utf8mb4_bin');
});

beforeEach(async () => {
  await execute('DELETE FROM items');
});

afterEach(() => {
  api.faults.clear();
  api.onCall = undefined;
  // Expires the transactions that a failed test left open, before their locks fail the next test.
  time += 4 * minute;
});

afterAll(async () => {
  await execute(`DROP DATABASE ${database}`);
  client.destroy();
  await api.close();
});

describe('types', () => {
  /** Column type, parameter, and the value that is returned if it is not the parameter's. */
  const cases: [type: string, parameter: Omit<SqlParameter, 'name'>, back?: Field][] = [
    ['BOOLEAN', { value: { booleanValue: true } }],
    ['TINYINT(1)', { value: { longValue: 0 } }, { booleanValue: false }],
    ['BIT(1)', { value: { booleanValue: true } }],
    ['BIT(12)', { value: { longValue: 0xabc } }, { blobValue: Uint8Array.of(0x0a, 0xbc) }],
    ['TINYINT', { value: { longValue: -128 } }],
    ['TINYINT(1) UNSIGNED', { value: { longValue: 255 } }],
    ['SMALLINT', { value: { longValue: -32768 } }],
    ['MEDIUMINT UNSIGNED', { value: { longValue: 16777215 } }],
    ['INT', { value: { longValue: -2147483648 } }],
    ['INT UNSIGNED', { value: { longValue: 4294967295 } }],
    ['BIGINT', { value: { longValue: Number.MAX_SAFE_INTEGER } }],
    ['YEAR', { value: { longValue: 2026 } }],
    ['FLOAT', { value: { doubleValue: 0.5 } }],
    ['DOUBLE', { value: { doubleValue: 0.1 + 0.2 } }],
    ['DOUBLE', { value: { doubleValue: -1.7976931348623157e308 } }],
    ['DECIMAL(12,4)', { value: { stringValue: '1.5' }, typeHint: 'DECIMAL' }, { stringValue: '1.5000' }],
    ['DECIMAL(30,10)', { value: { stringValue: '-12345678901234567890.0123456789' }, typeHint: 'DECIMAL' }],
    ['DATE', { value: { stringValue: '2028-02-29' }, typeHint: 'DATE' }],
    ['TIME', { value: { stringValue: '23:59:59' }, typeHint: 'TIME' }],
    ['DATETIME', { value: { stringValue: '2026-03-29 02:30:00' }, typeHint: 'TIMESTAMP' }],
    ['DATETIME(3)', { value: { stringValue: '2026-03-29 02:30:00.120' }, typeHint: 'TIMESTAMP' }],
    ['TIMESTAMP(3)', { value: { stringValue: '2026-10-25 02:30:00.007' }, typeHint: 'TIMESTAMP' }],
    ['JSON', { value: { stringValue: '{"a": [1, "ü", null]}' }, typeHint: 'JSON' }],
    ['CHAR(36)', { value: { stringValue: '5d3f0c8e-6e3f-4c0a-9a55-0d3b8f6f3a11' }, typeHint: 'UUID' }],
    ['VARCHAR(50)', { value: { stringValue: '' } }],
    ['VARCHAR(50)', { value: { stringValue: 'zażółć 漢字 🚀 \u202ertl' } }],
    ['VARCHAR(50)', { value: { stringValue: `it's "quoted" \\ back\\'slash :n ? ; -- \0 \n \x1a` } }],
    ['MEDIUMTEXT', { value: { stringValue: 'é'.repeat(30_000) } }],
    ["ENUM('a','b')", { value: { stringValue: 'b' } }],
    ["SET('a','b','c')", { value: { stringValue: 'a,c' } }],
    ['VARBINARY(20)', { value: { blobValue: Uint8Array.of(0, 39, 92, 255) } }],
    ['BINARY(3)', { value: { blobValue: Uint8Array.of(1, 2, 3) } }],
    ['BLOB', { value: { blobValue: new Uint8Array(0) } }],
    ['MEDIUMBLOB', { value: { blobValue: Uint8Array.from({ length: 40_000 }, (_, i) => i % 256) } }],
  ];

  it.each(cases)('%s is returned as it was stored (%#)', async (type, parameter, back = parameter.value!) => {
    const table = `t_${randomUUID().slice(0, 8)}`;
    await execute(`CREATE TABLE ${table} (id INT PRIMARY KEY, v ${type} NULL)`);
    await execute(`INSERT INTO ${table} VALUES (1, :v), (2, :none)`, [
      { name: 'v', ...parameter },
      { name: 'none', value: { isNull: true } },
    ]);
    const { records } = await execute(`SELECT v FROM ${table} ORDER BY id`);
    expect(records).toEqual([[back], [{ isNull: true }]]);
  });

  it('keeps every digit of a BIGINT on the wire, and can return it as text, which no parser rounds', async () => {
    const largest = 'SELECT CAST(9223372036854775807 AS SIGNED) AS v';
    expect(await row(largest, [], { resultSetOptions: { longReturnType: 'STRING' } })).toEqual([
      { stringValue: '9223372036854775807' },
    ]);
    expect(await row(largest)).toEqual([{ longValue: 2 ** 63 }]);

    const response = await fetch(`${api.url}/Execute`, {
      method: 'POST',
      body: `{"resourceArn":"a","secretArn":"s","sql":"SELECT :v","parameters":[{"name":"v","value":{"longValue":-9223372036854775807}}]}`,
    });
    expect(await response.text()).toContain('{"longValue":-9223372036854775807}');
  });

  it('cannot return an unsigned number that is too large for a long, except as text', async () => {
    const sql = 'SELECT CAST(18446744073709551615 AS UNSIGNED) AS v';
    await expect(execute(sql)).rejects.toEqual(refusal('UnsupportedResultException'));
    const fields = await row(sql, [], { resultSetOptions: { longReturnType: 'STRING' } });
    expect(fields).toEqual([{ stringValue: '18446744073709551615' }]);
  });

  it('returns DECIMAL as a number when asked to', async () => {
    const sql = 'SELECT CAST(2.50 AS DECIMAL(5,2)) AS a, CAST(7 AS DECIMAL(5,0)) AS b';
    expect(await row(sql)).toEqual([{ stringValue: '2.50' }, { stringValue: '7' }]);
    const asNumbers = { resultSetOptions: { decimalReturnType: 'DOUBLE_OR_LONG' } } as const;
    expect(await row(sql, [], asNumbers)).toEqual([{ doubleValue: 2.5 }, { longValue: 7 }]);
  });

  it('binds parameters by type: a long may stand in LIMIT, a double stays one, a boolean is an integer', async () => {
    await batch('INSERT INTO items (n) VALUES (:n)', [[long('n', 1)], [long('n', 2)], [long('n', 3)]]);
    const { records } = await execute('SELECT n FROM items ORDER BY n LIMIT :count', [long('count', 2)]);
    expect(records).toHaveLength(2);
    expect(
      await row('SELECT :d, 1 = 1, :t', [
        { name: 'd', value: { doubleValue: 5 } },
        { name: 't', value: { booleanValue: true } },
      ]),
    ).toEqual([{ doubleValue: 5 }, { longValue: 1 }, { longValue: 1 }]);
  });

  it.each<[string, SqlParameter]>([
    ['a long with a fraction', { name: 'v', value: { longValue: 1.5 } }],
    ['a long beyond 64 bits', { name: 'v', value: { longValue: 2 ** 64 } }],
    ['an array', { name: 'v', value: { arrayValue: { longValues: [1] } } }],
    ['no value', { name: 'v' }],
    ['ISO 8601 as a TIMESTAMP', { ...text('v', '2026-01-01T00:00:00Z'), typeHint: 'TIMESTAMP' }],
    ['a number with a hint', { ...long('v', 1), typeHint: 'DATE' }],
    ['words as a DECIMAL', { ...text('v', '1 OR 1=1'), typeHint: 'DECIMAL' }],
    ['words as a UUID', { ...text('v', 'not one'), typeHint: 'UUID' }],
    ['an unknown hint', { ...text('v', 'x'), typeHint: 'MONEY' as never }],
  ])('refuses %s as a parameter', async (_what, parameter) => {
    await expect(execute('SELECT :v', [parameter])).rejects.toEqual(refusal('BadRequestException', /Parameter v/));
  });

  it('leaves it to the database to refuse an invalid date, or a text for a number', async () => {
    const feb30 = { ...text('v', '2026-02-30'), typeHint: 'DATE' } as const;
    await expect(execute('SELECT :v', [feb30])).rejects.toEqual(refusal('DatabaseErrorException'));
    await expect(execute('INSERT INTO items (n) VALUES (:v)', [text('v', 'x')])).rejects.toEqual(
      refusal('DatabaseErrorException', /error code: 1366/),
    );
  });
});

describe('parameters', () => {
  it('are not recognized in strings, names and comments', async () => {
    const sql = `SELECT ':a' AS x, ":b" AS y, 'it''s :c' AS z, 'back\\':d' AS \`w:e\` -- :f
      /* :g */ , :real AS r # :h`;
    const fields = await row(sql, [long('real', 7)]);
    expect(fields).toEqual([
      { stringValue: ':a' },
      { stringValue: ':b' },
      { stringValue: "it's :c" },
      { stringValue: "back':d" },
      { longValue: 7 },
    ]);
  });

  it('may be used twice, and one name may be the prefix of another', async () => {
    expect(await row('SELECT :a, :ab, :a', [long('a', 1), long('ab', 2)])).toEqual([
      { longValue: 1 },
      { longValue: 2 },
      { longValue: 1 },
    ]);
  });

  it('are not question marks, which go to the database as they are', async () => {
    await expect(execute('SELECT ?')).rejects.toEqual(refusal('DatabaseErrorException', /error code: 1064/));
    expect(await row("SELECT '?', :v", [text('v', '?')])).toEqual([{ stringValue: '?' }, { stringValue: '?' }]);
  });

  it('must each be given exactly once, and be used', async () => {
    await expect(execute('SELECT :a')).rejects.toEqual(refusal('BadRequestException', /Cannot find parameter: a/));
    await expect(execute('SELECT 1', [long('a', 1)])).rejects.toEqual(refusal('BadRequestException', /a is not in/));
    await expect(execute('SELECT :a', [long('a', 1), long('a', 2)])).rejects.toEqual(
      refusal('BadRequestException', /Duplicate/),
    );
  });

  it.each([
    'SELECT 1; SELECT 2',
    "SELECT ';'; DELETE FROM items",
    'SELECT 1 /* ; */; -- x\n DELETE FROM items',
  ])('refuses more than one statement: %s', async (sql) => {
    await add(1);
    await expect(execute(sql)).rejects.toEqual(refusal('BadRequestException', /Multistatements/));
    expect(await items()).toEqual([1]);
  });

  it.each([
    'SELECT 5;',
    'SELECT 5 AS `a;b` ; -- the end; really\n',
    'SELECT 5 /* ; DELETE */ ;;',
  ])('accepts a single statement that ends with a semicolon: %s', async (sql) => {
    expect(await row(sql.replace(';;', ';'))).toEqual([{ longValue: 5 }]);
  });
});

describe('results', () => {
  it('describe their columns', async () => {
    await execute(`CREATE TABLE described (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, price DECIMAL(12,6) NULL,
      flag BOOLEAN NOT NULL, name VARCHAR(40) COLLATE utf8mb4_bin, body JSON, at DATETIME(3), raw BLOB, long_text MEDIUMTEXT)`);
    const { columnMetadata } = await execute(
      // A count is a BIGINT on every server; other expressions are only on MySQL.
      `SELECT id AS agent, price, flag, name, body, at, raw, long_text, (SELECT COUNT(*) FROM items) AS two
        FROM described`,
      [],
      {
        includeResultMetadata: true,
      },
    );
    expect(columnMetadata![0]).toEqual({
      name: 'id',
      label: 'agent',
      type: -5,
      typeName: 'BIGINT UNSIGNED',
      schemaName: '',
      tableName: 'described',
      isAutoIncrement: true,
      isSigned: false,
      isCurrency: false,
      isCaseSensitive: false,
      nullable: 0,
      precision: 19,
      scale: 0,
      arrayBaseColumnType: 0,
    });
    expect(columnMetadata!.slice(1)).toMatchObject([
      { name: 'price', typeName: 'DECIMAL', type: 3, precision: 12, scale: 6, isSigned: true, nullable: 1 },
      { name: 'flag', typeName: 'BIT', type: -7, nullable: 0 },
      { name: 'name', typeName: 'VARCHAR', type: 12, precision: 40, isCaseSensitive: true },
      { name: 'body', typeName: 'JSON' },
      { name: 'at', typeName: 'DATETIME', type: 93, precision: 23 },
      { name: 'raw', typeName: 'BLOB', type: -4 },
      { name: 'long_text', typeName: 'MEDIUMTEXT', type: -1 },
      { name: 'two', label: 'two', tableName: '', typeName: 'BIGINT' },
    ]);
  });

  it('have no metadata unless asked for, and an empty list of records when no row matches', async () => {
    const result = await execute('SELECT n FROM items');
    expect(result.records).toEqual([]);
    expect(result.columnMetadata).toBeUndefined();
    expect(result.numberOfRecordsUpdated).toBe(0);
  });

  it('count the changed rows and return the generated keys', async () => {
    await execute('CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT)');
    const inserted = await execute('INSERT INTO numbered (v) VALUES (1), (2), (3)');
    expect(inserted).toMatchObject({ numberOfRecordsUpdated: 3, generatedFields: [{ longValue: 1 }] });
    expect(inserted.records).toBeUndefined();
    const updated = await execute('UPDATE numbered SET v = v + 1 WHERE v > 1');
    expect(updated).toMatchObject({ numberOfRecordsUpdated: 2, generatedFields: [] });
    const { updateResults } = await batch('INSERT INTO numbered (v) VALUES (:v)', [[long('v', 8)], [long('v', 9)]]);
    expect(updateResults).toEqual([{ generatedFields: [{ longValue: 4 }] }, { generatedFields: [{ longValue: 5 }] }]);
  });

  it('come as JSON on request, with dates and DECIMAL as text and blobs as base64', async () => {
    const sql = `SELECT 1 AS n, TRUE IS NULL AS f, CAST(1.50 AS DECIMAL(5,2)) AS d, 2.5e0 AS x, 'a"b' AS s,
      NULL AS nothing, CAST('2026-01-01' AS DATE) AS day, x'00ff' AS raw`;
    const { formattedRecords, records } = await execute(sql, [], { formatRecordsAs: 'JSON' });
    expect(records).toBeUndefined();
    expect(JSON.parse(formattedRecords!)).toEqual([
      { n: 1, f: 0, d: '1.50', x: 2.5, s: 'a"b', nothing: null, day: '2026-01-01', raw: 'AP8=' },
    ]);
  });
});

describe('batches', () => {
  it('without a transaction keep what was done before an error', async () => {
    const sets = [1, 2, 2, 3].map((n) => [long('n', n)]);
    await expect(batch('INSERT INTO items (n) VALUES (:n)', sets)).rejects.toEqual(
      refusal('DatabaseErrorException', /^Database error code: 1062. Message: Duplicate entry '2'.*; SQLState: 23000$/),
    );
    expect(await items()).toEqual([1, 2]);
  });

  it('in a transaction are rolled back with it', async () => {
    const transactionId = await begin();
    await batch('INSERT INTO items (n) VALUES (:n)', [[long('n', 1)], [long('n', 2)]], transactionId);
    expect(await items({ transactionId })).toEqual([1, 2]);
    await rollback(transactionId);
    expect(await items()).toEqual([]);
  });

  it('do nothing without parameter sets', async () => {
    expect((await batch('DELETE FROM nowhere', [])).updateResults).toEqual([]);
  });
});

describe('transactions', () => {
  it('are seen by others only when committed', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    expect(await items()).toEqual([]);
    expect((await commit(transactionId)).transactionStatus).toBe('Transaction Committed');
    expect(await items()).toEqual([1]);
  });

  it('leave nothing when rolled back', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    expect((await rollback(transactionId)).transactionStatus).toBe('Rollback Complete');
    expect(await items()).toEqual([]);
  });

  it('are not found once they have ended', async () => {
    const transactionId = await begin();
    await commit(transactionId);
    for (const again of [commit(transactionId), rollback(transactionId), add(1, { transactionId })])
      await expect(again).rejects.toEqual(refusal('TransactionNotFoundException', /^Transaction .* is not found$/));
  });

  it('run one statement at a time', async () => {
    await add(1);
    const [holder, transactionId] = [await begin(), await begin()];
    await lockItems(holder);
    const waiting = lockItems(transactionId);
    await reached(/FOR UPDATE/);
    const refused = refusal('BadRequestException', /Transaction is still running a query/);
    await expect(add(2, { transactionId })).rejects.toEqual(refused);
    await expect(commit(transactionId)).rejects.toEqual(refused);
    await commit(holder);
    await waiting;
    await add(3, { transactionId });
    await commit(transactionId);
    expect(await items()).toEqual([1, 3]);
  });

  it('survive a statement that fails', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    await expect(add(1, { transactionId })).rejects.toEqual(refusal('DatabaseErrorException', /1062/));
    await commit(transactionId);
    expect(await items()).toEqual([1]);
  });

  it('lock rows against each other', async () => {
    await add(1);
    const [first, second] = [await begin(), await begin()];
    await lockItems(first);
    const skipped = await execute('SELECT n FROM items FOR UPDATE SKIP LOCKED', [], { transactionId: second });
    expect(skipped.records).toEqual([]);
    await commit(first);
    expect((await lockItems(second)).records).toEqual([[{ longValue: 1 }]]);
    await commit(second);
  });

  it('are rolled back as a whole when they are the victim of a real deadlock', async () => {
    await batch('INSERT INTO items (n) VALUES (:n)', [[long('n', 1)], [long('n', 2)]]);
    const [first, second] = [await begin(), await begin()];
    const touch = (n: number, transactionId: string) =>
      execute("UPDATE items SET note = 'touched' WHERE n = :n", [long('n', n)], { transactionId });
    await touch(1, first);
    await touch(2, second);
    const outcomes = await Promise.allSettled([touch(2, first), touch(1, second)]);
    const victims = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(victims.map(({ reason }) => reason)).toEqual([refusal('DatabaseErrorException', /1213.*SQLState: 40001/)]);
    await Promise.all([commit(first), commit(second)]);
    const { records } = await execute("SELECT COUNT(*) FROM items WHERE note = 'touched'");
    expect(records).toEqual([[{ longValue: 2 }]]);
  });

  it('end after three minutes without a statement, and free their locks', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    time += 3 * minute;
    await add(2, { transactionId });
    time += 3 * minute + 1;
    await expect(commit(transactionId)).rejects.toEqual(refusal('TransactionNotFoundException'));
    await add(1);
    expect(await items()).toEqual([1]);
  });

  it('end after a day even when they are busy', async () => {
    const transactionId = await begin();
    const end = time + 24 * 60 * minute;
    while (time < end) {
      await items({ transactionId });
      time += 3 * minute;
    }
    await items({ transactionId });
    time += 1;
    await expect(items({ transactionId })).rejects.toEqual(refusal('TransactionNotFoundException'));
  });

  it('belong to the database they were begun with', async () => {
    const transactionId = await begin();
    await expect(items({ transactionId, database: 'mysql' })).rejects.toEqual(
      refusal('BadRequestException', /Database name/),
    );
    expect(await items({ transactionId, database: undefined })).toEqual([]);
    await rollback(transactionId);
  });

  it('are committed by DDL, and remain open', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    await execute('CREATE TABLE IF NOT EXISTS committing (n INT)', [], { transactionId });
    await add(2, { transactionId });
    await rollback(transactionId);
    expect(await items()).toEqual([1]);
  });
});

describe('sessions', () => {
  it('all begin in UTC, with autocommit and without IGNORE_SPACE', async () => {
    expect(await row('SELECT @@time_zone, @@sql_mode, @@autocommit')).toEqual([
      { stringValue: '+00:00' },
      { stringValue: expect.not.stringContaining('IGNORE_SPACE') },
      { longValue: 1 },
    ]);
  });

  it('keep nothing of the statement before', async () => {
    await execute('SET @left = 1, time_zone = "+02:00"');
    await execute('SELECT @also := 2');
    await execute(`USE mysql`);
    for (let i = 0; i < 3; i++)
      expect(await row('SELECT @left, @also, @@time_zone, DATABASE()')).toEqual([
        { isNull: true },
        { isNull: true },
        { stringValue: '+00:00' },
        { stringValue: database },
      ]);
  });

  it('have no database when the request names none, and fail when the named one does not exist', async () => {
    expect(await row('SELECT DATABASE()', [], { database: undefined })).toEqual([{ isNull: true }]);
    await expect(execute('SELECT 1', [], { database: 'nowhere' })).rejects.toEqual(
      refusal('DatabaseErrorException', /error code: 1049/),
    );
  });

  it('notice that their database was dropped and created again', async () => {
    const own = `${database}_again`;
    for (let i = 0; i < 2; i++) {
      await execute(`CREATE DATABASE ${own}`);
      await execute('CREATE TABLE t (n INT)', [], { database: own });
      expect(await row('SELECT COUNT(*) FROM t', [], { database: own })).toEqual([{ longValue: 0 }]);
      await execute(`DROP DATABASE ${own}`);
    }
  });
});

describe('limits', () => {
  const digits = '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4)';

  it('allow a result of just under 1 MiB and none larger', async () => {
    const result = (bytes: number) => execute(`SELECT REPEAT('x', ${bytes}) FROM ${digits} a, ${digits} b`);
    expect((await result(41_000)).records).toHaveLength(25);
    const tooLarge = refusal('DatabaseErrorException', /^Database returned more than the allowed response size limit$/);
    await expect(result(42_000)).rejects.toEqual(tooLarge);
  });

  it('allow a row of just under 64 KB and none larger', async () => {
    expect(await row(`SELECT REPEAT('x', 65000)`)).toHaveLength(1);
    await expect(row(`SELECT REPEAT('x', 65536)`)).rejects.toEqual(refusal('DatabaseErrorException', /row size limit/));
  });

  it('allow a request of just under 4 MiB and none larger', async () => {
    const request = (bytes: number) => row('SELECT LENGTH(:v)', [text('v', 'x'.repeat(bytes))]);
    expect(await request(4_193_000)).toEqual([{ longValue: 4_193_000 }]);
    await expect(request(4 << 20)).rejects.toEqual(refusal('BadRequestException', /larger than 4194304 bytes/));
  });

  describe('on the time a statement may take', () => {
    let hasty: DataApi;
    let hastyClient: RDSDataClient;

    beforeAll(async () => {
      hasty = await startDataApi({ database: inject('database'), limits: { statementMs: 200 } });
      hastyClient = clientOf(hasty);
    });

    afterAll(async () => {
      hastyClient.destroy();
      await hasty.close();
    });

    /** Waits for the lock that `holder` has, and writes a note once it gets it. */
    const waits = (options?: Options) => execute("UPDATE items SET note = 'late'", [], options, hastyClient);
    const timeout = expect.objectContaining({
      name: 'StatementTimeoutException',
      dbConnectionId: expect.any(Number),
    });
    const notes = async () => (await execute('SELECT note FROM items ORDER BY n')).records!.map(([note]) => note);
    let holder: string;

    beforeEach(async () => {
      await add(1);
      holder = await begin();
      await lockItems(holder);
    });

    it('stop the statement, which then has no effect', async () => {
      await expect(waits()).rejects.toEqual(timeout);
      // The server takes a while to end it.
      await expect.poll(running, patient).not.toContain('late');
      await commit(holder);
      expect(await notes()).toEqual([{ isNull: true }]);
    });

    it('let the statement finish if it may continue after the timeout', async () => {
      await expect(waits({ continueAfterTimeout: true })).rejects.toEqual(timeout);
      expect(await running()).toContain('late');
      await commit(holder);
      await expect.poll(notes, patient).toEqual([{ stringValue: 'late' }]);
    });

    it('leave a transaction as it was before the statement', async () => {
      const { transactionId } = await hastyClient.send(new BeginTransactionCommand({ ...ids, database }));
      await execute('CREATE TEMPORARY TABLE scratch (n INT)', [], { transactionId }, hastyClient);
      await execute('INSERT INTO scratch VALUES (7)', [], { transactionId }, hastyClient);
      await expect(waits({ transactionId })).rejects.toEqual(timeout);
      const { records } = await execute('SELECT n FROM scratch', [], { transactionId }, hastyClient);
      expect(records).toEqual([[{ longValue: 7 }]]);
      await hastyClient.send(new CommitTransactionCommand({ ...ids, transactionId }));
      await commit(holder);
      expect(await notes()).toEqual([{ isNull: true }]);
    });
  });
});

describe('faults', () => {
  const statuses: [Fault['error'], number][] = [
    ['AccessDeniedException', 403],
    ['BadRequestException', 400],
    ['DatabaseErrorException', 400],
    ['DatabaseErrorException:1062', 400],
    ['DatabaseErrorException:1205', 400],
    ['DatabaseErrorException:1213', 400],
    ['DatabaseNotFoundException', 404],
    ['DatabaseResumingException', 400],
    ['DatabaseUnavailableException', 504],
    ['ForbiddenException', 403],
    ['HttpEndpointNotEnabledException', 400],
    ['InternalServerErrorException', 500],
    ['InvalidResourceStateException', 400],
    ['InvalidSecretException', 400],
    ['NotFoundException', 404],
    ['SecretsErrorException', 400],
    ['ServiceUnavailableError', 503],
    ['StatementTimeoutException', 400],
    ['ThrottlingException', 400],
    ['TransactionNotFoundException', 404],
    ['UnsupportedResultException', 400],
  ];

  it.each(statuses)('%s is returned instead of running the statement, or after running it', async (error, status) => {
    const answer = { name: error.split(':')[0], $metadata: expect.objectContaining({ httpStatusCode: status }) };
    api.faults.inject({ error, when: 'before', sql: /INSERT/ });
    await expect(add(1)).rejects.toMatchObject(answer);
    expect(await items()).toEqual([]);

    api.faults.inject({ error, when: 'after', sql: /INSERT/ });
    await expect(add(2)).rejects.toMatchObject(answer);
    expect(await items()).toEqual([2]);

    await add(3);
    expect(await items()).toEqual([2, 3]);
  });

  it('of the database carry their code, message and SQLSTATE', async () => {
    const injected = async (error: Fault['error']) => {
      api.faults.inject({ error, when: 'before' });
      return items().catch(({ message }) => message);
    };
    expect(await injected('DatabaseErrorException:1062')).toMatch(
      /code: 1062\. Message: Duplicate entry .*SQLState: 23000/,
    );
    expect(await injected('DatabaseErrorException:1205')).toMatch(
      /code: 1205\. Message: Lock wait timeout .*SQLState: HY000/,
    );
    expect(await injected('DatabaseErrorException:1213')).toMatch(
      /code: 1213\. Message: Deadlock found .*SQLState: 40001/,
    );
    expect(await injected('ThrottlingException')).toBe('Rate exceeded');
  });

  it('before a commit leave the transaction open, after it they leave it committed', async () => {
    const transactionId = await begin();
    await add(1, { transactionId });
    api.faults.inject({ error: 'InternalServerErrorException', when: 'before', operation: 'CommitTransaction' });
    await expect(commit(transactionId)).rejects.toEqual(refusal('InternalServerErrorException'));
    expect(await items()).toEqual([]);

    api.faults.inject({ error: 'ServiceUnavailableError', when: 'after', operation: 'CommitTransaction' });
    await expect(commit(transactionId)).rejects.toEqual(refusal('ServiceUnavailableError'));
    expect(await items()).toEqual([1]);
    await expect(commit(transactionId)).rejects.toEqual(refusal('TransactionNotFoundException'));
  });

  it.each(['before', 'after'] as const)('a deadlock %s a statement rolls back its transaction', async (when) => {
    const transactionId = await begin();
    await add(1, { transactionId });
    api.faults.inject({ error: 'DatabaseErrorException:1213', when, sql: /INSERT/ });
    await expect(add(2, { transactionId })).rejects.toEqual(refusal('DatabaseErrorException'));
    await commit(transactionId);
    expect(await items()).toEqual([]);
  });

  it('strike the other operations too', async () => {
    api.faults.inject({ error: 'DatabaseResumingException', when: 'before', operation: 'BeginTransaction' });
    await expect(begin()).rejects.toEqual(refusal('DatabaseResumingException', /resuming after being auto-paused/));

    const transactionId = await begin();
    await add(1, { transactionId });
    api.faults.inject({ error: 'InternalServerErrorException', when: 'after', operation: 'RollbackTransaction' });
    await expect(rollback(transactionId)).rejects.toEqual(refusal('InternalServerErrorException'));
    await expect(rollback(transactionId)).rejects.toEqual(refusal('TransactionNotFoundException'));

    api.faults.inject({ error: 'DatabaseUnavailableException', when: 'after', operation: 'BatchExecute' });
    const sets = [[long('n', 5)], [long('n', 6)]];
    await expect(batch('INSERT INTO items (n) VALUES (:n)', sets)).rejects.toEqual(
      refusal('DatabaseUnavailableException'),
    );
    expect(await items()).toEqual([5, 6]);
  });

  it('strike the calls they are set for, as often and with the probability that is set', async () => {
    const failures = async (calls: number) => {
      const outcomes = [];
      for (let i = 0; i < calls; i++)
        outcomes.push(
          await items().then(
            () => '.',
            () => 'x',
          ),
        );
      return outcomes.join('');
    };
    api.faults.inject({ error: 'ThrottlingException', when: 'before', times: 2 });
    expect(await failures(4)).toBe('xx..');

    const remove = api.faults.inject({ error: 'ThrottlingException', when: 'before', times: Number.POSITIVE_INFINITY });
    expect(await failures(3)).toBe('xxx');
    remove();
    expect(await failures(1)).toBe('.');

    const draws = [0.9, 0.1, 0.5, 0.4];
    api.faults.inject({
      error: 'ThrottlingException',
      when: 'before',
      times: 9,
      probability: 0.5,
      random: () => draws.shift()!,
    });
    expect(await failures(4)).toBe('.x.x');
    api.faults.clear();

    api.faults.inject({ error: 'ThrottlingException', when: 'before', operation: 'BatchExecute' });
    api.faults.inject({ error: 'ThrottlingException', when: 'before', sql: /^UPDATE/g });
    expect(await failures(2)).toBe('..');
  });
});

describe('the endpoint', () => {
  it('collects the statements it executed and counts the calls it received', async () => {
    const before = api.calls;
    const sql = 'SELECT n FROM items WHERE n = :collected';
    await execute(sql, [long('collected', 1)]);
    await execute(sql, [long('collected', 2)]);
    api.faults.inject({ error: 'ThrottlingException', when: 'before' });
    await execute('SELECT 1 AS never_executed').catch(() => undefined);
    expect(api.calls - before).toBe(3);
    expect(api.statements).toContain(sql);
    expect([...api.statements].join()).not.toContain('never_executed');
  });

  it('announces each call before executing it, and waits for the listener', async () => {
    const calls: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    api.onCall = async (call) => {
      calls.push(call);
      if (call.sql?.includes('INSERT')) await gate.promise;
    };
    const paused = add(1);
    await expect.poll(() => calls.length, patient).toBe(1);
    expect(await items()).toEqual([]);
    gate.resolve();
    await paused;
    expect(await items()).toEqual([1]);
    const parameters = [{ name: 'n', value: { longValue: 1 } }];
    expect(calls[0]).toEqual({ operation: 'Execute', sql: 'INSERT INTO items (n) VALUES (:n)', parameters });
  });

  it.each<[string, string, string, number]>([
    ['ExecuteSql', '/ExecuteSql', '{}', 400],
    ['an unknown operation', '/Dance', '{}', 404],
    ['a body that is not JSON', '/Execute', 'SELECT 1', 400],
    ['a body that is no object', '/Execute', '5', 400],
    ['a request without its ARNs', '/Execute', '{"sql":"SELECT 1"}', 400],
    ['a request without SQL', '/Execute', '{"resourceArn":"a","secretArn":"b"}', 400],
    ['the schema parameter', '/Execute', '{"resourceArn":"a","secretArn":"b","sql":"SELECT 1","schema":"x"}', 400],
  ])('refuses %s', async (_what, path, body, status) => {
    const response = await fetch(api.url + path, { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.any(String) });
    expect(response.headers.get('x-amzn-errortype')).toMatch(/BadRequestException|NotFoundException/);
  });

  it('serves many calls at once', async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(numbers.map((n) => add(n)));
    expect(await items()).toEqual(numbers);
  });

  it('closes at once even if clients keep their connections', async () => {
    const other = await startDataApi({ database: inject('database') });
    const otherClient = clientOf(other);
    await execute('SELECT 1', [], {}, otherClient);
    const started = performance.now();
    await other.close();
    expect(performance.now() - started).toBeLessThan(500);
    await expect(execute('SELECT 1', [], {}, otherClient)).rejects.toThrow();
    otherClient.destroy();
  });
});

/** The statements that are running in the database of these tests. */
async function running(): Promise<string> {
  const sql = 'SELECT info FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()';
  return JSON.stringify((await execute(sql)).records);
}

/** Resolves when a statement that matches is running in the database. */
async function reached(statement: RegExp): Promise<void> {
  await expect.poll(running, patient).toMatch(statement);
}
