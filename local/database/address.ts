import { createConnection } from 'mariadb';

/** How to reach a MySQL-compatible server over TCP. */
export interface Address {
  host: string;
  port: number;
  user: string;
  password: string;
}

/** A running server. */
export interface LocalDatabase extends Address {
  /** The server's name for people: `MariaDB 10.11.19 on port 40123`. */
  description: string;
  /** Stops what was started here; a server given by SPOT_DATABASE_URL is left running. */
  stop(): Promise<void>;
}

/** @returns `MariaDB 10.11.19`, read over a real connection */
export async function serverVersion(address: Address): Promise<string> {
  const connection = await createConnection({ ...address, connectTimeout: 2000, allowPublicKeyRetrieval: true });
  const { raw, mariaDb } = connection.info!.serverVersion;
  await connection.end();
  return `${mariaDb ? 'MariaDB' : 'MySQL'} ${raw.split('-').find((part) => /^\d+\.\d+\.\d+$/.test(part)) ?? raw}`;
}
