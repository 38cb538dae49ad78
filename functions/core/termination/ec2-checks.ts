import type { Db } from '../../shared/db.ts';
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
  await updateUnchecked(db, instances, now)
    .set((eb) => ({
      ec2State: state,
      ec2CheckedAt: now,
      ec2NextCheckAt: nextCheckAt,
      ec2Checks: eb('ec2Checks', '+', 1),
      terminationAttempts: eb.fn<number>('least', ['terminationAttempts', eb.val(maxAttempts - 1)]),
    }))
    .execute();
}

/** Puts off the next check of instances that EC2 was not asked about, or did not answer for. */
export async function postponeChecks(
  db: Db,
  { until, ...instances }: OfInstances & { readonly until: Date },
  now: Date,
): Promise<void> {
  await updateUnchecked(db, instances, now).set({ ec2NextCheckAt: until }).execute();
}

/**
 * Only instances that this run has no answer for yet: a statement that is repeated does nothing the second time.
 * Sets columns of: instances.
 */
const updateUnchecked = (db: Db, { clientId, ids }: OfInstances, now: Date) =>
  db
    .updateTable('instances')
    .where('id', 'in', ids)
    .where('clientId', '=', clientId)
    .where((eb) => eb.or([eb('ec2CheckedAt', 'is', null), eb('ec2CheckedAt', '<', now)]));
