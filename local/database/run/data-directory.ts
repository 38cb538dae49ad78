import { spawn } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import type { Files } from '../files.ts';
import type { ServerPrograms } from '../install/programs.ts';
import { asThisUser, baseDirFlags, withoutSync } from './server-flags.ts';

/**
 * Made under another name first: a folder called `data` is then always a whole one.
 * @throws Error with what the program printed
 */
export async function makeDataDirectory(programs: ServerPrograms, files: Files): Promise<void> {
  const unfinished = `${files.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const [program, ...args] = makerOf(programs);
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

const makerOf = ({ command, installDb }: ServerPrograms): readonly string[] =>
  installDb
    ? [
        installDb,
        '--no-defaults',
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        withoutSync,
      ]
    : [...command, '--no-defaults', '--initialize-insecure', withoutSync];
