import type { Db } from '../../shared/db.ts';
import { inSteps } from '../../shared/in-steps.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { clearSurvived } from '../agent/interruption.ts';
import { confirmTaken } from '../termination/confirm-taken.ts';
import { endOverdue } from './end-overdue.ts';
import { finishFailovers } from './finish-failovers.ts';
import { makeMissing } from './make-missing.ts';
import { enterLosses } from './pool-losses.ts';
import { survivedMs } from './standby-policy.ts';

/**
 * Brings standbys to what they should be (protocol 9.8): it reads the whole state and states the wanted one, so a run that
 * is repeated, late or skipped does no harm. What can be done at once is done where it happens; this is for what no call
 * announces: silence, time that has passed, and what failed on the way.
 * @param now the schedule's time, not the clock's
 * @throws AggregateError when a step failed; the others were done
 */
export const coordinateReplicas = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'ending standbys': (share) => endOverdue(db, share, now),
      'clearing what was survived': (share) => clearSurvived(db, { survivedMs, time: share }, now),
      'finishing failovers': (share) => finishFailovers(db, share, now),
      'confirming what was taken': (share) => confirmTaken(db, share, now),
      'making standbys': (share) => makeMissing(db, share, now),
      'entering losses': () => enterLosses(db, now),
    },
    time,
  );
