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
 * Everything that needs the database's master user, and nothing else. Each deployment runs it before anything that
 * needs the tables; Secrets Manager runs it to rotate the password of all other functions.
 */
export async function handler(event: unknown, context: Context) {
  const { DATABASE_NAME: schema, DATABASE_SECRET_ARN } = databaseEnv();
  const { db } = connect(() => context.getRemainingTimeInMillis(), {
    secretArn: masterEnv().DATABASE_MASTER_SECRET_ARN,
    continueAfterTimeout: true,
    // Only the deployment waits for it: a database that wakes or fails over in the tenth minute must not fail it.
    retryMs: Number.POSITIVE_INFINITY,
  });
  const secret = new AppSecret(DATABASE_SECRET_ARN);
  if (!isRotation(event)) return { applied: await prepare(db, schema, secret) };
  if (event.SecretId !== DATABASE_SECRET_ARN)
    throw new Error(`asked to rotate ${event.SecretId}, but only ${DATABASE_SECRET_ARN} can be rotated`);
  await rotate(db as Kysely<unknown>, schema, secret, event);
  return {};
}

/** @returns the names of the files applied in this run */
async function prepare(db: Db, schema: string, secret: AppSecret): Promise<string[]> {
  const applied = await migrate(db, join(import.meta.dirname, 'sql'));
  // Last, so that it uses the version that is current by now: a rotation may have happened meanwhile.
  await makeAppUser(db as Kysely<unknown>, schema, await secret.current());
  return applied;
}
