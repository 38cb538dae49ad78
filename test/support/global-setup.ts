import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import type { DatabaseAddress } from '../../local/aws/data-api/connections.ts';
import type { LocalDatabase } from '../../local/database/address.ts';
import { DatabaseInUse } from '../../local/database/claim.ts';
import { startDatabase } from '../../local/database/server.ts';

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
  const { stop, host, port, user, password } = await emptyDatabase();
  project.provide('database', { host, port, user, password });
  return stop;
}

/** Another run may be under way in this folder, as in a watching terminal: then the next one. */
async function emptyDatabase(run = 1): Promise<LocalDatabase> {
  try {
    const dataDir = run === 1 ? '.local/test-db' : `.local/test-db-${run}`;
    return await startDatabase({ dataDir, fresh: true, say: (line) => console.log(line) });
  } catch (error) {
    if (error instanceof DatabaseInUse && run < 8) return emptyDatabase(run + 1);
    throw error;
  }
}
