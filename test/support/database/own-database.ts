import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { DataApiOptions } from '../../../functions/shared/data-api/dialect.ts';
import type { Rig } from '../rig/rig.ts';
import { dataApiClient, throughDataApi } from './data-api.ts';

export interface OwnDatabase<T> {
  readonly db: Kysely<T>;
  readonly name: string;
  /** Data API calls so far, retries included. */
  readonly calls: () => number;
  /** The pauses between retries, in milliseconds. None of them took any time. */
  readonly pauses: number[];
}

/**
 * Creates a schema beside the rig's, with a client in the functions' dialect. It retries without a deadline by default,
 * and pauses take no time.
 */
export async function ownDatabase<T>(rig: Rig, options: Partial<DataApiOptions> = {}): Promise<OwnDatabase<T>> {
  const name = `own_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await sql.raw(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`).execute(rig.db);
  return { name, ...openDatabase<T>(rig, name, options) };
}

export function openDatabase<T>(rig: Rig, database: string, options: Partial<DataApiOptions> = {}) {
  let calls = 0;
  const pauses: number[] = [];
  const db = throughDataApi<T>(dataApiClient(rig.controlPlane.dataApi.url), database, {
    onCall: () => {
      calls += 1;
    },
    pause: async (ms) => void pauses.push(ms),
    ...options,
  });
  return { db, calls: () => calls, pauses };
}
