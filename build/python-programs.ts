import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../local/run-program.ts';

interface Wanted {
  /** The virtual environment to install into. */
  readonly directory: string;
  /** pip requirements, with versions. */
  readonly packages: readonly string[];
  /** Programs that the packages provide; if all exist, nothing is installed. */
  readonly programs: readonly string[];
  /** The interpreter; called only if something must be installed. */
  readonly python?: () => string;
  /** Called with a line about what is installed. */
  readonly say: (line: string) => void;
}

/**
 * Installs Python programs with pip in their own virtual environment.
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
  // Python compiles what it imports. Compiling all took a third of the CPU time of installing cfn-lint and checkov.
  await run(path('pip'), ['install', '--quiet', '--no-compile', ...packages]);
  return path;
}
