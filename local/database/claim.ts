import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a data directory holds. */
export const filesIn = (dir: string) => ({
  dir,
  /** The server's own files. */
  data: join(dir, 'data'),
  log: join(dir, 'error.log'),
  password: join(dir, 'password'),
  /** Statements that the server runs when it starts. */
  setup: join(dir, 'setup.sql'),
  /** Pid of the Node process that serves this folder. */
  owner: join(dir, 'owner.pid'),
  /** Pid of its server. */
  server: join(dir, 'server.pid'),
});

export type Files = ReturnType<typeof filesIn>;

/** Another process, or this one already, serves the data directory. */
export class DatabaseInUse extends Error {
  constructor(dir: string, owner?: number) {
    const who = owner === process.pid ? 'this process' : owner ? `process ${owner}` : 'another process';
    super(`The database in ${dir} is in use by ${who}. Stop that one, or give this one a folder of its own.`);
  }
}

/** How long a server may take to end in order. */
export const stopWithinMs = 10_000;

/**
 * Makes this process the only one to serve the folder. Pid files outlive a crash and pids are given out again, so a
 * server counts only while it runs on this folder, and as somebody's only while it is that process's child. A server
 * whose owner was killed is ended first.
 * @returns gives the folder up again
 * @throws DatabaseInUse
 */
export async function claim(files: Files, say: (line: string) => void): Promise<() => Promise<void>> {
  const owner = await readPid(files.owner);
  const server = await readPid(files.server);
  const running = server ? processOf(server) : undefined;
  if (server && running?.command.includes(files.data)) {
    if (running.parent === owner) throw new DatabaseInUse(files.dir, owner);
    say(`Ending database server ${server}, left behind by a run that was killed.`);
    await endServer(server, files);
  } else if (owner && owner !== process.pid && processOf(owner)?.command.includes('node')) {
    // It has no server yet: it may be installing one.
    throw new DatabaseInUse(files.dir, owner);
  }
  await rm(files.server, { force: true });
  await rm(files.owner, { force: true });
  try {
    // 'wx': of two that start at the same time, one fails here.
    await writeFile(files.owner, String(process.pid), { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new DatabaseInUse(files.dir) : error;
  }
  return () => rm(files.owner, { force: true });
}

async function readPid(file: string): Promise<number | undefined> {
  return Number(await readFile(file, 'utf8').catch(() => '')) || undefined;
}

/** A living process. Without `ps`, which small containers lack, as long as there is /proc. */
function processOf(pid: number): { parent: number; command: string } | undefined {
  try {
    if (!existsSync('/proc/self/status')) {
      const line = execFileSync('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
      return { parent: Number.parseInt(line, 10), command: line };
    }
    const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  } catch {
    return undefined;
  }
}

async function endServer(pid: number, files: Files): Promise<void> {
  const deadline = Date.now() + stopWithinMs;
  process.kill(pid, 'SIGTERM');
  while (processOf(pid)?.command.includes(files.data)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(20);
  }
}

/**
 * Ends the child when this process ends: by process.exit, by an error nobody caught, or by a signal.
 * SIGTERM and not SIGKILL, as the server loses a second of writes to the latter; it needs some 0.1 s.
 * @returns undoes it
 */
export function endWithThisProcess(child: ChildProcess, cleanUp: () => void): () => void {
  const onExit = () => {
    child.kill('SIGTERM');
    cleanUp();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // Whoever else listens ends the process in their own time, and then 'exit' follows.
    if (process.listenerCount(signal) > 1) return;
    onExit();
    release();
    process.kill(process.pid, signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const release = () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}
