import type { FieldInfo, UpsertResult } from 'mariadb';
import { columnMetadata } from './column-types.ts';
import type { Operation } from './faults.ts';
import { encodeRecords, formatRecords } from './fields.ts';
import type { Limits } from './limits.ts';
import { parseSql } from './named-parameters.ts';
import { type DatabaseResult, onConnection } from './on-connection.ts';
import { bind } from './parameters.ts';
import { type DataApiRequest, required, type Service } from './service.ts';

/** Each returns its response as JSON text. */
export const operations: Record<Operation, (service: Service, request: DataApiRequest) => Promise<string>> = {
  Execute: execute,
  BatchExecute: batchExecute,
  async BeginTransaction({ transactions, loginOf }, request) {
    return JSON.stringify({ transactionId: await transactions.begin(request.database, await loginOf(request)) });
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

/** Outside a transaction each parameter set commits by itself, so an error leaves the sets before it in effect. */
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

const isResultSet = (result: DatabaseResult): result is [unknown[][], FieldInfo[]] => Array.isArray(result[0]);

function update(result: UpsertResult): string {
  return `{"numberOfRecordsUpdated":${result.affectedRows},"generatedFields":${generatedFields(result)}}`;
}

/** The AUTO_INCREMENT value of an INSERT. For several rows it is the first row's, like LAST_INSERT_ID(). */
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
