import { join } from 'node:path';
import { dockerServes } from './docker.ts';
import { installMariaDb, mariaDbPackages, unpackedMariaDb, unpackMariaDb } from './mariadb.ts';
import { findServer, type ServerPrograms } from './programs.ts';
import { run } from './run-program.ts';

export interface ServerWanted {
  /** What is unpacked goes into a folder in it. */
  dir: string;
  /** Told, once, before anything is installed. */
  say: (line: string) => void;
}

/** No server can be had on this machine. The message says why, and what to do about it. */
export class NoServer extends Error {
  constructor(advice: string, failures: readonly unknown[]) {
    const tried = failures.map((failure) => (failure as Error).message.trim()).join('; ');
    super(`${advice} What was tried: ${tried}`, { cause: failures.at(-1) });
  }
}

const orGiven = 'start Docker, or set SPOT_DATABASE_URL=mysql://user:password@host:port.';

/**
 * One on this machine, else Docker, else MariaDB installed with apt-get, else MariaDB's packages unpacked, which needs no
 * rights at all.
 * @throws NoServer
 */
export async function obtainServer({ dir, say }: ServerWanted): Promise<ServerPrograms | 'docker'> {
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
  throw new NoServer(
    `No database server. Install MariaDB 10.11 (Debian, Ubuntu: ${packages}), or ${orGiven}`,
    failures,
  );
}

/** What to put before a command so that it runs as root; undefined when we may not. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return run('sudo', ['-n', 'true']).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}
