import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installPackages } from '../../local/database/install/apt.ts';
import { run } from '../../local/run-program.ts';

const client = 'aws-lambda-ric@4.0.2';
/** It is C++ in part, and compiles curl for itself. Packages of Debian, by a program that each brings. */
const builders = {
  cmake: 'cmake',
  'g++': 'g++',
  make: 'make',
  autoreconf: 'autoconf',
  automake: 'automake',
  libtoolize: 'libtool',
  python3: 'python3',
};

/** What builds Lambda's runtime client is not here, or does not build it. */
export class MissingBuilders extends Error {}

/**
 * Installs Lambda's runtime client for Node in `directory`, with npm; where it is missing, what builds it with apt.
 * @returns the program
 * @throws MissingBuilders
 */
export async function installRuntimeClient(directory: string, say: (line: string) => void): Promise<string> {
  const program = join(directory, 'node_modules/aws-lambda-ric/index.mjs');
  if (existsSync(program)) return program;
  await installBuilders(say);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true }));
  say(`installing ${client} with npm into ${directory}, which compiles for some minutes`);
  const options = { cwd: directory, env: { ...process.env, npm_config_nodedir: headersOfNode() } };
  await run('npm', ['install', '--no-audit', '--no-fund', client], options).catch((error: Error) => {
    throw new MissingBuilders(`${client} could not be installed: ${error.message.slice(0, 1000)}`);
  });
  return program;
}

async function installBuilders(say: (line: string) => void): Promise<void> {
  const missing = Object.entries(builders).flatMap(([program, name]) => (isHere(program) ? [] : [name]));
  if (missing.length === 0) return;
  const wanted = `${missing.join(', ')}: Lambda's runtime client is compiled with it`;
  if (process.getuid?.() !== 0 || !isHere('apt-get')) throw new MissingBuilders(`missing ${wanted}`);
  say(`installing ${wanted}`);
  await installPackages(missing, []).catch((error: Error) => {
    throw new MissingBuilders(`missing ${wanted}: ${error.message.slice(0, 1000)}`);
  });
}

function isHere(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Where the headers of a Node are, below `include/node`; its interface for native code is the same in all that count here.
 * @throws MissingBuilders when none of the Nodes on the path has its own
 */
function headersOfNode(): string {
  const folders = (process.env.PATH ?? '').split(':').map((folder) => dirname(folder));
  const found = [dirname(dirname(process.execPath)), ...folders].find((folder) =>
    existsSync(join(folder, 'include/node/node_api.h')),
  );
  if (!found) throw new MissingBuilders('missing the headers of Node (include/node), which its distributions have');
  return found;
}
