import { Faults, type Occurrence } from '../faults.ts';
import { DataApiError, type DatabaseErrorNumber, databaseError, type ErrorName } from './errors.ts';
import type { SqlParameter } from './parameters.ts';

export type Operation = 'Execute' | 'BatchExecute' | 'BeginTransaction' | 'CommitTransaction' | 'RollbackTransaction';

/** One call as faults and observers see it. */
export interface Call {
  operation: Operation;
  /** As sent, with its `:names`; the operations on transactions have none. */
  sql?: string;
  /** For these names; of one statement. */
  parameters?: SqlParameter[];
}

/** Strikes once when it does not say how often. */
export interface Fault extends Omit<Occurrence, 'after'> {
  /** The class to answer; with a number, the database's own error of that number. */
  error: ErrorName | `DatabaseErrorException:${DatabaseErrorNumber}`;
  /** `before`: nothing happens. `after`: all of it happens, and only the answer is lost. */
  when: 'before' | 'after';
  /** Only this operation; any when left out. */
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
  // Not `test`, which remembers where the last match of a /g ended.
  return !fault.sql || (call.sql !== undefined && call.sql.search(fault.sql) !== -1);
}

/** The answer of a fault. */
export function faultError(fault: Fault): DataApiError {
  const [name, errno] = fault.error.split(':') as [ErrorName, string?];
  return errno ? databaseError(Number(errno) as DatabaseErrorNumber) : new DataApiError(name);
}

/** A deadlock undoes the whole transaction of its victim, and not only the statement. */
export const isDeadlock = (fault: Fault): boolean => fault.error === 'DatabaseErrorException:1213';
