import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { LocalDatabase } from '../address.ts';
import type { Files } from '../files.ts';
import { dockerImage } from '../install/docker.ts';
import { addressFor } from './access.ts';
import { serverFlags } from './server-flags.ts';
import { supervise } from './supervise.ts';

/** MySQL 8.0 in a container that keeps its files in the same folder as a server on this machine would. */
export async function runInDocker(files: Files): Promise<LocalDatabase> {
  await mkdir(files.data, { recursive: true });
  const address = await addressFor(files, 'root');
  const log = openSync(files.log, 'w');
  const client = spawn(
    'docker',
    [
      ...[
        'run',
        '--rm',
        '--publish',
        `${address.host}:${address.port}:3306`,
        '--volume',
        `${files.data}:/var/lib/mysql`,
      ],
      ...(process.getuid ? ['--user', `${process.getuid()}:${process.getgid!()}`] : []),
      ...['--env', 'MYSQL_ROOT_PASSWORD', dockerImage, ...serverFlags, '--mysqlx=OFF'],
    ],
    { env: { ...process.env, MYSQL_ROOT_PASSWORD: address.password }, stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  // The client forwards SIGTERM to the server.
  if (client.pid) await writeFile(files.server, String(client.pid));
  const { version, stop } = await supervise(client, address, files.log, () => {});
  return { ...address, description: `${version} in Docker on port ${address.port}`, stop };
}
