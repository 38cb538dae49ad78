import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../run-program.ts';
import { type AptOptions, archivesOfThisMachine, dependenciesOf, download, foreignLists } from './apt.ts';
import type { ServerPrograms } from './programs.ts';
import { unpackInto } from './unpack.ts';

/** Dependencies that the server can run without: a quarter of the download. */
const spared = /^(perl|libperl|libc-gconv|libdb5|libgdbm|openssl-provider-legacy)/;

/**
 * Unpacks a genuine MySQL into `dir`. Debian has one only in its unstable suite. The libraries that it needs are too
 * new for this machine, so all of them are unpacked with it, down to the C library.
 * @throws Error saying why it cannot be obtained
 */
export async function unpackMySql(dir: string): Promise<void> {
  await unpackInto(dir, async (downloads, work) => {
    const options = await unstableLists(join(work, 'apt'));
    const packages = await dependenciesOf(['mysql-server-core'], options);
    await download(
      packages.filter((name) => !spared.test(name)),
      downloads,
      options,
    );
  });
}

/** The lists of Debian's unstable suite, from the first of this machine's archives that has it. */
async function unstableLists(dir: string): Promise<AptOptions> {
  const failures: string[] = [];
  for (const archive of await archivesOfThisMachine()) {
    try {
      return await foreignLists(dir, unstableOf(archive));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join('; ') || 'apt-get knows no archive to download from');
}

/** The keyring is Debian's own, so no other archive can pass for it. */
const unstableOf = (archive: string) => `Types: deb
URIs: ${archive}
Suites: sid
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

/**
 * The server that `unpackMySql` left in `dir`, ready to run: its own loader starts it, with its own libraries.
 * @throws Error when it does not run on this machine
 */
export async function unpackedMySql(dir: string): Promise<ServerPrograms | undefined> {
  const baseDir = join(dir, 'usr');
  const server = join(baseDir, 'sbin/mysqld');
  const [loader] = globSync('lib/*-linux-gnu*/ld-linux*.so.*', { cwd: baseDir });
  if (!loader || !existsSync(server)) return undefined;
  const libraries = [dirname(loader), 'lib/mysql/private'].map((folder) => join(baseDir, folder)).join(':');
  const program = join(baseDir, loader);
  const args = ['--library-path', libraries, server];
  await run(program, [...args, '--no-defaults', '--version']);
  return { engine: 'mysql', command: [program, ...args], baseDir, env: process.env };
}
