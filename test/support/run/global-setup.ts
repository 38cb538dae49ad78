import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import type { DatabaseAddress } from '../../../local/aws/data-api/connections.ts';
import { DatabaseInUse } from '../../../local/database/claim.ts';
import { type LocalDatabase, startDatabase } from '../../../local/database/server.ts';
import { makeTemplate, statementsDir } from '../rig/template-schema.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: DatabaseAddress;
    /** Statements that make the tables of the migrated schema, in one that is empty. */
    schema: string;
    /** Of the random worlds, which this project plays. */
    simulation: { readonly part: number; readonly parts: number };
  }
}

/** One empty database server for the whole run; each test file makes schemas of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await rm(statementsDir, { recursive: true, force: true });
  const { stop, host, port, user, password } = await emptyDatabase();
  const address = { host, port, user, password };
  project.provide('database', address);
  project.provide('schema', await makeTemplate(address, 'rig_template'));
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
