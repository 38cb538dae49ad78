import {
  type DueCapacityRead,
  dueCapacityReads,
  recordCapacityMetrics,
  saveCapacityRead,
} from '../core/savings/capacity-metrics.ts';
import type { Db } from '../shared/db.ts';
import { logger } from '../shared/logger.ts';
import type { RunTime } from '../shared/run-time.ts';
import { dayMs, msBefore, startOf } from '../shared/time.ts';
import { openAccount } from './aws-account.ts';
import { readCapacityMetrics } from './capacity-manager.ts';
import { eachTenant } from './each-tenant.ts';

/** Days read the first time: how a tenant's pools were before it joined. */
const firstDays = 30;
/** Days read every later time: the metrics of a day arrive late and are corrected. */
const laterDays = 3;

/**
 * Reads once a day EC2 Capacity Manager's metrics of tenants' instances, if their role allows it. A refusal needs no
 * fix: it is recorded, and the call is made again a day later.
 * @returns how many daily metrics were stored
 */
export const collectCapacity = async (db: Db, { hasTime }: RunTime, now: Date): Promise<number> =>
  eachTenant(
    'reading Capacity Manager',
    await dueCapacityReads(db, now),
    (regions) => readTenant(db, regions, now, hasTime),
    hasTime,
  );

async function readTenant(
  db: Db,
  regions: readonly [DueCapacityRead, ...DueCapacityRead[]],
  now: Date,
  hasTime: () => boolean,
): Promise<number> {
  const account = await openAccount(db, regions[0], now);
  let kept = 0;
  for (const { clientId, region, readAt } of account ? regions : []) {
    if (!hasTime()) break;
    const to = startOf(dayMs, now);
    const from = msBefore(to, (readAt === null ? firstDays : laterDays) * dayMs);
    const asked = await account!.ask(region, (ec2) => readCapacityMetrics(ec2, { from, to }));
    if ('nextAt' in asked) continue;
    const { answer } = asked;
    if ('metrics' in answer) kept += await recordCapacityMetrics(db, clientId, answer.metrics);
    else logger.info('Capacity Manager does not tell', { clientId, region, error: answer.refused });
    if ('refused' in answer && answer.isPassing) continue; // the next run asks again
    await saveCapacityRead(db, { clientId, region, refused: 'refused' in answer ? answer.refused : null }, now);
  }
  return kept;
}
