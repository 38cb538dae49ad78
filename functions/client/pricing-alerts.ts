import { randomUUID } from 'node:crypto';
import { audit, type By } from '../core/event/audit.ts';
import { addAlert, mostAlerts, readAlerts, removeAlert } from '../core/pool/pricing-alerts.ts';
import { type Caller, requireClient } from '../core/tenant/require-client.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { iso } from '../shared/time.ts';
import type { PricingAlertRequest } from './requests.ts';

interface OfClient {
  readonly caller: Caller;
  readonly clientId: string;
}

/**
 * The alerts that a tenant has set, with the current prices of their pools (protocol X20). One statement, two for an
 * operator.
 * @throws AppError client_not_found
 */
export async function listPricingAlerts(db: Db, { caller, clientId }: OfClient, now: Date) {
  await requireClient(db, caller, clientId);
  const alerts = await readAlerts(db, { clientId }, now);
  return alerts.map((alert) => ({
    id: alert.id,
    pool_id: alert.poolId,
    direction: alert.direction,
    threshold: alert.threshold,
    current_price: alert.price?.price ?? null,
    priced_at: iso(alert.price?.at),
    triggered: alert.isMet,
    notified_at: iso(alert.metSince),
    created_at: alert.createdAt.toISOString(),
  }));
}

/**
 * Creates an alert on the price of a pool (protocol X30).
 * @throws AppError client_not_found, pool_not_found, alert_limit
 */
export async function createPricingAlert(
  db: Db,
  { caller, clientId, body }: OfClient & { readonly body: PricingAlertRequest },
  by: By,
  now: Date,
) {
  await requireClient(db, caller, clientId);
  const id = randomUUID();
  const after = { poolId: body.pool_id, direction: body.direction, threshold: body.threshold };
  const outcome = await transact(db, async (tx) => {
    const added = await addAlert(tx, { id, clientId, ...after }, now);
    if (added === 'added') await audit(tx, by, { clientId, action: 'pricing_alert_created', targetId: id, after }, now);
    return added;
  });
  if (outcome === 'no pool')
    throw new AppError('pool_not_found', `Pool not found: ${body.pool_id}`, {
      hint: 'A pool id looks like m5.large.us-east-1a',
    });
  if (outcome === 'too many')
    throw new AppError(
      'alert_limit',
      `A client can have at most ${mostAlerts} alerts, and this one already has that many`,
    );
  return { success: true as const, alert_id: id };
}

/**
 * Deletes a pricing alert (protocol X34).
 * @throws AppError client_not_found, alert_not_found
 */
export async function deletePricingAlert(
  db: Db,
  { caller, clientId, alertId }: OfClient & { readonly alertId: string },
  by: By,
  now: Date,
) {
  await requireClient(db, caller, clientId);
  let isRemoved = false;
  await transact(db, async (tx) => {
    const removed = await removeAlert(tx, { clientId, id: alertId });
    if (!removed && isRemoved) return; // already removed: an earlier attempt committed but its response was lost
    if (!removed) throw new AppError('alert_not_found', 'Alert not found');
    await audit(tx, by, { clientId, action: 'pricing_alert_deleted', targetId: alertId, before: removed }, now);
    isRemoved = true;
  });
  return { success: true as const };
}
