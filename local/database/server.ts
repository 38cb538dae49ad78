import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mariadb';
import { claim, endWithThisProcess, type Files, filesIn, stopWithinMs } from './claim.ts';
import { obtainServer, type ServerPrograms } from './install.ts';

/** A running MySQL-compatible server, and how to reach it over TCP. */
export interface LocalDatabase {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Which server it is, for people: `MariaDB 10.11.19 on port 40123`. */
  description: string;
  /** Ends what was started here; a server given by SPOT_DATABASE_URL is left alone. */
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  /** Where the data, the error log and the pid files live; kept between runs. Made when missing. */
  dataDir: string;
  /** Starts with empty data. */
  fresh?: boolean;
  /** Told what is worth knowing while it starts, such as an installation. */
  say?: (line: string) => void;
}

const readyWithinMs = 60_000;
/** Docker may have to fetch the image first. */
const readyInDockerWithinMs = 600_000;

/** Durability is given up for speed: this data can be made again. Modes and time zone are Aurora's. */
const serverFlags = [
  '--skip-log-bin',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-buffer-pool-size=256M',
  '--skip-name-resolve',
  '--performance-schema=OFF',
  '--max-connections=500',
  '--default-time-zone=+00:00',
  '--character-set-server=utf8mb4',
  '--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
];

/**
 * A MySQL-compatible server for this machine: the one of SPOT_DATABASE_URL, else one of our own that listens on
 * 127.0.0.1 and ends with this process: `database-install.ts` says where its programs come from, `database-claim.ts` that
 * it is the only one on its data.
 * @throws DatabaseInUse when the `dataDir` is served already
 * @throws Error when no server can be had or it does not come up; the message ends with the tail of its error log
 */
export async function startDatabase(options: DatabaseOptions): Promise<LocalDatabase> {
  const given = process.env.SPOT_DATABASE_URL;
  if (given) return await givenDatabase(new URL(given));

  const say = options.say ?? (() => {});
  const files = filesIn(resolve(options.dataDir));
  await mkdir(files.dir, { recursive: true, mode: 0o700 });
  const unclaim = await claim(files, say);
  try {
    if (options.fresh) await rm(files.data, { recursive: true, force: true });
    const programs = await obtainServer(join(dirname(files.dir), 'mariadb'), say);
    const database = await (programs === 'docker' ? runInDocker(files) : runHere(programs, files));
    return { ...database, stop: () => database.stop().finally(unclaim) };
  } catch (error) {
    await unclaim();
    throw error;
  }
}

