import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../../run-program.ts';

/** The two differ in how a data directory is created and in a few flags. */
export type Engine = 'mariadb' | 'mysql';

/** Programs of a MySQL-compatible server that can run here. */
export interface ServerPrograms {
  engine: Engine;
  /** Starts the server: the absolute path of mariadbd or mysqld, after a loader of its own if it needs one. */
  command: readonly [string, ...string[]];
  /** Absolute path of mariadb-install-db; MySQL's server creates its own data directory. */
  installDb?: string;
  /** The `usr` folder of an unpacked server, which looks for its messages and scripts there. */
  baseDir?: string;
  env: NodeJS.ProcessEnv;
}

/** A server of that engine on this machine that has all it needs to create a data directory, if there is one. */
export async function findServer(engine: Engine): Promise<ServerPrograms | undefined> {
  for (const name of ['mariadbd', 'mysqld']) {
    const server = locate(name);
    if (!server || (await engineOf(server)) !== engine) continue;
    const programs: ServerPrograms = { engine, command: [server], env: process.env };
    if (engine === 'mysql') return programs;
    const installDb = locate('mariadb-install-db') ?? locate('mysql_install_db');
    // Without my_print_defaults, mariadb-install-db fails at once.
    if (installDb && locate('my_print_defaults')) return { ...programs, installDb };
  }
  return undefined;
}

/** `mysqld` may be either: Debian gives MariaDB's server that name too. */
async function engineOf(server: string): Promise<Engine | undefined> {
  const version = await run(server, ['--no-defaults', '--version']).catch(() => '');
  if (version.includes('MariaDB')) return 'mariadb';
  return version === '' ? undefined : 'mysql';
}

function locate(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'].filter(Boolean);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
