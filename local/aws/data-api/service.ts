import type { Connections, Login } from './connections.ts';
import { DataApiError } from './errors.ts';
import type { ResultSetOptions } from './fields.ts';
import type { Limits } from './limits.ts';
import type { SqlParameter } from './parameters.ts';
import type { Transactions } from './transactions.ts';

/** What the operations work with. */
export interface Service {
  connections: Connections;
  transactions: Transactions;
  limits: Limits;
  /** Collects each distinct SQL text that reaches the database, as sent. */
  statements: Set<string>;
  /** The login in the request's secret; `undefined` means the user of the database's address. */
  loginOf(request: DataApiRequest): Promise<Login | undefined>;
}

/** The members of all five requests; `required` below checks those that an operation needs. */
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

/** @throws DataApiError BadRequestException when the member is missing or empty */
export function required(
  request: DataApiRequest,
  member: 'resourceArn' | 'secretArn' | 'sql' | 'transactionId',
): string {
  const value = request[member];
  if (typeof value !== 'string' || !value) throw new DataApiError('BadRequestException', `${member} is missing`);
  return value;
}
