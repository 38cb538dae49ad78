import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Address } from '../address.ts';
import type { Files } from '../files.ts';

/** Where a server of ours is about to listen, and its only user. */
export const addressFor = async (files: Files, user: string): Promise<Address> => ({
  host: '127.0.0.1',
  port: await freePort(),
  user,
  password: await passwordOf(files),
});

/**
 * The server runs this at each start, before it listens. On a shared machine loopback is not private, so there is one
 * user, with a password that only the owner of the folder can read.
 */
export const setupSql = ({ user, host, password }: Address) => `
CREATE USER IF NOT EXISTS '${user}'@'${host}';
ALTER USER '${user}'@'${host}' IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO '${user}'@'${host}' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';
DROP USER IF EXISTS 'root'@'127.0.0.1';
DROP USER IF EXISTS 'root'@'::1';
`;

async function passwordOf(files: Files): Promise<string> {
  const known = await readFile(files.password, 'utf8').catch(() => undefined);
  if (known) return known;
  const password = randomBytes(16).toString('hex');
  await writeFile(files.password, password, { mode: 0o600 });
  return password;
}

/** A port that is free now. If it is taken a moment later, the server fails to start, with a clear log. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}
