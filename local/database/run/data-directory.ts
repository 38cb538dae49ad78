import { rename, rm } from 'node:fs/promises';
import { run } from '../../run-program.ts';
import type { Files } from '../files.ts';
import type { ServerPrograms } from '../install/programs.ts';
import { asThisUser, baseDirFlags, withoutSync } from './server-flags.ts';

/**
 * Creates it under another name first, so that a folder called `data` is always complete.
 * @throws Error with what the program printed
 */
export async function makeDataDirectory(programs: ServerPrograms, files: Files): Promise<void> {
  const unfinished = `${files.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const [program, ...args] = makerOf(programs);
  const flags = [withoutSync, ...baseDirFlags(programs), `--datadir=${unfinished}`, ...asThisUser()];
  await run(program, [...args, ...flags], { env: programs.env });
  await rename(unfinished, files.data);
}

const makerOf = ({ command, installDb }: ServerPrograms): ServerPrograms['command'] =>
  installDb
    ? [installDb, '--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
    : [...command, '--no-defaults', '--initialize-insecure'];
