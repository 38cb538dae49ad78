import { type Connection, createConnection } from 'mariadb';
import { lockWaitSeconds } from '../../../functions/lambdas.ts';
import { resultOptions } from './fields.ts';

/** Where the database is. */
export interface DatabaseAddress {
  host: string;
  port: number;
  user: string;
  password: string;
}

/** Who logs in. */
export type Login = Pick<DatabaseAddress, 'user' | 'password'>;

export interface LeaseOptions {
  autocommit: boolean;
  /** Defaults to the user of the address. */
  as?: Login;
}

/** A connection lent out for one call or one transaction. */
export interface Lease {
  connection: Connection;
  /** Returns the connection to its pool; `reuse` false closes it, because its session may hold leftover state. */
  release(reuse: boolean): void;
}

/** Connections per pool. A server allows 150 to 500 in all, and every schema in use has two pools for each user. */
const poolSize = 48;

/**
 * Connections to the database, pooled by user, default schema and autocommit mode, so that neither a statement nor the
 * start of a transaction costs an extra round trip to set them.
 */
export class Connections {
  readonly #address: DatabaseAddress;
  readonly #pools = new Map<string, Pool>();

  constructor(address: DatabaseAddress) {
    this.#address = address;
  }

  /** @throws SqlError 1049 when there is no such database */
  async lease(database: string | undefined, { autocommit, as = this.#address }: LeaseOptions): Promise<Lease> {
    // Includes the password: once it is replaced, the old one opens no more connections.
    const key = `${as.user} ${as.password} ${autocommit} ${database ?? ''}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const address = { ...this.#address, user: as.user, password: as.password };
      pool = new Pool(() => connect(address, database, autocommit));
      this.#pools.set(key, pool);
    }
    return pool.lease();
  }

  /** Cancels the connection's running statement but keeps the connection. */
  async kill({ threadId }: Connection): Promise<void> {
    const killer = await connect(this.#address, undefined, true);
    try {
      await killer.query(`KILL QUERY ${threadId}`);
    } finally {
      await killer.end();
    }
  }

  /** Closes idle connections: after DROP DATABASE, connections to that database have no schema. */
  clearIdle(): void {
    for (const pool of this.#pools.values()) pool.clearIdle();
  }

  /** Closes all connections, including busy ones, whose transactions the server rolls back. */
  close(): void {
    for (const pool of this.#pools.values()) pool.destroy();
  }
}

class Pool {
  readonly #connect: () => Promise<Connection>;
  readonly #idle: Connection[] = [];
  readonly #lent = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #places = poolSize;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  async lease(): Promise<Lease> {
    while (this.#places === 0) await new Promise<void>((free) => this.#waiting.push(free));
    this.#places--;
    try {
      const connection = this.#takeIdle() ?? (await this.#connect());
      this.#lent.add(connection);
      return { connection, release: (reuse) => this.#takeBack(connection, reuse) };
    } catch (error) {
      this.#freePlace();
      throw error;
    }
  }

  clearIdle(): void {
    for (const connection of this.#idle.splice(0)) end(connection);
  }

  destroy(): void {
    for (const connection of [...this.#idle.splice(0), ...this.#lent]) connection.destroy();
  }

  #takeIdle(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection || connection.isValid()) return connection;
    }
  }

  #takeBack(connection: Connection, reuse: boolean): void {
    if (!this.#lent.delete(connection)) return;
    if (reuse && connection.isValid()) this.#idle.push(connection);
    else end(connection);
    this.#freePlace();
  }

  #freePlace(): void {
    this.#places++;
    this.#waiting.shift()?.();
  }
}

const end = (connection: Connection) => {
  connection.end().catch(() => connection.destroy());
};

async function connect(
  address: DatabaseAddress,
  database: string | undefined,
  autocommit: boolean,
): Promise<Connection> {
  const connection = await createConnection({
    ...address,
    ...resultOptions,
    database,
    connectTimeout: 10_000,
    // Without TLS, as on loopback, MySQL 8's default authentication needs this.
    allowPublicKeyRetrieval: true,
    initSql: `SET time_zone = '+00:00', autocommit = ${autocommit ? 1 : 0}, sql_mode = '${sqlMode}', innodb_lock_wait_timeout = ${lockWaitSeconds}`,
  });
  // isValid detects a connection lost while idle. Without a listener, the error event would end the process.
  connection.on('error', () => {});
  return connection;
}

/** Aurora MySQL's default. Set by us because the driver adds IGNORE_SPACE to it. */
const sqlMode =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
