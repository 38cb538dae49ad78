import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../run-program.ts';

/** Options before each apt-get command that select the package lists it reads. None: the machine's own. */
export type AptOptions = readonly string[];

const aptOptions = (settings: Record<string, string>): AptOptions =>
  Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);

/** Installs packages on this machine. @param asRoot the prefix that makes a command run as root */
export async function installPackages(packages: readonly string[], asRoot: readonly string[]): Promise<void> {
  const aptGet = (...args: string[]) => {
    const [program, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    return run(program!, rest);
  };
  // Old lists may be good enough, and another run may be updating them right now.
  await aptGet('update').catch(() => undefined);
  await aptGet('install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...packages);
}

/** Package lists downloaded into `dir`, by and for this user only; they take account of the packages installed here. */
export async function ownLists(dir: string): Promise<AptOptions> {
  return await update(dir, { 'Dir::State::status': '/var/lib/dpkg/status' });
}

/**
 * Package lists of an archive other than the machine's, downloaded into `dir`. They assume that nothing is installed,
 * so that whatever is installed from them comes with all its libraries.
 * @param sources in the format of apt's `.sources` files
 * @throws Error when one of the lists cannot be downloaded
 */
export async function foreignLists(dir: string, sources: string): Promise<AptOptions> {
  const parts = join(dir, 'sources');
  await mkdir(parts, { recursive: true });
  await writeFile(join(parts, 'foreign.sources'), sources);
  return await update(dir, {
    'Dir::State::status': '/dev/null',
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': parts,
    'Acquire::Languages': 'none',
    // A network that drops everything is detected within a minute or two.
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'APT::Update::Error-Mode': 'any',
  });
}

async function update(dir: string, settings: Record<string, string>): Promise<AptOptions> {
  await mkdir(join(dir, 'state/lists/partial'), { recursive: true });
  await mkdir(join(dir, 'cache/archives/partial'), { recursive: true });
  const options = aptOptions({
    'Dir::State': join(dir, 'state'),
    'Dir::Cache': join(dir, 'cache'),
    // As root, apt would download as a user who may not be able to write here.
    'APT::Sandbox::User': 'root',
    ...settings,
  });
  await run('apt-get', [...options, '-qq', 'update']);
  return options;
}

/** The archives of this machine's packages: the part of their URLs before `/dists/`. */
export async function archivesOfThisMachine(): Promise<string[]> {
  const indexes = await run('apt-get', ['update', '--print-uris']);
  return [...new Set([...indexes.matchAll(/^'(.+?)\/dists\/.+\/InRelease'/gm)].map((match) => match[1]!))];
}

/** @returns the packages that would be installed for these, including themselves unless already installed */
export async function dependenciesOf(packages: readonly string[], options: AptOptions): Promise<string[]> {
  const simulation = ['--simulate', '-qq', '--no-install-recommends', 'install', ...packages];
  const output = await run('apt-get', [...options, ...simulation]);
  return [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
}

export async function download(packages: Iterable<string>, folder: string, options: AptOptions): Promise<void> {
  await run('apt-get', [...options, '-qq', 'download', ...packages], { cwd: folder });
}
