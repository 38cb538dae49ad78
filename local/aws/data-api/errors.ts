import { SqlError } from 'mariadb';

/** The Data API's error classes, each with its HTTP status and usual message. */
const errorClasses = {
  AccessDeniedException: [403, 'User is not authorized to perform: rds-data on the resource'],
  BadRequestException: [400, 'Bad request'],
  DatabaseErrorException: [400, 'Database error'],
  DatabaseNotFoundException: [404, 'The DB cluster does not have a DB instance'],
  DatabaseResumingException: [
    400,
    'The Aurora DB instance db-LOCAL is resuming after being auto-paused. Please wait a few seconds and try again.',
  ],
  DatabaseUnavailableException: [504],
  ForbiddenException: [403, 'Access to the resource is forbidden'],
  HttpEndpointNotEnabledException: [400, 'HttpEndpoint is not enabled for the cluster'],
  InternalServerErrorException: [500],
  InvalidResourceStateException: [400, 'The DB cluster is not in a valid state'],
  InvalidSecretException: [400, 'The secret is not valid'],
  NotFoundException: [404, 'The resource was not found'],
  SecretsErrorException: [400, 'The secret could not be read'],
  ServiceUnavailableError: [503],
  StatementTimeoutException: [400, 'Request timed out'],
  TransactionNotFoundException: [404, 'Transaction is not found'],
  UnsupportedResultException: [400, 'The result contains an unsupported data type'],
  ThrottlingException: [400, 'Rate exceeded'],
} satisfies Record<string, [status: number, message?: string]>;

export type ErrorName = keyof typeof errorClasses;

/** An error response. Classes without a message have none in the service's model either. */
export class DataApiError extends Error {
  readonly code: ErrorName;
  readonly status: number;
  readonly body: { message?: string; dbConnectionId?: number };

  constructor(code: ErrorName, message?: string, options?: ErrorOptions) {
    const [status, usual] = errorClasses[code] as [number, string?];
    super(message ?? usual, options);
    this.code = code;
    this.status = status;
    this.body = usual ? { message: this.message } : {};
  }
}

/** The statement ran past its timeout. `dbConnectionId` is the id that KILL takes. */
export function statementTimeout(dbConnectionId: number): DataApiError {
  const error = new DataApiError('StatementTimeoutException');
  error.body.dbConnectionId = dbConnectionId;
  return error;
}

/** Errors by which the database itself asks for a retry or rejects a duplicate, with its own messages. */
const databaseErrors = {
  1040: ['Too many connections', '08004'],
  1062: ["Duplicate entry 'injected' for key 'PRIMARY'", '23000'],
  1205: ['Lock wait timeout exceeded; try restarting transaction', 'HY000'],
  1213: ['Deadlock found when trying to get lock; try restarting transaction', '40001'],
  1290: ['The MySQL server is running with the --read-only option so it cannot execute this statement', 'HY000'],
  1836: ['Running in read-only mode', 'HY000'],
} as const;

export type DatabaseErrorNumber = keyof typeof databaseErrors;

export function databaseError(errno: DatabaseErrorNumber): DataApiError {
  const [message, sqlState] = databaseErrors[errno];
  return new DataApiError('DatabaseErrorException', databaseMessage(errno, message, sqlState));
}

/** Converts an error of the database, or of the connection to it, to the Data API's error response. */
export function toDataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  if (!(error instanceof SqlError))
    return new DataApiError('InternalServerErrorException', undefined, { cause: error });
  const ofServer = error.errno > 0 && error.errno < firstDriverErrno && error.sqlState !== '08S01';
  if (!ofServer) return new DataApiError('DatabaseUnavailableException', undefined, { cause: error });
  const message = databaseMessage(error.errno, error.sqlMessage ?? error.message, error.sqlState ?? 'HY000');
  return new DataApiError('DatabaseErrorException', message, { cause: error });
}

/** The driver numbers its own errors from here on: a lost connection, a timeout. */
const firstDriverErrno = 45_000;

const databaseMessage = (errno: number, message: string, sqlState: string) =>
  `Database error code: ${errno}. Message: ${message}; SQLState: ${sqlState}`;
