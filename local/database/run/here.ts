import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalDatabase } from '../address.ts';
import type { Files } from '../files.ts';
import type { ServerPrograms } from '../install/programs.ts';
import { addressFor, setupSql } from './access.ts';
import { makeDataDirectory } from './data-directory.ts';
import { asThisUser, baseDirFlags, mySqlFlags, serverFlags } from './server-flags.ts';
import { supervise } from './supervise.ts';

/** Runs a server as a child of this process. @throws Error when it does not start */
export async function runHere(programs: ServerPrograms, files: Files): Promise<LocalDatabase> {
  if (!existsSync(files.data)) await makeDataDirectory(programs, files);
  // Not in dataDir: the path of a Unix socket is limited to about 107 bytes. Temporary tables go there too, because a
  // server deletes those it finds when it starts, another server's included.
  const runDir = await mkdtemp(join(tmpdir(), 'spot-db-'));
  const address = await addressFor(files, 'spot');
  await writeFile(files.setup, setupSql(address), { mode: 0o600 });

  const [program, ...leading] = programs.command;
  const server = spawn(
    program,
    [
      ...leading,
      '--no-defaults',
      ...baseDirFlags(programs),
      ...serverFlags,
      ...(programs.engine === 'mysql' ? mySqlFlags : []),
      `--datadir=${files.data}`,
      `--socket=${join(runDir, 'db.sock')}`,
      `--tmpdir=${runDir}`,
      `--pid-file=${files.server}`,
      `--log-error=${files.log}`,
      `--init-file=${files.setup}`,
      `--bind-address=${address.host}`,
      `--port=${address.port}`,
      ...asThisUser(),
    ],
    // A process group of its own, so that Ctrl-C reaches only us and we can shut it down cleanly.
    { env: programs.env, stdio: 'ignore', detached: true },
  );
  const removeRunDir = () => rmSync(runDir, { recursive: true, force: true });
  const { version, stop } = await supervise(server, address, files.log, removeRunDir);
  return { ...address, description: `${version} on port ${address.port}`, stop };
}
