import { Faults, type Occurrence } from '../faults.ts';
import { DataApiError, type DatabaseErrorNumber, databaseError, type ErrorName } from './errors.ts';
import type { SqlParameter } from './parameters.ts';

export type Operation = 'Execute' | 'BatchExecute' | 'BeginTransaction' | 'CommitTransaction' | 'RollbackTransaction';

/** One call as faults and observers see it. */
export interface Call {
  operation: Operation;
  /** As sent, with its `:names`. Operations on transactions have none. */
  sql?: string;
  /** The values of these names; a BatchExecute has none here. */
  parameters?: SqlParameter[];
}

/** Strikes once unless it says how often. */
export interface Fault extends Omit<Occurrence, 'after'> {
  /** The error class to return. With a number: the database's own error of that number. */
  error: ErrorName | `DatabaseErrorException:${DatabaseErrorNumber}`;
  /** `before`: nothing is executed. `after`: everything is executed and only the response is lost. */
  when: 'before' | 'after';
  /** Only this operation; any if omitted. */
  operation?: Operation;
  /** Only calls whose SQL matches. */
  sql?: RegExp;
}

type CallAt = Call & Pick<Fault, 'when'>;
export type DataApiFaults = Faults<Fault, CallAt>;

export const newFaults = (): DataApiFaults => new Faults({ concerns, times: 1 });

function concerns(fault: Fault, call: CallAt): boolean {
  if (fault.when !== call.when) return false;
  if (fault.operation && fault.operation !== call.operation) return false;
  // Not `test`: with a /g expression it remembers where the last match ended.
  return !fault.sql || (call.sql !== undefined && call.sql.search(fault.sql) !== -1);
}

/** The error response of a fault. */
export function faultError(fault: Fault): DataApiError {
  const [name, errno] = fault.error.split(':') as [ErrorName, string?];
  return errno ? databaseError(Number(errno) as DatabaseErrorNumber) : new DataApiError(name);
}

/** A deadlock rolls back its victim's whole transaction, not only the statement. */
export const isDeadlock = (fault: Fault): boolean => fault.error === 'DatabaseErrorException:1213';
