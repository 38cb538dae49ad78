import { join } from 'node:path';
import { run } from '../../run-program.ts';
import { dockerServes } from './docker.ts';
import { installMariaDb, mariaDbPackages, unpackedMariaDb, unpackMariaDb } from './mariadb.ts';
import { unpackedMySql, unpackMySql } from './mysql.ts';
import { findServer, type ServerPrograms } from './programs.ts';

export interface ServerWanted {
  /** A server is unpacked into a folder inside it. */
  dir: string;
  /** Only a genuine MySQL is accepted. */
  engine?: 'mysql';
  /** Called before anything is installed or unpacked. */
  say: (line: string) => void;
}

/** No server can be obtained on this machine. */
export class NoServer extends Error {
  /** What failed. */
  readonly reason: string;
  /** What to do about it. */
  readonly advice: string;

  constructor(advice: string, failures: readonly unknown[]) {
    const reason = failures.map((failure) => (failure as Error).message.trim()).join('; ');
    super(`No database server. ${advice} What was tried: ${reason}`, { cause: failures.at(-1) });
    this.reason = reason;
    this.advice = advice;
  }
}

const orGiven = 'start Docker, or set SPOT_DATABASE_URL=mysql://user:password@host:port.';

/** Finds a server to run, or installs one. @throws NoServer */
export const obtainServer = (wanted: ServerWanted): Promise<ServerPrograms | 'docker'> =>
  wanted.engine === 'mysql' ? obtainMySql(wanted) : obtainAny(wanted);

/**
 * A server on this machine, else Docker, else MariaDB installed with apt-get, else MariaDB's packages unpacked, which
 * needs no privileges.
 */
async function obtainAny({ dir, say }: ServerWanted): Promise<ServerPrograms | 'docker'> {
  const unpackDir = join(dir, 'mariadb');
  const found = (await findServer('mariadb')) ?? (await findServer('mysql')) ?? unpackedMariaDb(unpackDir);
  if (found) return found;
  if (await dockerServes()) return 'docker';

  const failures: unknown[] = [];
  const asRoot = await rootPrefix();
  if (asRoot) {
    say(`No MySQL or MariaDB here: installing ${mariaDbPackages.join(' and ')} with apt-get.`);
    await installMariaDb(asRoot).catch((error) => failures.push(error));
    const installed = await findServer('mariadb');
    if (installed) return installed;
  }
  say(`No MySQL or MariaDB here and no rights to install one: unpacking MariaDB into ${unpackDir}.`);
  await unpackMariaDb(unpackDir).catch((error) => failures.push(error));
  const unpacked = unpackedMariaDb(unpackDir);
  if (unpacked) return unpacked;
  const packages = `apt-get install ${mariaDbPackages.join(' ')}; macOS: brew install mariadb`;
  throw new NoServer(`Install MariaDB 10.11 (Debian, Ubuntu: ${packages}), or ${orGiven}`, failures);
}

/** A genuine MySQL: one on this machine, else MySQL 8.0 in Docker, else Debian's, unpacked. */
async function obtainMySql({ dir, say }: ServerWanted): Promise<ServerPrograms | 'docker'> {
  const unpackDir = join(dir, 'mysql');
  try {
    const found = (await findServer('mysql')) ?? (await unpackedMySql(unpackDir));
    if (found) return found;
    if (await dockerServes()) return 'docker';
    say(`No MySQL here: unpacking the one of Debian's unstable suite into ${unpackDir}.`);
    await unpackMySql(unpackDir);
    const unpacked = await unpackedMySql(unpackDir);
    if (unpacked) return unpacked;
    throw new Error('the packages hold no server for this machine');
  } catch (error) {
    throw new NoServer(`Install MySQL's server (mysqld), ${orGiven}`, [error]);
  }
}

/** The prefix that makes a command run as root; undefined if we may not. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return run('sudo', ['-n', 'true']).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}
