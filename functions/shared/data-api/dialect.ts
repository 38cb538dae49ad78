import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type RDSDataClient,
  RollbackTransactionCommand,
  TransactionNotFoundException,
} from '@aws-sdk/client-rds-data';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
} from 'kysely';
import { decode, encode } from './codec.ts';
import { conflictPauseMs, conflictTries, toDatabaseError } from './errors.ts';

export interface DataApiOptions {
  readonly client: RDSDataClient;
  readonly resourceArn: string;
  readonly secretArn: string;
  readonly database: string;
  /** Milliseconds that may still be spent on retrying calls. */
  readonly remaining: () => number;
  /**
   * The timeout of a call, in milliseconds. A caller that exits while its statement waits for a lock leaves that lock
   * to a transaction that nobody ends, so this is less than the caller's remaining time.
   */
  readonly callTimeout?: (inTransaction: boolean) => number;
  /** Called for every call that is sent, retries included. */
  readonly onCall: (isRepeat: boolean) => void;
  /** Waits. An input, so that a test needs no clock. */
  readonly pause: (ms: number) => Promise<void>;
  /** For DDL: the statement continues after the Data API's 45 s timeout. */
  readonly continueAfterTimeout?: boolean;
}

/** Kysely's MySQL over the RDS Data API: named parameters, one HTTPS call per statement, transactions by id. */
export class DataApiDialect implements Dialect {
  readonly #options: DataApiOptions;
  constructor(options: DataApiOptions) {
    this.#options = options;
  }
  createAdapter = () => new MysqlAdapter();
  createDriver = () => new DataApiDriver(this.#options);
  createIntrospector = (db: ConstructorParameters<typeof MysqlIntrospector>[0]) => new MysqlIntrospector(db);
  createQueryCompiler = () => new DataApiQueryCompiler();
}

const rollbackTries = 4;
const rollbackTimeoutMs = 2_000;

/** The longest timer that Node supports. */
const longestTimeoutMs = 2 ** 31 - 1;

class DataApiQueryCompiler extends MysqlQueryCompiler {
  protected override getCurrentParameterPlaceholder() {
    return `:p${this.numParameters}`;
  }
}

/**
 * Retries a call that did nothing (`resuming`) and, if `safe`, one whose outcome is unknown, with jittered backoff
 * while the caller's time lasts. A DatabaseResumingException is a 400, which the SDK does not retry. A `safe` statement
 * that the database aborted in favour of another (`conflict`) is retried a few times: it did nothing either. Inside a
 * transaction, it is the whole transaction that is retried.
 */
async function persistently<T>(options: DataApiOptions, safe: boolean, call: () => Promise<T>): Promise<T> {
  let conflicts = 0;
  for (let wait = 100, isRepeat = false; ; wait = Math.min(wait * 2, 4_000), isRepeat = true) {
    try {
      options.onCall(isRepeat);
      return await call();
    } catch (thrown) {
      const error = toDatabaseError(thrown);
      const isConflict = safe && error.kind === 'conflict';
      if (isConflict) conflicts += 1;
      const again =
        error.kind === 'resuming' ||
        (safe && error.kind === 'unavailable') ||
        (isConflict && conflicts < conflictTries(error));
      const pause = isConflict ? conflictPauseMs(conflicts) : wait * (0.5 + Math.random() / 2);
      if (!again || options.remaining() < pause) throw error;
      await options.pause(pause);
    }
  }
}

class DataApiConnection implements DatabaseConnection {
  readonly #options: DataApiOptions;
  #transactionId: string | undefined;

  constructor(options: DataApiOptions) {
    this.#options = options;
  }

  /** Aborts a call that gets no response in time: its outcome is unknown, as when a connection breaks. */
  get #inTime() {
    const ms = this.#options.callTimeout?.(this.#transactionId !== undefined) ?? longestTimeoutMs;
    return { abortSignal: AbortSignal.timeout(Math.min(Math.max(Math.ceil(ms), 1), longestTimeoutMs)) };
  }

  get #target() {
    return { resourceArn: this.#options.resourceArn, secretArn: this.#options.secretArn };
  }

  /**
   * Outside a transaction every statement of ours is safe to run twice (docs/overview.md), so it is retried when its
   * outcome is unknown. Inside one it is not: the transaction ends, and `transact` runs it again as a whole.
   */
  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const options = this.#options;
    const command = new ExecuteStatementCommand({
      ...this.#target,
      database: options.database,
      sql,
      parameters: parameters.map((value, index) => encode(`p${index + 1}`, value)),
      includeResultMetadata: true,
      transactionId: this.#transactionId,
      continueAfterTimeout: options.continueAfterTimeout,
    });
    const result = await persistently(options, !this.#transactionId, () => options.client.send(command, this.#inTime));
    const columns = result.columnMetadata ?? [];
    const rows = (result.records ?? []).map(
      (record) => Object.fromEntries(columns.map((column, i) => [column.label!, decode(record[i]!, column)])) as R,
    );
    return { rows, numAffectedRows: BigInt(result.numberOfRecordsUpdated ?? 0) };
  }

  // biome-ignore lint/correctness/useYield: the Data API has no cursors; the interface wants a generator.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('The Data API cannot stream: page by a key instead.');
  }

  async begin() {
    const command = new BeginTransactionCommand({ ...this.#target, database: this.#options.database });
    // A transaction whose id was lost with the response holds no lock: the Data API ends it when idle.
    const begun = await persistently(this.#options, true, () => this.#options.client.send(command, this.#inTime));
    this.#transactionId = begun.transactionId;
  }

  async commit() {
    const command = new CommitTransactionCommand({ ...this.#target, transactionId: this.#transactionId });
    await persistently(this.#options, false, () => this.#options.client.send(command, this.#inTime));
  }

  /**
   * Tried a few times, however little time is left: a transaction that is not ended keeps its locks until the Data API
   * ends it, three minutes later. Never throws: the caller needs the error that led to the rollback.
   */
  async rollback() {
    const command = new RollbackTransactionCommand({ ...this.#target, transactionId: this.#transactionId });
    for (let tries = 1; tries <= rollbackTries; tries += 1) {
      try {
        this.#options.onCall(tries > 1);
        await this.#options.client.send(command, { abortSignal: AbortSignal.timeout(rollbackTimeoutMs) });
        return;
      } catch (error) {
        if (error instanceof TransactionNotFoundException) return; // already ended: committed or aborted
        if (tries < rollbackTries) await this.#options.pause(tries * 50);
      }
    }
  }
}

class DataApiDriver implements Driver {
  readonly #options: DataApiOptions;
  constructor(options: DataApiOptions) {
    this.#options = options;
  }
  init = async () => {};
  destroy = async () => {};
  releaseConnection = async () => {};
  acquireConnection = async () => new DataApiConnection(this.#options);
  beginTransaction = (connection: DataApiConnection) => connection.begin();
  commitTransaction = (connection: DataApiConnection) => connection.commit();
  rollbackTransaction = (connection: DataApiConnection) => connection.rollback();
}
