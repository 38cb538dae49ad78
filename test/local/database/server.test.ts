import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createConnection } from 'mariadb';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalDatabase } from '../../../local/database/address.ts';
import { DatabaseInUse } from '../../../local/database/claim.ts';
import { filesIn } from '../../../local/database/files.ts';
import { processOf, readPid } from '../../../local/database/process.ts';
import { startDatabase } from '../../../local/database/server.ts';

// Next to the data directory of the test run's server, so that a server unpacked for that one is reused here.
const dataDir = resolve(`.local/test-own-${process.pid}`);
const files = filesIn(dataDir);
let said: string[];
let database: LocalDatabase | undefined;

beforeAll(() => {
  vi.stubEnv('SPOT_DATABASE_URL', undefined);
});
afterEach(async () => {
  await database?.stop();
  database = undefined;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(fresh = false): Promise<LocalDatabase> {
  said = [];
  database = await startDatabase({ dataDir, fresh, say: (line) => said.push(line) });
  return database;
}

async function query(statement: string): Promise<unknown> {
  const connection = await createConnection({ ...database!, allowPublicKeyRetrieval: true });
  try {
    return await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Starts another process that serves the folder, and waits until it does. */
async function otherOwner(): Promise<{ owner: ChildProcess; server: number }> {
  const owner = spawn(process.execPath, [resolve('test/support/processes/database-owner.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout!, 'data');
  return { owner, server: (await readPid(files.server))! };
}

const runs = (pid: number) => processOf(pid)?.command.includes(files.data) ?? false;

describe('a server of our own', () => {
  it('serves this process alone, and ends when it is stopped', async () => {
    const { description, port } = await start(true);
    expect(description).toMatch(new RegExp(`^M\\w+ \\d+\\.\\d+\\.\\d+ .*on port ${port}$`));
    const server = (await readPid(files.server))!;
    expect(runs(server)).toBe(true);
    await expect(startDatabase({ dataDir })).rejects.toThrow(DatabaseInUse);
    await database!.stop();
    expect(runs(server)).toBe(false);
    expect(existsSync(files.owner)).toBe(false);
  });

  it('keeps its data and its password between starts, and both from other users', async () => {
    await start();
    await query('CREATE DATABASE kept');
    await database!.stop();
    const password = readFileSync(files.password, 'utf8');
    await start();
    expect(database!.password).toBe(password);
    expect(await query(`SHOW DATABASES LIKE 'kept'`)).toHaveLength(1);
    expect(statSync(files.dir).mode & 0o077).toBe(0);
    await expect(createConnection({ ...database!, user: 'root', password: '' })).rejects.toThrow();
  });

  it('starts with empty data if it is told to', async () => {
    await start(true);
    expect(await query(`SHOW DATABASES LIKE 'kept'`)).toHaveLength(0);
  });

  it('ends when a signal ends the process that started it', async () => {
    const { owner, server } = await otherOwner();
    owner.kill('SIGTERM');
    expect(await once(owner, 'exit')).toEqual([null, 'SIGTERM']);
    await vi.waitFor(() => expect(runs(server)).toBe(false), { timeout: 10_000, interval: 20 });
  });

  it('that outlived a killed process is ended before the next one starts', async () => {
    const { owner, server } = await otherOwner();
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(runs(server)).toBe(true);
    await start();
    expect(runs(server)).toBe(false);
    expect(said).toEqual([`Ending database server ${server}, left behind by a run that was killed.`]);
  });

  it('that does not start says why, and leaves the folder free', async () => {
    await rm(`${files.data}/ibdata1`);
    await expect(start()).rejects.toThrow(/did not start: it ended with .*ibdata1/s);
    expect(readdirSync(dataDir)).not.toContain('owner.pid');
  });
});