async function givenDatabase(url: URL): Promise<LocalDatabase> {
  const address = {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const version = await serverVersion(address);
  return {
    ...address,
    description: `${version} at ${url.host} (SPOT_DATABASE_URL)`,
    stop: async () => {},
  };
}

async function runHere(programs: ServerPrograms, files: Files): Promise<LocalDatabase> {
  if (!existsSync(files.data)) await makeDataDirectory(programs, files);
  // Not in dataDir: the path of a Unix socket has room for some 107 bytes. Temporary tables go there too, as a server that
  // starts deletes those it finds, another server's included.
  const runDir = await mkdtemp(join(tmpdir(), 'spot-db-'));
  const address = { host: '127.0.0.1', port: await freePort(), user: 'spot', password: await passwordOf(files) };
  await writeFile(files.setup, setupSql(address), { mode: 0o600 });

  const server = spawn(
    programs.server,
    [
      '--no-defaults',
      ...baseDirFlags(programs),
      ...serverFlags,
      ...(programs.kind === 'mysql' ? ['--mysqlx=OFF'] : []),
      `--datadir=${files.data}`,
      `--socket=${join(runDir, 'db.sock')}`,
      `--tmpdir=${runDir}`,
      `--pid-file=${files.server}`,
      `--log-error=${files.log}`,
      `--init-file=${files.setup}`,
      '--bind-address=127.0.0.1',
      `--port=${address.port}`,
      ...asThisUser(),
    ],
    // A process group of its own, so that Ctrl-C reaches us alone and we can end it in order.
    { env: programs.env, stdio: 'ignore', detached: true },
  );
  const removeRunDir = () => rmSync(runDir, { recursive: true, force: true });
  const { version, stop } = await supervise(server, address, files.log, removeRunDir);
  return { ...address, description: `${version} on port ${address.port}`, stop };
}

/** Made under another name first: a folder called `data` is then always a whole one. */
async function makeDataDirectory(programs: ServerPrograms, files: Files): Promise<void> {
  const unfinished = `${files.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const [program, ...args] =
    programs.kind === 'mysql'
      ? [programs.server, '--no-defaults', '--initialize-insecure']
      : [
          programs.installDb!,
          '--no-defaults',
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
          '--skip-name-resolve',
        ];
  const maker = spawn(program!, [...args, ...baseDirFlags(programs), `--datadir=${unfinished}`, ...asThisUser()], {
    env: programs.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  maker.stdout.on('data', (chunk) => (output += chunk));
  maker.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((done) => maker.once('error', (error) => done(error.message)).once('close', done));
  if (code !== 0) throw new Error(`${program} did not make a data directory (${code}):\n${output}`);
  await rename(unfinished, files.data);
}

const baseDirFlags = ({ baseDir }: ServerPrograms) =>
  baseDir ? [`--basedir=${baseDir}`, `--lc-messages-dir=${join(baseDir, 'share/mysql')}`] : [];

/** A server started by root refuses to run unless it is told that this is meant. */
const asThisUser = () => (process.getuid?.() === 0 ? ['--user=root'] : []);

/**
 * Run by the server each time it starts, before it listens. On a machine that others use too, loopback is not a secret:
 * so one user, with a password that only the owner of the folder can read.
 */
const setupSql = ({ user, host, password }: Address) => `
CREATE USER IF NOT EXISTS '${user}'@'${host}';
ALTER USER '${user}'@'${host}' IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO '${user}'@'${host}' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';
DROP USER IF EXISTS 'root'@'127.0.0.1';
DROP USER IF EXISTS 'root'@'::1';
`;

async function passwordOf(files: Files): Promise<string> {
  const known = await readFile(files.password, 'utf8').catch(() => undefined);
  if (known) return known;
  const password = randomBytes(16).toString('hex');
  await writeFile(files.password, password, { mode: 0o600 });
  return password;
}

/** MySQL 8.0 in a container that keeps its files in the same folder as a server of this machine would. */
async function runInDocker(files: Files): Promise<LocalDatabase> {
  await mkdir(files.data, { recursive: true });
  const address = { host: '127.0.0.1', port: await freePort(), user: 'root', password: await passwordOf(files) };
  const log = openSync(files.log, 'w');
  const client = spawn(
    'docker',
    [
      ...['run', '--rm', '--publish', `127.0.0.1:${address.port}:3306`, '--volume', `${files.data}:/var/lib/mysql`],
      ...(process.getuid ? ['--user', `${process.getuid()}:${process.getgid!()}`] : []),
      ...['--env', 'MYSQL_ROOT_PASSWORD', 'mysql:8.0', ...serverFlags, '--mysqlx=OFF'],
    ],
    { env: { ...process.env, MYSQL_ROOT_PASSWORD: address.password }, stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  // The client hands SIGTERM on to the server.
  if (client.pid) await writeFile(files.server, String(client.pid));
  const { version, stop } = await supervise(client, address, files.log, () => {}, readyInDockerWithinMs);
  return { ...address, description: `${version} in Docker on port ${address.port}`, stop };
}

type Address = Pick<LocalDatabase, 'host' | 'port' | 'user' | 'password'>;

/** Waits until the server answers, and sees to it that it does not outlive this process. */
async function supervise(
  server: ChildProcess,
  address: Address,
  log: string,
  cleanUp: () => void,
  withinMs = readyWithinMs,
): Promise<{ version: string; stop: () => Promise<void> }> {
  const { promise: end, resolve: onEnd } = Promise.withResolvers<void>();
  let ended: string | undefined;
  server.once('error', (error) => {
    ended = error.message;
    onEnd();
  });
  server.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
    onEnd();
  });
  server.unref();
  const release = endWithThisProcess(server, cleanUp);

  const stop = async () => {
    if (!ended) {
      server.ref();
      server.kill('SIGTERM');
      const stubborn = setTimeout(() => server.kill('SIGKILL'), stopWithinMs);
      await end;
      clearTimeout(stubborn);
    }
    release();
    cleanUp();
  };

  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return { version: await serverVersion(address), stop };
    } catch (error) {
      if (!ended && Date.now() < deadline) {
        await delay(20);
        continue;
      }
      const why = ended ?? `no answer in ${withinMs / 1000} s`;
      await stop();
      throw new Error(`The database server did not start: ${why}.\n${await tail(log)}`, { cause: error });
    }
  }
}

/** @returns `MariaDB 10.11.19`, from a connection really made */
async function serverVersion(address: Address): Promise<string> {
  const connection = await createConnection({ ...address, connectTimeout: 2000, allowPublicKeyRetrieval: true });
  const { raw, mariaDb } = connection.info!.serverVersion;
  await connection.end();
  return `${mariaDb ? 'MariaDB' : 'MySQL'} ${raw.split('-').find((part) => /^\d+\.\d+\.\d+$/.test(part)) ?? raw}`;
}

/** A port that is free now. The server fails to start, with a clear log, should it be taken in the next moment. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}

async function tail(file: string): Promise<string> {
  const log = await readFile(file, 'utf8').catch(() => '(it wrote no error log)');
  return log.trimEnd().split('\n').slice(-20).join('\n');
}
