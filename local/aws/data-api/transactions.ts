import { randomBytes } from 'node:crypto';
import type { Connections, Lease, Login } from './connections.ts';
import { DataApiError } from './errors.ts';
import type { Limits } from './limits.ts';

interface Transaction {
  database: string | undefined;
  lease: Lease;
  begunAt: number;
  usedAt: number;
  /** A statement is running: another one is refused, and the transaction does not count as idle. */
  running: boolean;
  /** No statement so far has left state behind in the session. */
  clean: boolean;
}

export interface TransactionsOptions {
  connections: Connections;
  limits: Limits;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Transactions by id, each on a connection of its own until it ends or expires. */
export class Transactions {
  readonly #open = new Map<string, Transaction>();
  readonly #options: TransactionsOptions;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  /** @returns the transaction's id */
  async begin(database: string | undefined, as?: Login): Promise<string> {
    // With autocommit off, the first statement begins a transaction, and the first one after each commit begins the
    // next. As with the Data API, DDL commits the work before it and the transaction stays open.
    const lease = await this.#options.connections.lease(database, { autocommit: false, as });
    const id = randomBytes(72).toString('base64');
    const now = this.#options.now();
    this.#open.set(id, { database, lease, begunAt: now, usedAt: now, running: false, clean: true });
    return id;
  }

  /**
   * Returns the transaction's connection for one call, which gives it back with `release`.
   * @param database if given, must be the one that the transaction was begun with
   */
  enter(id: string, database: string | undefined): Lease {
    const transaction = this.#idle(id);
    if (database !== undefined && database !== transaction.database)
      throw new DataApiError('BadRequestException', 'Database name is not the same as the one of the transaction');
    transaction.running = true;
    return {
      connection: transaction.lease.connection,
      release: (clean) => {
        transaction.running = false;
        transaction.usedAt = this.#options.now();
        transaction.clean &&= clean;
      },
    };
  }

  async commit(id: string): Promise<void> {
    await this.#end(id, 'COMMIT');
  }

  async rollback(id: string): Promise<void> {
    await this.#end(id, 'ROLLBACK');
  }

  /** Rolls back what was done, as a deadlock does, but leaves the transaction open. */
  async undo(id: string): Promise<void> {
    await this.#open.get(id)?.lease.connection.query('ROLLBACK');
  }

  /** Rolls back expired transactions. Called on each request, and by a timer so that their locks are released. */
  async expire(idleMs = this.#options.limits.transactionIdleMs): Promise<void> {
    if (this.#open.size === 0) return;
    const { limits, now } = this.#options;
    const time = now();
    const over = [...this.#open].filter(
      ([, { running, usedAt, begunAt }]) =>
        !running && (time - usedAt > idleMs || time - begunAt > limits.transactionMs),
    );
    await Promise.all(over.map(([id]) => this.#end(id, 'ROLLBACK').catch(() => undefined)));
  }

  async #end(id: string, statement: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    const { lease, clean } = this.#idle(id);
    this.#open.delete(id);
    let ended = false;
    try {
      await lease.connection.query(statement);
      ended = true;
    } finally {
      lease.release(ended && clean);
    }
  }

  #idle(id: string): Transaction {
    const transaction = this.#open.get(id);
    if (!transaction) throw new DataApiError('TransactionNotFoundException', `Transaction ${id} is not found`);
    if (transaction.running) throw new DataApiError('BadRequestException', 'Transaction is still running a query');
    return transaction;
  }
}
