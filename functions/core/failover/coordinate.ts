import type { Db } from '../../shared/db.ts';
import { clearSurvived } from '../agent/interruption.ts';
import { confirmTaken } from '../termination/confirm-taken.ts';
import { endOverdue } from './end-overdue.ts';
import { finishFailovers } from './finish-failovers.ts';
import { makeMissing } from './make-missing.ts';
import { enterLosses } from './pool-losses.ts';
import { survivedMs } from './standby-policy.ts';

/** Agents and standbys that each part of a run deals with; the next run, a minute later, takes the rest. */
const batch = 100;

/**
 * Brings standbys to what they should be (protocol 9.8): it reads the whole state and states the wanted one, so a run that
 * is repeated, late or skipped does no harm. What can be done at once is done where it happens; this is for what no call
 * announces: silence, time that has passed, and what failed on the way.
 * @param now the schedule's time, not the clock's
 */
export async function coordinateReplicas(db: Db, now: Date): Promise<number> {
  const ended = await endOverdue(db, { batch }, now);
  const survived = await clearSurvived(db, { survivedMs, batch }, now);
  const failedOver = await finishFailovers(db, { batch }, now);
  const taken = await confirmTaken(db, { batch }, now);
  const made = await makeMissing(db, { batch }, now);
  // Last: what pools lost is for the next choice of a pool, and what keeps it from being entered is to stop nothing else.
  await enterLosses(db);
  return ended + survived + failedOver + taken + made;
}
