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
 * Brings standbys to their desired state (protocol 9.8). Each run works from the current state, so a repeated, late or
 * skipped run does no harm. Requests do their own work at once; this job handles what no request reports: silence, time
 * that has passed, and work that failed halfway.
 * @param now the scheduled time, not the clock's
 * @throws AggregateError if steps failed; the other steps still ran
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
