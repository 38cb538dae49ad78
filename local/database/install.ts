import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Programs of a MySQL-compatible server that can run here. */
export interface ServerPrograms {
  /** The two differ in how a data directory is made and in a few flags. */
  kind: 'mariadb' | 'mysql';
  /** Absolute path of mariadbd or mysqld. */
  server: string;
  /** Absolute path of mariadb-install-db; MySQL's server makes its own data directory. */
  installDb?: string;
  /** The `usr` folder of an unpacked server, which looks for its messages and scripts there. */
  baseDir?: string;
  env: NodeJS.ProcessEnv;
}

/** The client package holds my_print_defaults, without which mariadb-install-db stops at once. */
const packages = ['mariadb-server-core', 'mariadb-client-core'];

const execute = promisify(execFile);
const run = (program: string, args: string[], cwd?: string) => execute(program, args, { cwd, maxBuffer: 1 << 26 });

/**
 * A server to run: one on this machine, else Docker, else MariaDB installed with apt-get, else MariaDB's packages
 * unpacked below `unpackDir`, which needs no rights at all.
 * @param say told, once, before anything is installed
 * @throws Error saying what to install when none of these is possible
 */
export async function obtainServer(unpackDir: string, say: (line: string) => void): Promise<ServerPrograms | 'docker'> {
  const found = (await findServer()) ?? (await unpackedServer(unpackDir));
  if (found) return found;
  if (await dockerAnswers()) return 'docker';

  const failures: unknown[] = [];
  const asRoot = await rootPrefix();
  if (asRoot) {
    say(`No MySQL or MariaDB here: installing ${packages.join(' and ')} with apt-get.`);
    await installPackages(asRoot).catch((error) => failures.push(error));
    const installed = await findServer();
    if (installed) return installed;
  }
  say(`No MySQL or MariaDB here and no rights to install one: unpacking MariaDB into ${unpackDir}.`);
  await unpackPackages(unpackDir).catch((error) => failures.push(error));
  const unpacked = await unpackedServer(unpackDir);
  if (unpacked) return unpacked;
  throw new AggregateError(
    failures,
    `No database server. Install MariaDB 10.11 (Debian, Ubuntu: apt-get install ${packages.join(' ')}; macOS: brew ` +
      'install mariadb), or start Docker, or set SPOT_DATABASE_URL=mysql://user:password@host:port. What was tried: ' +
      failures.map((failure) => (failure as Error).message.trim()).join('; '),
  );
}

/** The server on this machine with everything it needs to make a data directory, if there is one. */
export async function findServer(): Promise<ServerPrograms | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'].filter(Boolean);
  const locate = (program: string) => folders.map((folder) => join(folder, program)).find(isExecutable);

  for (const name of ['mariadbd', 'mysqld']) {
    const server = locate(name);
    if (!server) continue;
    const { stdout } = await run(server, ['--no-defaults', '--version']).catch(() => ({ stdout: '' }));
    if (stdout.includes('MariaDB')) {
      const installDb = locate('mariadb-install-db') ?? locate('mysql_install_db');
      if (installDb && locate('my_print_defaults')) return { kind: 'mariadb', server, installDb, env: process.env };
    } else if (stdout) {
      return { kind: 'mysql', server, env: process.env };
    }
  }
  return undefined;
}

/** An engine, that is: the client alone is on many machines and answers nothing. */
async function dockerAnswers(): Promise<boolean> {
  return execute('docker', ['info'], { timeout: 10_000 }).then(
    () => true,
    () => false,
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

async function installPackages(asRoot: string[]): Promise<void> {
  const aptGet = (...args: string[]) => {
    const [program, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    return run(program!, rest);
  };
  // Old lists may still do, and another run may be updating them at this moment.
  await aptGet('update').catch(() => undefined);
  await aptGet('install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...packages);
}

/**
 * Downloads the packages, and the libraries this machine lacks for them, and unpacks them into `dir`. It appears there
 * at once and whole.
 */
export async function unpackPackages(dir: string): Promise<void> {
  const work = `${dir}.${process.pid}`;
  const downloads = join(work, 'downloads');
  try {
    await mkdir(downloads, { recursive: true });
    // The system's package lists may be missing or too old to download by: then lists of our own.
    await downloadPackages(downloads, []).catch(async () =>
      downloadPackages(downloads, await ownPackageLists(join(work, 'apt'))),
    );
    for (const file of await readdir(downloads)) await run('dpkg', ['-x', join(downloads, file), join(work, 'root')]);
    await rm(dir, { recursive: true, force: true });
    await rename(join(work, 'root'), dir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadPackages(folder: string, aptOptions: string[]): Promise<void> {
  const install = ['--simulate', '-qq', '--no-install-recommends', 'install', ...packages];
  const { stdout } = await run('apt-get', [...aptOptions, ...install]);
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
  await run('apt-get', [...aptOptions, '-qq', 'download', ...new Set([...packages, ...missing])], folder);
}

/** @returns the options with which apt-get reads lists downloaded into `dir`, by and for this user only */
async function ownPackageLists(dir: string): Promise<string[]> {
  await mkdir(join(dir, 'state/lists/partial'), { recursive: true });
  await mkdir(join(dir, 'cache/archives/partial'), { recursive: true });
  const options = {
    'Dir::State': join(dir, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(dir, 'cache'),
  };
  const aptOptions = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await run('apt-get', [...aptOptions, '-qq', 'update']);
  return aptOptions;
}

/** What `unpackPackages` left in `dir`, ready to run. */
async function unpackedServer(dir: string): Promise<ServerPrograms | undefined> {
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
  return { kind: 'mariadb', server, installDb: join(baseDir, 'bin/mariadb-install-db'), baseDir, env };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
