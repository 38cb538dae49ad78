import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AptOptions, dependenciesOf, download, installPackages, ownLists } from './apt.ts';
import type { ServerPrograms } from './programs.ts';
import { unpackInto } from './unpack.ts';

/** The client package has my_print_defaults, without which mariadb-install-db fails at once. */
export const mariaDbPackages = ['mariadb-server-core', 'mariadb-client-core'];

/** Installs MariaDB on this machine. @param asRoot the prefix that makes a command run as root */
export async function installMariaDb(asRoot: readonly string[]): Promise<void> {
  await installPackages(mariaDbPackages, asRoot);
}

/** Unpacks MariaDB, and the libraries it needs that this machine lacks, into `dir`. */
export async function unpackMariaDb(dir: string): Promise<void> {
  await unpackInto(dir, async (downloads, work) => {
    const fetch = async (options: AptOptions) => {
      const missing = await dependenciesOf(mariaDbPackages, options);
      await download(new Set([...mariaDbPackages, ...missing]), downloads, options);
    };
    // The system's package lists may be missing or too old to download from; then use lists of our own.
    await fetch([]).catch(async () => fetch(await ownLists(join(work, 'apt'))));
  });
}

/** The server that `unpackMariaDb` left in `dir`, ready to run. */
export function unpackedMariaDb(dir: string): ServerPrograms | undefined {
  const baseDir = join(dir, 'usr');
  const server = join(baseDir, 'sbin/mariadbd');
  if (!existsSync(server)) return undefined;
  const libraries = [join(baseDir, 'lib'), join(dir, 'lib')]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((folder) => folder.includes('-linux-'));
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
  };
  return { engine: 'mariadb', command: [server], installDb: join(baseDir, 'bin/mariadb-install-db'), baseDir, env };
}
