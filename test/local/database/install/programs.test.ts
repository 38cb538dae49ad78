import { delimiter, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { findServer } from '../../../../local/database/install/programs.ts';
import { type FakePrograms, fakePrograms } from '../../../support/processes/fake-programs.ts';

let programs: FakePrograms;
afterEach(() => {
  vi.unstubAllEnvs();
  programs.remove();
});

/** Puts these programs before the machine's own in PATH. */
function given(scripts: Record<string, string>): void {
  programs = fakePrograms(scripts);
  vi.stubEnv('PATH', [programs.folder, process.env.PATH].join(delimiter));
}

const mySql = 'echo "mysqld  Ver 8.0.42 for Linux on x86_64 (MySQL Community Server - GPL)"';
const mariaDb = 'echo "mysqld  Ver 10.11.11-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64"';

it('a genuine MySQL is told from MariaDB by its version output, as both are named mysqld', async () => {
  given({ mysqld: mySql });
  const command = [join(programs.folder, 'mysqld')];
  expect(await findServer('mysql')).toMatchObject({ engine: 'mysql', command });
});

it('MariaDB is not taken for a genuine MySQL', async () => {
  given({ mysqld: mariaDb });
  expect(await findServer('mysql')).toBeUndefined();
});

it('MariaDB is found with the program that makes its data directory', async () => {
  given({ mariadbd: mariaDb, 'mariadb-install-db': 'exit 0', my_print_defaults: 'exit 0' });
  expect(await findServer('mariadb')).toMatchObject({
    engine: 'mariadb',
    command: [join(programs.folder, 'mariadbd')],
    installDb: join(programs.folder, 'mariadb-install-db'),
  });
});

it('a server that does not run here is not found', async () => {
  given({ mysqld: 'exit 127' });
  expect(await findServer('mysql')).toBeUndefined();
});
