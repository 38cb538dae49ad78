import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { connect } from '../shared/db.ts';
import { migrate } from './migrate.ts';

/** Run by each deployment, before anything that needs the tables. */
export async function handler(_event: unknown, context: Context) {
  const { db } = connect(() => context.getRemainingTimeInMillis(), {
    continueAfterTimeout: true,
    // Nobody waits for it but the deployment: a database that wakes, or fails over, in its tenth minute does not fail it.
    retryMs: Number.POSITIVE_INFINITY,
  });
  const applied = await migrate(db, join(import.meta.dirname, 'sql'));
  return { applied };
}
