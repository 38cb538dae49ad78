import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mariadb';
import { migrate } from '../../../functions/migrate/migrate.ts';
import type { Schema } from '../../../functions/shared/schema.ts';
import type { DatabaseAddress } from '../../../local/aws/data-api/connections.ts';
import { startDataApi } from '../../../local/aws/data-api/server.ts';
import { dataApiClient, throughDataApi } from '../database/data-api.ts';

const sqlDir = join(import.meta.dirname, '../../../functions/migrate/sql');
/** Where the statements of the run are collected for the grammar check at its end. */
export const statementsDir = '.local/test-statements';

/** Migrates one schema for the whole run. @returns SQL that creates the same in an empty schema */
export async function makeTemplate(address: DatabaseAddress, name: string): Promise<string> {
  const connection = await createConnection({ ...address, allowPublicKeyRetrieval: true });
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    await migrated(address, name);
    return await copyOf(connection, name);
  } finally {
    await connection.end();
  }
}

async function migrated(database: DatabaseAddress, name: string) {
  const dataApi = await startDataApi({ database });
  try {
    await migrate(
      throughDataApi<Schema>(dataApiClient(dataApi.url), name, { continueAfterTimeout: true, remaining: () => 0 }),
      sqlDir,
    );
    await leaveStatements('template', dataApi.statements);
  } finally {
    await dataApi.close();
  }
}

async function copyOf(connection: Connection, name: string): Promise<string> {
  const tables: { name: string }[] = await connection.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'",
    [name],
  );
  const statements: string[] = [];
  for (const { name: table } of tables) {
    const [row] = await connection.query(`SHOW CREATE TABLE ${name}.${table}`);
    statements.push(row['Create Table']);
  }
  const views: { name: string; definition: string }[] = await connection.query(
    'SELECT table_name AS name, view_definition AS definition FROM information_schema.views WHERE table_schema = ?',
    [name],
  );
  // The server qualifies what a view reads with its schema.
  for (const { name: view, definition } of views)
    statements.push(`CREATE SQL SECURITY INVOKER VIEW ${view} AS ${definition.replaceAll(`\`${name}\`.`, '')}`);
  // So that migrations find nothing to do.
  for (const table of ['schema_migrations', 'schema_migration_lock'])
    statements.push(`INSERT INTO ${table} SELECT * FROM ${name}.${table}`);
  return statements.join(';\n');
}

export async function leaveStatements(by: string, statements: Iterable<string>) {
  await mkdir(statementsDir, { recursive: true });
  await writeFile(join(statementsDir, `${by}.json`), JSON.stringify([...statements]));
}
