import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { CamelCasePlugin, Kysely, type Transaction } from 'kysely';
import { DataApiDialect } from './data-api/dialect.ts';
import { conflictPauseMs, conflictTries, DatabaseError } from './data-api/errors.ts';
import { countCall } from './data-api/usage.ts';
import { databaseEnv } from './env.ts';
import type { Schema } from './schema.ts';

/** The database, or a transaction on it: a rule that takes a `Db` works in whichever it is given. */
export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;

/** One invocation's access to the database. */
export interface Connection {
  readonly db: Db;
  /** Data API calls so far, retries included. */
  readonly calls: () => number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A batch of events runs four transactions at once in one function; on one machine, all functions share a process. */
const maxSockets = 500;

// The SDK's own retries are off: they would repeat a write whose outcome is unknown, even inside a transaction.
const client = new RDSDataClient({
  maxAttempts: 1,
  // Enough sockets that calls waiting to begin a transaction never block the calls that end one.
  requestHandler: { httpAgent: { maxSockets }, httpsAgent: { maxSockets } },
});

/** Kept back for the response and the log. */
const answerMs = 500;
/** No retry starts with less time than this left: one more call may take this long. */
const lastCallMs = 3_000;

interface ConnectOptions {
  /** The credentials to use; the application user's when absent. */
  readonly secretArn?: string;
  /** The caller soon asks again by itself: it is not kept waiting while the database is unavailable. */
  readonly isPoll?: boolean;
  readonly continueAfterTimeout?: boolean;
  /** How long calls may be retried after `connect`, within the invocation's time; `DATA_API_RETRY_MS` when absent. */
  readonly retryMs?: number;
}

/**
 * Opens the database for one invocation: counts its calls and respects its remaining time. No call outlasts the
 * invocation. A poll's statement is abandoned sooner, unless it is part of a transaction, which would keep its locks.
 * @param remaining milliseconds the invocation still has; the time to send its response is kept back
 */
export function connect(
  remaining: () => number,
  { secretArn, isPoll = false, continueAfterTimeout = false, retryMs }: ConnectOptions = {},
): Connection {
  const env = databaseEnv();
  const opened = performance.now();
  const leftOf = (ms: number) => ms - (performance.now() - opened);
  const pollMs = isPoll ? env.DATA_API_POLL_MS : Number.POSITIVE_INFINITY;
  let calls = 0;
  const dialect = new DataApiDialect({
    client,
    resourceArn: env.DATABASE_ARN,
    secretArn: secretArn ?? env.DATABASE_SECRET_ARN,
    database: env.DATABASE_NAME,
    remaining: () => Math.min(remaining() - lastCallMs, leftOf(retryMs ?? env.DATA_API_RETRY_MS), leftOf(pollMs)),
    callTimeout: (inTransaction) =>
      Math.min(remaining() - answerMs, inTransaction ? Number.POSITIVE_INFINITY : leftOf(pollMs)),
    onCall: (isRepeat) => {
      calls += 1;
      countCall(isRepeat);
    },
    pause,
    continueAfterTimeout,
  });
  // maintainNestedObjectKeys: keys inside a JSON column are not column names, so they are not converted.
  const db = new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] });
  return { db, calls: () => calls };
}

/**
 * Runs `change` in a transaction. Runs it again from the start when the database aborted it (deadlock, lock wait
 * timeout, a row that another transaction wrote first) or when its outcome is unknown. So `change` must look before it
 * acts: lock the rows it decides on, and detect that its work is already done. A `db` that is a transaction is joined.
 * @throws DatabaseError when it failed; nothing was changed unless the response of a commit was lost
 */
export async function transact<T>(db: Db, change: (tx: Tx) => Promise<T>): Promise<T> {
  if (db.isTransaction) return change(db as Tx);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(change);
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError)) throw thrown;
      const again = ['conflict', 'duplicate_key', 'unavailable'].includes(thrown.kind);
      if (!again || attempt >= conflictTries(thrown)) throw thrown;
      await pause(conflictPauseMs(attempt));
    }
  }
}
