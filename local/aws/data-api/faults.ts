import { DataApiError, type DatabaseErrorNumber, databaseError, type ErrorName } from './errors.ts';

export type Operation = 'Execute' | 'BatchExecute' | 'BeginTransaction' | 'CommitTransaction' | 'RollbackTransaction';

/** One call as faults and observers see it. */
export interface Call {
  operation: Operation;
  /** As sent, with its `:names`; the operations on transactions have none. */
  sql?: string;
}

export interface Fault {
  /** The class to answer; with a number, the database's own error of that number. */
  error: ErrorName | `DatabaseErrorException:${DatabaseErrorNumber}`;
  /** `before`: nothing happens. `after`: all of it happens, and only the answer is lost. */
  when: 'before' | 'after';
  /** Only this operation; any when left out. */
  operation?: Operation;
  /** Only calls whose SQL matches. */
  sql?: RegExp;
  /** Strikes this often and is gone; 1 when left out, Infinity for until removed. */
  times?: number;
  /** Chance to strike at each matching call, 0…1; 1 when left out. */
  probability?: number;
  /** Source of chance, 0…1; seed it to repeat a run. */
  random?: () => number;
}

/** Errors to answer instead of the true ones, in the order they were injected. */
export class Faults {
  readonly #pending = new Map<Fault, { left: number }>();

  /** @returns removes it */
  inject(fault: Fault): () => void {
    // A copy: the same object injected twice is two faults.
    const own = { ...fault };
    this.#pending.set(own, { left: fault.times ?? 1 });
    return () => this.#pending.delete(own);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** The fault that strikes this call now, if any; it counts as one of its times. */
  strike(when: Fault['when'], call: Call): Fault | undefined {
    for (const [fault, count] of this.#pending) {
      if (fault.when !== when || !concerns(fault, call) || !happens(fault)) continue;
      if (--count.left <= 0) this.#pending.delete(fault);
      return fault;
    }
    return undefined;
  }
}

function concerns(fault: Fault, call: Call): boolean {
  if (fault.operation && fault.operation !== call.operation) return false;
  // Not `test`, which remembers where the last match of a /g ended.
  return !fault.sql || (call.sql !== undefined && call.sql.search(fault.sql) !== -1);
}

function happens({ probability = 1, random = Math.random }: Fault): boolean {
  return probability >= 1 || random() < probability;
}

/** The answer of a fault. */
export function faultError(fault: Fault): DataApiError {
  const [name, errno] = fault.error.split(':') as [ErrorName, string?];
  return errno ? databaseError(Number(errno) as DatabaseErrorNumber) : new DataApiError(name);
}

/** A deadlock undoes the whole transaction of its victim, and not only the statement. */
export const isDeadlock = (fault: Fault): boolean => fault.error === 'DatabaseErrorException:1213';
