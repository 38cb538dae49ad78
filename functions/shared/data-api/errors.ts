import { RDSDataServiceException } from '@aws-sdk/client-rds-data';

/**
 * What went wrong between us and the database, in terms a rule can act on.
 * - `resuming`: the cluster is waking from zero capacity; nothing was done. Retry while the caller's time lasts.
 * - `unavailable`: a 5xx, a throttle, a broken connection or a failover. The outcome is unknown, so only what is safe
 *   to run twice may be retried.
 * - `conflict`: a deadlock, a lock wait timeout, a row that another transaction has just written, or a transaction that
 *   the Data API no longer knows. The transaction is gone; run it again from its start.
 * - `duplicate_key`: a row with this key exists already. A transaction is run again: another one may just have written
 *   it.
 * - `statement_timeout`: the statement was cancelled.
 * - `refused`: credentials, secret, endpoint. The operator has to fix it; the caller can only try later.
 * - `too_large`: the rows exceed what one response may hold. A list is read again in smaller pages (listing.ts);
 *   elsewhere it is treated like `broken`.
 * - `broken`: our own statement is wrong, which results in a 500.
 */
export type DatabaseErrorKind =
  | 'resuming'
  | 'unavailable'
  | 'conflict'
  | 'duplicate_key'
  | 'statement_timeout'
  | 'refused'
  | 'too_large'
  | 'broken';

/** A failed Data API call. The message may quote SQL: it is for the log, and never reaches a caller. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly kind: DatabaseErrorKind;
  /** MySQL's error number, if the failure is MySQL's. */
  readonly errno: number | undefined;

  constructor(kind: DatabaseErrorKind, message: string, options?: ErrorOptions & { errno?: number }) {
    super(message, options);
    this.kind = kind;
    this.errno = options?.errno;
  }
}

const lockWaitTimeout = 1205;

/** How many attempts a `conflict` gets in all. A transaction that holds a lock for seconds may hold it for minutes. */
export const conflictTries = ({ errno }: DatabaseError) => (errno === lockWaitTimeout ? 2 : 4);

/**
 * Milliseconds before such a retry, the first being number 1; jittered, so that calls that collided do not do so again.
 */
export const conflictPauseMs = (repeat: number) => repeat * 20 * (0.5 + Math.random() / 2);

const kindOfException: Record<string, DatabaseErrorKind> = {
  DatabaseResumingException: 'resuming',
  InternalServerErrorException: 'unavailable',
  ServiceUnavailableError: 'unavailable',
  DatabaseUnavailableException: 'unavailable',
  ThrottlingException: 'unavailable',
  StatementTimeoutException: 'statement_timeout',
  TransactionNotFoundException: 'conflict',
  AccessDeniedException: 'refused',
  ForbiddenException: 'refused',
  SecretsErrorException: 'refused',
  InvalidSecretException: 'refused',
  HttpEndpointNotEnabledException: 'refused',
  InvalidResourceStateException: 'refused',
  DatabaseNotFoundException: 'refused',
  NotFoundException: 'refused',
};

const kindOfErrno: Record<number, DatabaseErrorKind> = {
  1062: 'duplicate_key', // ER_DUP_ENTRY
  [lockWaitTimeout]: 'conflict', // ER_LOCK_WAIT_TIMEOUT
  1213: 'conflict', // ER_LOCK_DEADLOCK
  1020: 'conflict', // ER_CHECKREAD: MariaDB reports that a row changed since the transaction's snapshot
  1317: 'statement_timeout', // ER_QUERY_INTERRUPTED
  1040: 'unavailable', // ER_CON_COUNT_ERROR: too many connections
  1290: 'unavailable', // ER_OPTION_PREVENTS_STATEMENT: during a failover, the writer is read-only
  1836: 'unavailable', // ER_READ_ONLY_MODE: likewise
  2006: 'unavailable', // the server has gone away
  2013: 'unavailable', // the connection was lost during a query
};

const texts: readonly { readonly pattern: RegExp; readonly kind: DatabaseErrorKind }[] = [
  { pattern: /duplicate entry/i, kind: 'duplicate_key' },
  { pattern: /rate exceeded/i, kind: 'unavailable' },
  { pattern: /allowed response size/i, kind: 'too_large' },
];

/**
 * Classifies whatever the SDK threw. MySQL's own errors arrive as text inside DatabaseErrorException (from older
 * endpoints: BadRequestException), in more than one wording, so the error number is parsed out of the text. Without
 * one, only a few known phrases are matched.
 */
export function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  // Anything that is not a service error never reached the service or never came back: a socket error, a timeout.
  if (!(error instanceof RDSDataServiceException))
    return new DatabaseError('unavailable', `${name}: ${message}`, { cause: error });
  const errno = Number(/error code:?\s*(\d+)/i.exec(message)?.[1]);
  const byText = texts.find(({ pattern }) => pattern.test(message))?.kind;
  const byStatus = (error.$metadata.httpStatusCode ?? 0) >= 500 ? 'unavailable' : 'broken';
  const kind = kindOfException[name] ?? kindOfErrno[errno] ?? byText ?? byStatus;
  return new DatabaseError(kind, `${name}: ${message}`, { cause: error, errno: errno || undefined });
}
