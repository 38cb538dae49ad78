import { type RawBuilder, sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { maxAttempts } from './policy.ts';

interface OfInstances {
  readonly clientId: string;
  readonly ids: readonly string[];
}

/**
 * Keeps what EC2 said of instances that are still there, and when to ask next. An agent that has used up its attempts to
 * terminate one of them gets one more, so that it is asked on, slowly.
 */
export async function saveEc2Answer(
  db: Db,
  { state, nextCheckAt, ...instances }: OfInstances & { readonly state: string; readonly nextCheckAt: Date },
  now: Date,
): Promise<void> {
  const set = sql`ec2_state = ${state}, ec2_checked_at = ${now}, ec2_next_check_at = ${nextCheckAt},
    ec2_checks = ec2_checks + 1, termination_attempts = LEAST(termination_attempts, ${maxAttempts - 1})`;
  await updateUnchecked(db, { ...instances, set }, now);
}

/** Puts off the next check of instances that EC2 was not asked about, or did not answer for. */
export async function postponeChecks(
  db: Db,
  { until, ...instances }: OfInstances & { readonly until: Date },
  now: Date,
): Promise<void> {
  await updateUnchecked(db, { ...instances, set: sql`ec2_next_check_at = ${until}` }, now);
}

/**
 * Only instances that this run has no answer for yet: a statement that is repeated does nothing the second time.
 * Sets columns of: instances.
 */
const updateUnchecked = (
  db: Db,
  { clientId, ids, set }: OfInstances & { readonly set: RawBuilder<unknown> },
  now: Date,
) =>
  sql`
    UPDATE ${byPrimaryKey('instances')} SET ${set}
    WHERE id IN ${inList(ids)} AND client_id = ${clientId} AND (ec2_checked_at IS NULL OR ec2_checked_at < ${now})`.execute(
    db,
  );
