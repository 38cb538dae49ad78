import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installPackages } from '../../local/database/install/apt.ts';
import { run } from '../../local/run-program.ts';

const client = 'aws-lambda-ric@4.0.2';
/** The client is partly C++ and compiles its own curl. Debian packages, by a program that each provides. */
const builders = {
  cmake: 'cmake',
  'g++': 'g++',
  make: 'make',
  autoreconf: 'autoconf',
  automake: 'automake',
  libtoolize: 'libtool',
  python3: 'python3',
};

/** The tools that build Lambda's runtime client are missing, or the build failed. */
export class MissingBuilders extends Error {}

/**
 * Installs Lambda's runtime client for Node in `directory` with npm, after missing build tools with apt.
 * @returns the path of the program
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
 * The folder of a Node that has its headers in `include/node`. Any Node on the path will do: the native interface is
 * the same in all versions that matter here.
 * @throws MissingBuilders when none has its headers
 */
function headersOfNode(): string {
  const folders = (process.env.PATH ?? '').split(':').map((folder) => dirname(folder));
  const found = [dirname(dirname(process.execPath)), ...folders].find((folder) =>
    existsSync(join(folder, 'include/node/node_api.h')),
  );
  if (!found) throw new MissingBuilders('missing the headers of Node (include/node), which its distributions have');
  return found;
}
