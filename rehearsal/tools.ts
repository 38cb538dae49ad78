import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const emulator = 'ministack[full]==1.5.33';
/** CDK's own functions find these in Lambda's runtime; the last two serve the rehearsal itself. */
const clients = ['lambda', 'ec2', 'rds', 'cloudwatch-logs', 'cloudformation', 'eventbridge'].map(
  (name) => `@aws-sdk/client-${name}`,
);

/** What a rehearsal needs beside the project, installed in a folder of its own. */
export interface Tools {
  /** The emulator's program. */
  readonly emulator: string;
  /** For NODE_PATH. */
  readonly modules: string;
  /** Loads a package from there. */
  readonly load: (name: string) => unknown;
}

/** There is no Python that the emulator runs on, or it cannot be installed. */
export class MissingTools extends Error {}

/**
 * Installs what is missing in `directory`, with pip and npm.
 * @throws MissingTools when there is no Python 3.12 or 3.13, or pip or npm fails
 */
export async function installTools(directory: string, say: (line: string) => void): Promise<Tools> {
  const venv = join(directory, 'venv');
  const program = join(venv, 'bin/ministack');
  await mkdir(directory, { recursive: true });
  if (!existsSync(program)) {
    const python = findPython();
    say(`installing ${emulator} with ${python} into ${venv}`);
    await install(python, ['-m', 'venv', venv]);
    await install(join(venv, 'bin/pip'), ['install', '--quiet', emulator]);
  }
  const modules = join(directory, 'node_modules');
  if (!clients.every((name) => existsSync(join(modules, name)))) {
    say(`installing ${clients.join(', ')} into ${modules}`);
    await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true }));
    await install('npm', ['install', '--no-audit', '--no-fund', ...clients], directory);
  }
  return { emulator: program, modules, load: createRequire(join(directory, 'package.json')) };
}

async function install(program: string, args: readonly string[], cwd?: string): Promise<void> {
  await run(program, args, { cwd }).catch((error: Error) => {
    throw new MissingTools(`the emulator could not be installed: ${error.message.slice(0, 1000)}`);
  });
}

/** By its usual names, or among those that pyenv has. */
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
