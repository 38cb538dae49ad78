import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unpackedMySql, unpackMySql } from '../../../../local/database/install/mysql.ts';
import { NoServer, obtainServer } from '../../../../local/database/install/obtain.ts';
import { type FakePrograms, fakePrograms } from '../../../support/processes/fake-programs.ts';

/** apt-get of a machine with two archives, of which only Debian's has the unstable suite. It records its arguments. */
const aptGet = `
echo "$@" >> "$FAKES/told"
case " $* " in
  *" --print-uris "*)
    echo "'http://tools.example/apt/dists/bookworm/InRelease' tools.example_InRelease 0"
    echo "'http://debian.example/debian/dists/bookworm/InRelease' debian.example_InRelease 0"
    echo "'http://debian.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' packages 0" ;;
  *" update "*)
    parts=$(echo "$*" | sed 's/.*Dir::Etc::sourceparts=\\([^ ]*\\).*/\\1/')
    cp "$parts"/*.sources "$FAKES/sources"
    if grep -q tools.example "$FAKES/sources"; then echo 'E: tools.example has no sid' >&2; exit 100; fi ;;
  *" install "*) printf 'Inst libc6 (2 sid)\\nInst perl-base (5 sid)\\nInst mysql-server-core (9 sid)\\n' ;;
  *" download "*) for name in "$@"; do last=$name; done; touch libc6.deb "$last.deb" ;;
esac`;

/** dpkg that unpacks a server, and a loader that runs it. */
const dpkg = `
mkdir -p "$3/usr/sbin" "$3/usr/lib/x86_64-linux-gnu"
case "$2" in
  */mysql-server-core.deb) touch "$3/usr/sbin/mysqld" ;;
  */libc6.deb)
    printf '#!/bin/sh\\n[ -e "$3" ]\\n' > "$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    chmod +x "$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" ;;
esac`;

/** The machine has neither a genuine MySQL nor Docker. */
const nothingElse = { mysqld: 'echo MariaDB', docker: 'exit 1' };

let home: string;
let dir: string;
let programs: FakePrograms;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'spot-install-'));
  dir = join(home, 'mysql');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  programs.remove();
  await rm(home, { recursive: true, force: true });
});

function given(scripts: Record<string, string>): void {
  programs = fakePrograms({ ...nothingElse, ...scripts });
  vi.stubEnv('PATH', [programs.folder, process.env.PATH].join(delimiter));
  vi.stubEnv('FAKES', programs.folder);
}

const noted = (file: string) => readFileSync(join(programs.folder, file), 'utf8');

describe('a genuine MySQL', () => {
  it('is unpacked from the configured archive that has it, and started by the loader unpacked with it', async () => {
    given({ 'apt-get': aptGet, dpkg });
    await unpackMySql(dir);
    const libraries = `${dir}/usr/lib/x86_64-linux-gnu`;
    expect(await unpackedMySql(dir)).toMatchObject({
      engine: 'mysql',
      baseDir: `${dir}/usr`,
      command: [
        `${libraries}/ld-linux-x86-64.so.2`,
        '--library-path',
        `${libraries}:${dir}/usr/lib/mysql/private`,
        `${dir}/usr/sbin/mysqld`,
      ],
    });
    expect(noted('sources')).toContain('URIs: http://debian.example/debian\nSuites: sid\n');
    expect(readdirSync(home)).toEqual(['mysql']);
  });

  it('comes with the libraries that it needs and no others', async () => {
    given({ 'apt-get': aptGet, dpkg });
    await unpackMySql(dir);
    expect(noted('told')).toMatch(/download libc6 mysql-server-core$/m);
  });

  it('does not change the package state of the machine', async () => {
    given({ 'apt-get': aptGet, dpkg });
    await unpackMySql(dir);
    const told = noted('told').trim().split('\n');
    for (const line of told.filter((each) => !each.includes('--print-uris')))
      expect(line).toMatch(/^-o Dir::State=\S+mysql\.\d+\/apt\/state .*Dir::State::status=\/dev\/null/);
  });

  it('is absent after a failure, which is reported and leaves no files behind', async () => {
    given({ 'apt-get': `echo 'E: no network' >&2; exit 100` });
    await expect(unpackMySql(dir)).rejects.toThrow('apt-get: E: no network');
    expect(await unpackedMySql(dir)).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  it('that does not run on this machine is refused', async () => {
    given({ 'apt-get': aptGet, dpkg: dpkg.replace('[ -e "$3" ]', 'echo kernel too old >&2; exit 1') });
    const obtained = obtainServer({ dir: home, engine: 'mysql', say: () => {} });
    await expect(obtained).rejects.toThrow(NoServer);
    await expect(obtained).rejects.toThrow('kernel too old');
  });

  it('is unpacked once, and reused the next time', async () => {
    given({ 'apt-get': aptGet, dpkg });
    const said: string[] = [];
    const wanted = { dir: home, engine: 'mysql', say: (line: string) => void said.push(line) } as const;
    expect(await obtainServer(wanted)).toEqual(await obtainServer(wanted));
    expect(said).toEqual([`No MySQL here: unpacking the one of Debian's unstable suite into ${dir}.`]);
  });
});

describe('npm run test:mysql', () => {
  it('says loudly that its tests were skipped if MySQL cannot be had, and does not fail', async () => {
    given({ 'apt-get': `echo 'E: no network' >&2; exit 100` });
    const env = { ...process.env, SPOT_DATABASE_URL: undefined };
    const command = promisify(execFile)(process.execPath, [resolve('test/mysql.ts')], { cwd: home, env });
    expect((await command).stdout).toMatch(
      /^!{80}\nMySQL not installed: its run was skipped, because .*no network\nInstall .*\n!{80}$/m,
    );
  });
});
