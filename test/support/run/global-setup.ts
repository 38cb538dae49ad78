import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import type { DatabaseAddress } from '../../../local/aws/data-api/connections.ts';
import { makeTemplate, statementsDir } from '../rig/template-schema.ts';
import { emptyDatabase } from './empty-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: DatabaseAddress;
    /** Statements that create the tables of the migrated schema in an empty one. */
    schema: string;
    /** What everything random in this run derives from. */
    runSeed: number;
    /** Which part of the long tests this project runs. */
    simulation: { readonly part: number; readonly parts: number };
  }
}

/** One empty database server for the whole run; each test file makes schemas of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await rm(statementsDir, { recursive: true, force: true });
  const { stop, host, port, user, password } = await emptyDatabase({ dataDir: '.local/test-db' });
  const address = { host, port, user, password };
  project.provide('database', address);
  project.provide('schema', await makeTemplate(address, 'rig_template'));
  return stop;
}
