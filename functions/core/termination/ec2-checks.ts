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
 * Stores what EC2 said of instances that still exist, and when to ask next. An instance whose attempts to terminate it
 * are used up gets one more, so that its agent is still asked, slowly.
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

/** Postpones the next check of instances that EC2 was not asked about, or did not respond for. */
export async function postponeChecks(
  db: Db,
  { until, ...instances }: OfInstances & { readonly until: Date },
  now: Date,
): Promise<void> {
  await updateUnchecked(db, { ...instances, set: sql`ec2_next_check_at = ${until}` }, now);
}

/**
 * Updates only instances that this run has stored no response for yet, so that a retried statement counts once.
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
