import { randomUUID } from 'node:crypto';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { CamelCasePlugin, Kysely, sql } from 'kysely';
import { createConnection } from 'mariadb';
import { inject } from 'vitest';
import { DataApiDialect, type DataApiOptions } from '../../functions/shared/data-api/dialect.ts';
import type { Rig } from './rig.ts';

export interface OwnDatabase<T> {
  readonly db: Kysely<T>;
  readonly name: string;
  /** Data API calls so far, repeats included. */
  readonly calls: () => number;
  /** The pauses that were made, in milliseconds; none of them took any time. */
  readonly pauses: number[];
}

/** A new schema beside the rig's, by the functions' own dialect. Pauses take no time; by default there is no end of it. */
export async function ownDatabase<T>(rig: Rig, options: Partial<DataApiOptions> = {}): Promise<OwnDatabase<T>> {
  const name = `own_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await sql.raw(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`).execute(rig.db);
  return { name, ...openDatabase<T>(rig, name, options) };
}

export function openDatabase<T>(rig: Rig, database: string, options: Partial<DataApiOptions> = {}) {
  let calls = 0;
  const pauses: number[] = [];
  const dialect = new DataApiDialect({
    client: new RDSDataClient({ endpoint: rig.controlPlane.dataApi.url, maxAttempts: 1 }),
    resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:local',
    secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:local',
    database,
    remaining: () => Number.POSITIVE_INFINITY,
    onCall: () => {
      calls += 1;
    },
    pause: async (ms) => void pauses.push(ms),
    ...options,
  });
  const db = new Kysely<T>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] });
  return { db, calls: () => calls, pauses };
}

/**
 * The rig's schema beside the Data API, where no injected fault strikes and no lock of a dead transaction is in the way of
 * reading. Times are text, as the database writes them. Call it when the rig runs, which sets the schema's name.
 */
export const connectBeside = () =>
  createConnection({
    ...inject('database'),
    database: process.env.DATABASE_NAME!,
    dateStrings: true,
    bigIntAsNumber: true,
  });
