import type { FieldInfo, UpsertResult } from 'mariadb';
import { late, orLate } from '../late.ts';
import type { Connections, Lease } from './connections.ts';
import { statementTimeout } from './errors.ts';
import type { ParsedSql } from './named-parameters.ts';
import type { DataApiRequest, Service } from './service.ts';

export type DatabaseResult = [rows: unknown[][], columns: FieldInfo[]] | [UpsertResult, unknown];

export type Query = (sql: string) => Promise<DatabaseResult>;

/**
 * Runs `work` on the connection of the request's transaction, or on one from the pool. The connection is released when
 * its last statement has really ended: with `continueAfterTimeout`, that may be after the response.
 */
export async function onConnection<T>(
  service: Service,
  request: DataApiRequest,
  parsed: ParsedSql,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const { connections, transactions, limits } = service;
  const lease = request.transactionId
    ? transactions.enter(request.transactionId, request.database)
    : await connections.lease(request.database, { autocommit: true, as: await service.loginOf(request) });
  service.statements.add(request.sql!);

  const deadline = performance.now() + limits.statementMs;
  let lastStatement: Promise<unknown> = Promise.resolve();
  let timedOut = false;
  const query: Query = async (sql) => {
    const running = lease.connection.query<DatabaseResult>(sql);
    lastStatement = running.catch(() => undefined);
    const result = await orLate(deadline - performance.now(), () => running);
    if (result !== late) return result;
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

async function stop(connections: Connections, { connection }: Lease, statement: Promise<unknown>): Promise<void> {
  await connections.kill(connection);
  await statement;
}
