import { sql } from 'kysely';
import type { Db, Tx } from '../../shared/db.ts';
import { fromDecimal, toDecimal } from '../../shared/decimal.ts';
import { type SeenPrice, seenPrice, usablePrice } from './usable-price.ts';

/** Maximum alerts per tenant. */
export const mostAlerts = 100;

interface NewAlert {
  /** The same on every retry, so that a lost response does not create a second alert. */
  readonly id: string;
  readonly clientId: string;
  readonly poolId: string;
  readonly direction: 'below' | 'above';
  /** USD per instance-hour. */
  readonly threshold: number;
}

type Outcome = 'added' | 'there already' | 'no pool' | 'too many';

/** Adds an alert on a known pool unless the tenant has the maximum: one statement checks, another inserts. */
export async function addAlert(
  tx: Tx,
  { id, clientId, poolId, direction, threshold }: NewAlert,
  now: Date,
): Promise<Outcome> {
  const { rows } = await sql<{ isThere: number; isKnown: number }>`
    SELECT EXISTS (SELECT 1 FROM pricing_alerts AS x WHERE x.id = ${id} AND x.client_id = ${clientId}) AS is_there,
      EXISTS (SELECT 1 FROM spot_pools AS p WHERE p.id = ${poolId}) AS is_known`.execute(tx);
  if (rows[0]?.isThere) return 'there already';
  if (!rows[0]?.isKnown) return 'no pool';
  const { numAffectedRows = 0n } = await sql`
    INSERT INTO pricing_alerts (id, client_id, pool_id, direction, threshold, created_at)
    SELECT ${id}, ${clientId}, p.id, ${direction}, ${toDecimal(threshold)}, ${now}
    FROM spot_pools AS p
    WHERE p.id = ${poolId} AND (SELECT COUNT(*) FROM pricing_alerts AS x WHERE x.client_id = ${clientId}) < ${mostAlerts}`.execute(
    tx,
  );
  return numAffectedRows > 0n ? 'added' : 'too many';
}

/** An alert with the current price that its tenant may use. */
export interface PricedAlert extends NewAlert {
  readonly createdAt: Date;
  /** When the tenant was notified that the alert is met; `null` if it is not met. */
  readonly metSince: Date | null;
  readonly price: SeenPrice | undefined;
  readonly isMet: boolean;
}

/** The alerts of a tenant, newest first: one statement. */
export async function readAlerts(db: Db, { clientId }: { readonly clientId: string }, now: Date) {
  const query = alertsWithPrices(db)
    .where('x.clientId', '=', clientId)
    .orderBy('x.createdAt', 'desc')
    .limit(mostAlerts);
  return (await query.execute()).map((row) => priced(row, now));
}

/** A page of the alerts of all active tenants, in id order: one statement. */
export async function alertsAfter(db: Db, { after, limit }: { after: string; limit: number }, now: Date) {
  const query = alertsWithPrices(db)
    .innerJoin('clients as k', (join) => join.onRef('k.id', '=', 'x.clientId').on('k.isActive', '=', true))
    .where('x.id', '>', after)
    .orderBy('x.id')
    .limit(limit);
  return (await query.execute()).map((row) => priced(row, now));
}

const alertsWithPrices = (db: Db) =>
  db
    .selectFrom('pricingAlerts as x')
    .leftJoin('spotPools as p', 'p.id', 'x.poolId')
    .leftJoin('tenantPoolPrices as w', (join) =>
      join.onRef('w.poolId', '=', 'x.poolId').onRef('w.clientId', '=', 'x.clientId'),
    )
    .selectAll('x')
    .select(['p.latestPrice', 'p.latestAt', 'w.price as ownPrice', 'w.seenAt as ownAt']);

type Row = Awaited<ReturnType<ReturnType<typeof alertsWithPrices>['execute']>>[number];

function priced({ latestPrice, latestAt, ownPrice, ownAt, ...row }: Row, now: Date): PricedAlert {
  const price = usablePrice({ own: seenPrice(ownPrice, ownAt), trusted: seenPrice(latestPrice, latestAt) }, now);
  const threshold = fromDecimal(row.threshold);
  const isMet = price !== undefined && (row.direction === 'below' ? price.price < threshold : price.price > threshold);
  return { ...row, threshold, price, isMet };
}

/**
 * Marks alerts as met from now on, or as no longer met. Skips those that were deleted meanwhile, and met ones that
 * another run has already marked.
 * @returns the ids of the alerts that are met from now on
 */
export async function noteAlerts(
  tx: Tx,
  { met, over }: { readonly met: readonly string[]; readonly over: readonly string[] },
  now: Date,
): Promise<ReadonlySet<string>> {
  if (over.length > 0) await tx.updateTable('pricingAlerts').set({ metSince: null }).where('id', 'in', over).execute();
  if (met.length === 0) return new Set();
  await tx
    .updateTable('pricingAlerts')
    .set({ metSince: now })
    .where('id', 'in', met)
    .where('metSince', 'is', null)
    .execute();
  const noted = await tx
    .selectFrom('pricingAlerts')
    .select('id')
    .where('id', 'in', met)
    .where('metSince', '=', now)
    .execute();
  return new Set(noted.map(({ id }) => id));
}

/** Deletes a tenant's alert. @returns the alert, or `undefined` if there was none */
export async function removeAlert(tx: Tx, { clientId, id }: { readonly clientId: string; readonly id: string }) {
  const alert = await tx
    .selectFrom('pricingAlerts')
    .select(['poolId', 'direction', 'threshold'])
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .forUpdate()
    .executeTakeFirst();
  if (alert) await tx.deleteFrom('pricingAlerts').where('id', '=', id).where('clientId', '=', clientId).execute();
  return alert;
}
