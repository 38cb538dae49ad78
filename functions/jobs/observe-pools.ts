import { observePools } from '../core/availability/observe-pools.ts';
import { decisionModel } from '../core/decision/decision-model.ts';
import { movePolicyShadows } from '../core/decision/move-shadows.ts';
import { ratePools } from '../core/risk/rate-pools.ts';
import type { Db } from '../shared/db.ts';
import { inSteps } from '../shared/in-steps.ts';
import type { RunTime } from '../shared/run-time.ts';

/** Observes pools, and then advances the policy shadows and rates the pools, which depend on the observations. */
export const observePoolsAndFollow = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    {
      'observing pools': (share) => observePools(db, share, now),
      'moving shadows on': (share) => movePolicyShadows(db, decisionModel(), share, now),
      'rating pools': (share) => ratePools(db, decisionModel(), share, now),
    },
    time,
  );
