import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claim, DatabaseInUse } from '../../../local/database/claim.ts';
import { type Files, filesIn } from '../../../local/database/files.ts';
import { processOf } from '../../../local/database/process.ts';

let files: Files;
let said: string[];
const children: ChildProcess[] = [];
beforeEach(() => {
  files = filesIn(mkdtempSync(join(tmpdir(), 'spot-claim-')));
  said = [];
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(files.dir, { recursive: true, force: true });
});

const claimed = () => claim(files, (line) => said.push(line));
const waiting = ['-e', 'setInterval(() => {}, 1000)', '--'];

/** Arguments of a process that looks like a server of the folder by its command line. */
const serverCommand = () => [...waiting, `--datadir=${files.data}`];

async function child(args: readonly string[]): Promise<number> {
  const started = spawn(process.execPath, args, { stdio: 'ignore' });
  children.push(started);
  await once(started, 'spawn');
  return started.pid!;
}

/** The pid of a process that has ended. */
async function endedProcess(): Promise<number> {
  const pid = await child(['-e', '']);
  await once(children.at(-1)!, 'exit');
  return pid;
}

/** Writes pid files. @param owner pid of the process that serves the folder, @param server pid of its server */
function left(owner: number, server?: number): void {
  writeFileSync(files.owner, String(owner));
  if (server) writeFileSync(files.server, String(server));
}

describe('a data directory', () => {
  it('can be claimed, released, and claimed again', async () => {
    const unclaim = await claimed();
    await unclaim();
    await (await claimed())();
    expect(said).toEqual([]);
  });

  it('is refused while a server of its owner runs on it', async () => {
    left(process.pid, await child(serverCommand()));
    await expect(claimed()).rejects.toThrow(`The database in ${files.dir} is in use by this process`);
  });

  it('is refused while its owner lives and has no server yet, as it may be installing one', async () => {
    const owner = await child(waiting);
    left(owner);
    await expect(claimed()).rejects.toThrow(`in use by process ${owner}`);
  });

  it('is refused to all but one of those that claim it at once', async () => {
    const results = await Promise.allSettled([claimed(), claimed(), claimed()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(DatabaseInUse);
  });

  it('is free again after its owner and server have ended, whatever their pid files say', async () => {
    left(await endedProcess(), await endedProcess());
    await (await claimed())();
  });

  it('is free if the pid of its server now belongs to another process', async () => {
    const other = await child(waiting);
    left(await endedProcess(), other);
    await (await claimed())();
    expect(processOf(other)).toBeDefined();
  });

  it('is free after a killed owner: the server that it left behind is ended', async () => {
    // Its parent exits at once, as the killed owner did.
    const start = `"$0" "$@" > /dev/null 2>&1 & echo $!`;
    const command = ['-c', start, process.execPath, ...serverCommand()];
    const server = Number(execFileSync('sh', command, { encoding: 'utf8' }));
    left(await endedProcess(), server);
    await (await claimed())();
    expect(said).toEqual([`Ending database server ${server}, left behind by a run that was killed.`]);
    expect(processOf(server)?.command ?? '').not.toContain(files.data);
  });
});
