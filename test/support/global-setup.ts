import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import type { DatabaseAddress } from '../../local/aws/data-api/connections.ts';
import { emptyDatabase } from './empty-database.ts';

/** Where each rig leaves the statements it executed, for the grammar check. */
const statementsDir = '.local/test-statements';

declare module 'vitest' {
  interface ProvidedContext {
    database: DatabaseAddress;
  }
}

/** One empty database server for the whole run; each test file makes schemas of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await rm(statementsDir, { recursive: true, force: true });
  const { stop, host, port, user, password } = await emptyDatabase({ dataDir: '.local/test-db' });
  project.provide('database', { host, port, user, password });
  return stop;
}
