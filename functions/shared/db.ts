import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { CamelCasePlugin, Kysely, type Transaction } from 'kysely';
import { DataApiDialect } from './data-api/dialect.ts';
import { conflictPauseMs, conflictTries, DatabaseError } from './data-api/errors.ts';
import { countCall } from './data-api/usage.ts';
import { databaseEnv } from './env.ts';
import type { Schema } from './schema.ts';

/** The database, or a transaction on it: a rule that takes a `Db` joins whichever it is given. */
export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;

/** One invocation's access to the database. */
export interface Connection {
  readonly db: Db;
  /** Data API calls so far, repeats included. */
  readonly calls: () => number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A batch of events has ten transactions at once in one function; on one machine all functions share a process. */
const maxSockets = 500;

// The SDK's own retries are off: it would repeat a write whose outcome is unknown, inside a transaction too.
const client = new RDSDataClient({
  maxAttempts: 1,
  // Enough that what begins a transaction, and waits for a connection, never keeps those that have one from ending theirs.
  requestHandler: { httpAgent: { maxSockets }, httpsAgent: { maxSockets } },
});

/** Kept back for the answer, or for what a log has to say. */
const answerMs = 500;
/** Kept back from repeats: one more call may take this long. */
const lastCallMs = 3_000;

interface ConnectOptions {
  /** Who comes in; the application's user when absent. */
  readonly secretArn?: string;
  /** The caller asks again soon by itself: it is not kept waiting while the database is away. */
  readonly isPoll?: boolean;
  readonly continueAfterTimeout?: boolean;
  /** How long calls may be repeated, from the opening; `DATA_API_RETRY_MS` when absent. The time that is left bounds it as well. */
  readonly retryMs?: number;
}

/**
 * Opens the database for one invocation: it counts the calls and knows the time that is left. No call outlasts the
 * invocation; a poll's statement is given up sooner, unless it is part of a transaction, which would be left with its locks.
 * @param remaining milliseconds the invocation still has; what it needs for its answer is kept back
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
  // maintainNestedObjectKeys: the keys inside a JSON column are its own, not columns of ours.
  const db = new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] });
  return { db, calls: () => calls };
}

/**
 * Runs `change` in a transaction, again from its start when the database gave it up (deadlock, lock wait, a row that
 * another wrote first) or when its outcome is unknown. So `change` must look before it acts: lock what it decides on, and
 * find its own work done if it was. Given a transaction it joins it.
 * @throws DatabaseError when it did not go through; nothing was changed unless a commit's answer was lost
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
