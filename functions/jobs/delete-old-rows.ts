import { agentRetention } from '../core/agent/retention.ts';
import { availabilityRetention } from '../core/availability/retention.ts';
import { backtestRetention } from '../core/backtest/retention.ts';
import { commandRetention } from '../core/command/retention.ts';
import { decisionRetention } from '../core/decision/retention.ts';
import { eventRetention } from '../core/event/retention.ts';
import { failoverRetention } from '../core/failover/retention.ts';
import { poolRetention } from '../core/pool/retention.ts';
import { riskRetention } from '../core/risk/retention.ts';
import { webhookRetention } from '../core/webhook/retention.ts';
import type { Db } from '../shared/db.ts';
import { inSteps } from '../shared/in-steps.ts';
import { rateRetention } from '../shared/rate-limit.ts';
import type { Retention } from '../shared/retention.ts';
import type { RunTime } from '../shared/run-time.ts';

/** The rows that each room no longer has to keep (docs/adr/0039). */
const all: Retention = {
  ...agentRetention,
  ...availabilityRetention,
  ...backtestRetention,
  ...commandRetention,
  ...decisionRetention,
  ...eventRetention,
  ...failoverRetention,
  ...poolRetention,
  ...riskRetention,
  ...webhookRetention,
  ...rateRetention,
};

/** Deletes old rows, room by room; each room gets a share of the time. @returns how many rows were deleted */
export const deleteOldRows = (db: Db, time: RunTime, now: Date): Promise<number> =>
  inSteps(
    Object.fromEntries(
      Object.entries(all).map(([name, remove]) => [`deleting old ${name}`, (share: RunTime) => remove(db, share, now)]),
    ),
    time,
  );
