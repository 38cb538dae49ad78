import { type Db, transact } from '../../shared/db.ts';
import { inGroups } from '../../shared/in-groups.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { hourMs } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { ageMs } from './freshness.ts';
import { alertsAfter, noteAlerts, type PricedAlert } from './pricing-alerts.ts';

/** Alerts per statement. */
const batch = 500;

/** A price seen longer ago than this neither meets an alert nor ends one. */
const freshMs = hourMs;

/**
 * Notifies tenants when a pricing alert is met, and not again until the price has gone back (protocol X20). The alert's
 * state and the notification are written in one transaction. One statement for 500 alerts, and transactions for
 * changes.
 * @returns how many alerts were newly met or ended since the last run
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

/** A repeated run has the same time, so its events have the same dedupe key. */
const eventOf = (now: Date) => (alert: PricedAlert) => ({
  clientId: alert.clientId,
  type: 'pricing_alert',
  severity: 'info' as const,
  message: `${alert.poolId} costs ${alert.price!.price} USD an hour, ${alert.direction} your alert's ${alert.threshold}`,
  metadata: { alertId: alert.id, poolId: alert.poolId, price: alert.price!.price, threshold: alert.threshold },
  notify: true,
  dedupeKey: `pricing_alert:${alert.id}:${now.getTime()}`,
});
