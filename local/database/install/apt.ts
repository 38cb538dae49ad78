import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run-program.ts';

/** Options before each apt-get command: they say which package lists it reads. None: the machine's own. */
export type AptOptions = readonly string[];

const aptOptions = (settings: Record<string, string>): AptOptions =>
  Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);

/** Package lists downloaded into `dir`, by and for this user only; for the packages that this machine has. */
export async function ownLists(dir: string): Promise<AptOptions> {
  return await update(dir, { 'Dir::State::status': '/var/lib/dpkg/status' });
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

/** @returns the packages that would be installed for these, themselves included unless they are installed already */
export async function dependenciesOf(packages: readonly string[], options: AptOptions): Promise<string[]> {
  const simulation = ['--simulate', '-qq', '--no-install-recommends', 'install', ...packages];
  const output = await run('apt-get', [...options, ...simulation]);
  return [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
}

export async function download(packages: Iterable<string>, folder: string, options: AptOptions): Promise<void> {
  await run('apt-get', [...options, '-qq', 'download', ...packages], { cwd: folder });
}
