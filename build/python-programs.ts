import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../local/run-program.ts';

interface Wanted {
  /** Of the environment that they are installed in. */
  readonly directory: string;
  /** As pip names them, with their versions. */
  readonly packages: readonly string[];
  /** What the packages bring: where all are there, nothing is installed. */
  readonly programs: readonly string[];
  /** The interpreter; asked for only where something is to be installed. */
  readonly python?: () => string;
  /** Told what is installed. */
  readonly say: (line: string) => void;
}

/**
 * Programs written in Python, installed with pip in an environment of their own.
 * @returns the path of each program by its name
 * @throws Error with what Python or pip said, or what `python` throws
 */
export async function pythonPrograms(wanted: Wanted): Promise<(name: string) => string> {
  const { directory, packages, programs, python = () => 'python3', say } = wanted;
  const path = (name: string) => join(directory, 'bin', name);
  if (programs.every((name) => existsSync(path(name)))) return path;
  const interpreter = python();
  say(`installing ${packages.join(' and ')} with ${interpreter} and pip into ${directory}`);
  await run(interpreter, ['-m', 'venv', directory]);
  await run(path('pip'), ['install', '--quiet', ...packages]);
  return path;
}
