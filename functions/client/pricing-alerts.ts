import { audit, type By } from '../core/event/audit.ts';
import { addAlert, mostAlerts } from '../core/pool/pricing-alerts.ts';
import { seenPrice, usablePrice } from '../core/pool/usable-price.ts';
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
 * The alerts that a tenant has set, with what their pools cost now (protocol X20). One statement, two for the admin.
 * @throws AppError client_not_found
 */
export async function listPricingAlerts(db: Db, { caller, clientId }: OfClient, now: Date) {
  await requireClient(db, caller, clientId);
  const rows = await db
    .selectFrom('pricingAlerts as x')
    .leftJoin('spotPools as p', 'p.id', 'x.poolId')
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'x.poolId').onRef('w.clientId', '=', 'x.clientId'),
    )
    .select(['x.id', 'x.poolId', 'x.direction', 'x.threshold', 'x.createdAt'])
    .select(['p.latestPrice', 'p.latestAt', 'w.price as ownPrice', 'w.seenAt as ownAt'])
    .where('x.clientId', '=', clientId)
    .orderBy('x.createdAt', 'desc')
    .limit(mostAlerts)
    .execute();
  return rows.map(({ latestPrice, latestAt, ownPrice, ownAt, ...row }) => {
    const known = { own: seenPrice(ownPrice, ownAt), trusted: seenPrice(latestPrice, latestAt) };
    const current = usablePrice(known, now);
    const threshold = Number(row.threshold);
    const isMet =
      current !== undefined && (row.direction === 'below' ? current.price < threshold : current.price > threshold);
    return {
      id: row.id,
      pool_id: row.poolId,
      direction: row.direction,
      threshold,
      current_price: current?.price ?? null,
      priced_at: iso(current?.at),
      triggered: isMet,
      created_at: row.createdAt.toISOString(),
    };
  });
}

/**
 * Sets an alert on the price of a pool (protocol X20).
 * @throws AppError client_not_found, pool_not_found, alert_limit
 */
export async function createPricingAlert(
  db: Db,
  { caller, clientId, body }: OfClient & { readonly body: PricingAlertRequest },
  by: By,
  now: Date,
) {
  await requireClient(db, caller, clientId);
  const alert = { clientId, poolId: body.pool_id, direction: body.direction, threshold: body.threshold };
  const outcome = await transact(db, async (tx) => {
    const added = await addAlert(tx, alert, now);
    const { clientId: _, ...after } = alert;
    if (added.is === 'added')
      await audit(tx, by, { clientId, action: 'pricing_alert_created', targetId: added.id, after }, now);
    return added;
  });
  if (outcome.is === 'no-pool')
    throw new AppError('pool_not_found', `Pool not found: ${body.pool_id}`, { hint: 'As in m5.large.us-east-1a' });
  if (outcome.is === 'too-many')
    throw new AppError('alert_limit', `A client can have ${mostAlerts} alerts, and this one has them`);
  return { success: true as const, alert_id: outcome.id };
}
