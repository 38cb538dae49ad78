import type { FieldInfo, UpsertResult } from 'mariadb';
import type { Connections, Lease } from './connections.ts';
import { DataApiError, statementTimeout } from './errors.ts';
import type { Operation } from './faults.ts';
import { columnMetadata, encodeRecords, formatRecords, type ResultSetOptions } from './fields.ts';
import type { Limits } from './limits.ts';
import { bind, type ParsedSql, parseSql, type SqlParameter } from './parameters.ts';
import type { Transactions } from './transactions.ts';

/** What the operations work with. */
export interface Service {
  connections: Connections;
  transactions: Transactions;
  limits: Limits;
  /** Collects each distinct SQL text that reaches the database, as sent. */
  statements: Set<string>;
}

/** The members of all five requests; which are needed is checked below. */
export interface DataApiRequest {
  resourceArn?: string;
  secretArn?: string;
  sql?: string;
  database?: string;
  schema?: string;
  transactionId?: string;
  parameters?: SqlParameter[];
  parameterSets?: SqlParameter[][];
  includeResultMetadata?: boolean;
  continueAfterTimeout?: boolean;
  resultSetOptions?: ResultSetOptions;
  formatRecordsAs?: 'NONE' | 'JSON';
}

type DatabaseResult = [rows: unknown[][], columns: FieldInfo[]] | [UpsertResult, unknown];

/** Each answers with the JSON text of its response. */
export const operations: Record<Operation, (service: Service, request: DataApiRequest) => Promise<string>> = {
  Execute: execute,
  BatchExecute: batchExecute,
  async BeginTransaction({ transactions }, request) {
    return JSON.stringify({ transactionId: await transactions.begin(request.database) });
  },
  async CommitTransaction({ transactions }, request) {
    await transactions.commit(required(request, 'transactionId'));
    return '{"transactionStatus":"Transaction Committed"}';
  },
  async RollbackTransaction({ transactions }, request) {
    await transactions.rollback(required(request, 'transactionId'));
    return '{"transactionStatus":"Rollback Complete"}';
  },
};

async function execute(service: Service, request: DataApiRequest): Promise<string> {
  const parsed = parseSql(required(request, 'sql'));
  const sql = bind(parsed, request.parameters);
  const result = await onConnection(service, request, parsed, (query) => query(sql));
  return isResultSet(result) ? resultSet(result, request, service.limits) : update(result[0]);
}

/** Outside a transaction each set is committed by itself, so an error leaves the sets before it in effect. */
async function batchExecute(service: Service, request: DataApiRequest): Promise<string> {
  const parsed = parseSql(required(request, 'sql'));
  const statements = (request.parameterSets ?? []).map((parameters) => bind(parsed, parameters));
  const results: string[] = [];
  await onConnection(service, request, parsed, async (query) => {
    for (const sql of statements) {
      const result = await query(sql);
      results.push(`{"generatedFields":${isResultSet(result) ? '[]' : generatedFields(result[0])}}`);
    }
  });
  return `{"updateResults":[${results.join(',')}]}`;
}

type Query = (sql: string) => Promise<DatabaseResult>;

/**
 * Does `work` on the connection of the request's transaction, or on one from the pool. The connection is given back when
 * its last statement has really ended, which is after the answer for one that continues after its timeout.
 */
async function onConnection<T>(
  service: Service,
  request: DataApiRequest,
  parsed: ParsedSql,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const { connections, transactions, limits } = service;
  const lease = request.transactionId
    ? transactions.enter(request.transactionId, request.database)
    : await connections.lease(request.database, { autocommit: true });
  service.statements.add(request.sql!);

  const deadline = performance.now() + limits.statementMs;
  let lastStatement: Promise<unknown> = Promise.resolve();
  let timedOut = false;
  const query: Query = async (sql) => {
    const running = lease.connection.query<DatabaseResult>(sql);
    lastStatement = running.catch(() => undefined);
    const result = await before(deadline, running);
    if (result) return result;
    timedOut = true;
    if (!request.continueAfterTimeout) await stop(connections, lease, lastStatement);
    throw statementTimeout(lease.connection.threadId!);
  };

  try {
    return await work(query);
  } finally {
    void lastStatement.then(() => {
      lease.release(parsed.leavesSessionClean && !timedOut);
      if (dropsDatabase.test(request.sql!)) connections.clearIdle();
    });
  }
}

const dropsDatabase = /^\s*drop\s+(database|schema)\b/i;

/** @returns what `running` does, or undefined when the deadline comes first */
async function before<T>(deadline: number, running: Promise<T>): Promise<T | undefined> {
  if (deadline === Number.POSITIVE_INFINITY) return running;
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, deadline - performance.now(), undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function stop(connections: Connections, { connection }: Lease, statement: Promise<unknown>): Promise<void> {
  await connections.kill(connection);
  await statement;
}

const isResultSet = (result: DatabaseResult): result is [unknown[][], FieldInfo[]] => Array.isArray(result[0]);

function update(result: UpsertResult): string {
  return `{"numberOfRecordsUpdated":${result.affectedRows},"generatedFields":${generatedFields(result)}}`;
}

/** The AUTO_INCREMENT value of an INSERT; of many rows' the first one's, as LAST_INSERT_ID(). */
function generatedFields({ insertId }: UpsertResult): string {
  return insertId ? `[{"longValue":${insertId}}]` : '[]';
}

function resultSet([rows, columns]: [unknown[][], FieldInfo[]], request: DataApiRequest, limits: Limits): string {
  const options = request.resultSetOptions ?? {};
  if (request.formatRecordsAs === 'JSON') {
    const records = JSON.stringify(formatRecords(rows, columns, options, limits));
    return `{"numberOfRecordsUpdated":0,"formattedRecords":${records}}`;
  }
  const records = encodeRecords(rows, columns, options, limits);
  const metadata = request.includeResultMetadata
    ? `,"columnMetadata":${JSON.stringify(columns.map((column) => columnMetadata(column)))}`
    : '';
  return `{"numberOfRecordsUpdated":0,"records":${records}${metadata}}`;
}

/** @throws DataApiError BadRequestException when the member is missing or empty */
export function required(
  request: DataApiRequest,
  member: 'resourceArn' | 'secretArn' | 'sql' | 'transactionId',
): string {
  const value = request[member];
  if (typeof value !== 'string' || !value) throw new DataApiError('BadRequestException', `${member} is missing`);
  return value;
}
