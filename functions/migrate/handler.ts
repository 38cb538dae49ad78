import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import type { Kysely } from 'kysely';
import { connect, type Db } from '../shared/db.ts';
import { databaseEnv, masterEnv } from '../shared/env.ts';
import { AppSecret } from './app-secret.ts';
import { makeAppUser } from './app-user.ts';
import { migrate } from './migrate.ts';
import { isRotation, rotate } from './rotate.ts';

/**
 * What the database's master does, and nothing else does: run by each deployment, before anything that needs the tables, and by
 * Secrets Manager, to change the password that all other functions come in with.
 */
export async function handler(event: unknown, context: Context) {
  const { DATABASE_NAME: schema, DATABASE_SECRET_ARN } = databaseEnv();
  const { db } = connect(() => context.getRemainingTimeInMillis(), {
    secretArn: masterEnv().DATABASE_MASTER_SECRET_ARN,
    continueAfterTimeout: true,
    // Nobody waits for it but the deployment: a database that wakes, or fails over, in its tenth minute does not fail it.
    retryMs: Number.POSITIVE_INFINITY,
  });
  const secret = new AppSecret(DATABASE_SECRET_ARN);
  if (!isRotation(event)) return { applied: await prepare(db, schema, secret) };
  if (event.SecretId !== DATABASE_SECRET_ARN)
    throw new Error(`asked to rotate ${event.SecretId}; only ${DATABASE_SECRET_ARN} is ours`);
  await rotate(db as Kysely<unknown>, schema, secret, event);
  return {};
}

/** @returns the names of the files applied now */
async function prepare(db: Db, schema: string, secret: AppSecret): Promise<string[]> {
  const applied = await migrate(db, join(import.meta.dirname, 'sql'));
  // Last, so that it is the version which is current now: a rotation may have come meanwhile.
  await makeAppUser(db as Kysely<unknown>, schema, await secret.current());
  return applied;
}
