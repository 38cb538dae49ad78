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

/** Who comes in. */
export type Login = Pick<DatabaseAddress, 'user' | 'password'>;

export interface LeaseOptions {
  autocommit: boolean;
  /** The user of the address when absent. */
  as?: Login;
}

/** A connection lent out for one call or one transaction. */
export interface Lease {
  connection: Connection;
  /** Gives it back; `reuse` false ends it, because something may be left in its session. */
  release(reuse: boolean): void;
}

/** Of one pool. A server allows 150 to 500, and every schema in use has two pools for each user. */
const poolSize = 48;

/**
 * Connections to the database, pooled by user, default schema and whether statements commit by themselves: so neither a
 * statement nor the beginning of a transaction costs a round trip of its own to set them.
 */
export class Connections {
  readonly #address: DatabaseAddress;
  readonly #pools = new Map<string, Pool>();

  constructor(address: DatabaseAddress) {
    this.#address = address;
  }

  /** @throws SqlError 1049 when there is no such database */
  async lease(database: string | undefined, { autocommit, as = this.#address }: LeaseOptions): Promise<Lease> {
    // With the password, so that one which was replaced opens no connection more.
    const key = `${as.user} ${as.password} ${autocommit} ${database ?? ''}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const address = { ...this.#address, user: as.user, password: as.password };
      pool = new Pool(() => connect(address, database, autocommit));
      this.#pools.set(key, pool);
    }
    return pool.lease();
  }

  /** Ends the statement that the connection is running, not the connection. */
  async kill({ threadId }: Connection): Promise<void> {
    const killer = await connect(this.#address, undefined, true);
    try {
      await killer.query(`KILL QUERY ${threadId}`);
    } finally {
      await killer.end();
    }
  }

  /** Ends connections that are not lent: after DROP DATABASE, those to it have no schema. */
  clearIdle(): void {
    for (const pool of this.#pools.values()) pool.clearIdle();
  }

  /** Ends all, those at work too; their transactions are rolled back by the server. */
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
    // MySQL 8's default authentication needs it where there is no TLS, as on loopback.
    allowPublicKeyRetrieval: true,
    initSql: `SET time_zone = '+00:00', autocommit = ${autocommit ? 1 : 0}, sql_mode = '${sqlMode}', innodb_lock_wait_timeout = ${lockWaitSeconds}`,
  });
  // A connection lost while idle is found out by isValid; without a listener the event would end the process.
  connection.on('error', () => {});
  return connection;
}

/** Aurora MySQL's default. Set by us because the driver adds IGNORE_SPACE to it. */
const sqlMode =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
