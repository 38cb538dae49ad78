import { rm, writeFile } from 'node:fs/promises';
import type { Files } from './files.ts';
import { endProcess, processOf, readPid } from './process.ts';

/** The data directory is already served, by another process or by this one. */
export class DatabaseInUse extends Error {
  constructor(dir: string, owner?: number) {
    const who = owner === process.pid ? 'this process' : owner ? `process ${owner}` : 'another process';
    super(`The database in ${dir} is in use by ${who}. Stop that one, or give this one a folder of its own.`);
  }
}

/**
 * Makes this process the only one that serves the folder. Pid files outlive a crash and pids are reused, so a server
 * counts only while it runs on this folder, and belongs to an owner only while it is that process's child. A server
 * whose owner was killed is stopped first.
 * @returns releases the folder
 * @throws DatabaseInUse
 */
export async function claim(files: Files, say: (line: string) => void): Promise<() => Promise<void>> {
  if (held.has(files.owner)) throw new DatabaseInUse(files.dir, process.pid);
  held.add(files.owner);
  try {
    await claimFromOthers(files, say);
  } catch (error) {
    held.delete(files.owner);
    throw error;
  }
  return async () => {
    held.delete(files.owner);
    await rm(files.owner, { force: true });
  };
}

/** Pid files of folders that this process serves, or is about to. Any other file with our pid is of an earlier process. */
const held = new Set<string>();

async function claimFromOthers(files: Files, say: (line: string) => void): Promise<void> {
  const owner = await readPid(files.owner);
  const server = await readPid(files.server);
  const running = server ? processOf(server) : undefined;
  if (server && running?.command.includes(files.data)) {
    if (running.parent === owner) throw new DatabaseInUse(files.dir, owner);
    say(`Ending database server ${server}, left behind by a run that was killed.`);
    await endProcess(server, files.data);
  } else if (owner && owner !== process.pid && processOf(owner)?.command.includes('node')) {
    // The owner has no server yet: it may be installing one.
    throw new DatabaseInUse(files.dir, owner);
  }
  await rm(files.server, { force: true });
  await rm(files.owner, { force: true });
  try {
    // 'wx': if two start at the same time, one fails here.
    await writeFile(files.owner, String(process.pid), { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new DatabaseInUse(files.dir) : error;
  }
}
