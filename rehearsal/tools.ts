import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pythonPrograms } from '../build/python-programs.ts';
import { run } from '../local/run-program.ts';

const emulator = 'ministack[full]==1.5.33';
/** Lambda's runtime provides these to CDK's own functions; the last two are for the rehearsal itself. */
const clients = ['lambda', 'ec2', 'rds', 'cloudwatch-logs', 'cloudformation', 'eventbridge'].map(
  (name) => `@aws-sdk/client-${name}`,
);

/** What a rehearsal needs beyond the project, installed in its own folder. */
export interface Tools {
  /** The path of the emulator's program. */
  readonly emulator: string;
  /** For NODE_PATH. */
  readonly modules: string;
  /** Loads a package from there. */
  readonly load: (name: string) => unknown;
}

/** There is no suitable Python for the emulator, or it cannot be installed. */
export class MissingTools extends Error {}

/**
 * Installs what is missing in `directory`, with pip and npm.
 * @throws MissingTools when there is no Python 3.12 or 3.13, or pip or npm fails
 */
export async function installTools(directory: string, say: (line: string) => void): Promise<Tools> {
  await mkdir(directory, { recursive: true });
  try {
    const packages = [emulator];
    const programs = ['ministack'];
    const path = await pythonPrograms({
      directory: join(directory, 'venv'),
      packages,
      programs,
      python: findPython,
      say,
    });
    const modules = join(directory, 'node_modules');
    if (!clients.every((name) => existsSync(join(modules, name)))) {
      say(`installing ${clients.join(', ')} into ${modules}`);
      await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true }));
      await run('npm', ['install', '--no-audit', '--no-fund', ...clients], { cwd: directory });
    }
    return { emulator: path('ministack'), modules, load: createRequire(join(directory, 'package.json')) };
  } catch (error) {
    throw error instanceof MissingTools
      ? error
      : new MissingTools(`the emulator could not be installed: ${told(error)}`);
  }
}

/** Shortened, because the output of programs may be long. */
const told = (error: unknown) => (error as Error).message.slice(0, 1000);

/** Finds a suitable Python by its usual names, or among the versions of pyenv. */
function findPython(): string {
  const versions = ['3.12', '3.13'];
  const names = versions.flatMap((version) => [
    `python${version}`,
    ...pyenvVersions().filter((path) => path.includes(`/versions/${version}.`)),
  ]);
  const found = names.find((name) => {
    try {
      return execFileSync(name, ['--version'], { stdio: 'pipe' }).includes('Python 3.');
    } catch {
      return false;
    }
  });
  if (!found) throw new MissingTools(`the emulator needs Python 3.12 or 3.13; looked for ${names.join(', ')}`);
  return found;
}

function pyenvVersions(): string[] {
  try {
    const root = execFileSync('pyenv', ['root'], { stdio: 'pipe' }).toString().trim();
    const versions = execFileSync('pyenv', ['versions', '--bare'], { stdio: 'pipe' }).toString().split('\n');
    return versions.filter(Boolean).map((version) => join(root, 'versions', version.trim(), 'bin/python3'));
  } catch {
    return []; // no pyenv here
  }
}
