import { type Db, transact } from '../../shared/db.ts';
import { inGroups } from '../../shared/in-groups.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { hourMs } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { ageMs } from './freshness.ts';
import { alertsAfter, noteAlerts, type PricedAlert } from './pricing-alerts.ts';

/** Alerts of one statement. */
const batch = 500;

/** A price that was seen longer ago meets no alert, and ends none. */
const freshMs = hourMs;

/**
 * Notifies tenants of the alerts on prices that are met, once until the price has gone back (protocol X20). What was noted of an
 * alert and the notification are one transaction. One statement for 500 alerts, and a transaction where something changed.
 * @returns how many alerts are met or over since the last run
 */
export async function checkPricingAlerts(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  let changed = 0;
  for (let after = ''; hasTime(); ) {
    const alerts = await alertsAfter(db, { after, limit: batch }, now);
    const fresh = alerts.filter(({ price }) => price && ageMs(price.at, now) <= freshMs);
    const news = fresh.filter(({ isMet, metSince }) => isMet === (metSince === null));
    changed += (await inGroups('checking alerts on prices', news, (group) => note(db, group, now))).length;
    const last = alerts.at(-1);
    if (alerts.length < batch || !last) break;
    after = last.id;
  }
  return changed;
}

async function note(db: Db, group: readonly PricedAlert[], now: Date): Promise<readonly PricedAlert[]> {
  if (group.length === 0) return group;
  const [met, over] = [group.filter(({ isMet }) => isMet), group.filter(({ isMet }) => !isMet)];
  const ids = (alerts: readonly PricedAlert[]) => alerts.map(({ id }) => id);
  await transact(db, async (tx) => {
    const noted = await noteAlerts(tx, { met: ids(met), over: ids(over) }, now);
    await record(tx, met.filter(({ id }) => noted.has(id)).map(eventOf(now)), now);
  });
  return group;
}

/** A run that is repeated has the same time, and so the same key. */
const eventOf = (now: Date) => (alert: PricedAlert) => ({
  clientId: alert.clientId,
  type: 'pricing_alert',
  severity: 'info' as const,
  message: `${alert.poolId} costs ${alert.price!.price} USD an hour, ${alert.direction} your alert's ${alert.threshold}`,
  metadata: { alertId: alert.id, poolId: alert.poolId, price: alert.price!.price, threshold: alert.threshold },
  notify: true,
  dedupeKey: `pricing_alert:${alert.id}:${now.getTime()}`,
});
