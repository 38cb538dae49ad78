import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { toDecimal } from '../../shared/decimal.ts';

/** Alerts of one tenant. */
export const mostAlerts = 100;

interface NewAlert {
  readonly clientId: string;
  readonly poolId: string;
  readonly direction: 'below' | 'above';
  /** USD per instance-hour. */
  readonly threshold: number;
}

type Outcome = { readonly is: 'added'; readonly id: string } | { readonly is: 'no-pool' } | { readonly is: 'too-many' };

/** Enters an alert on a known pool, unless the tenant has enough of them: one statement, and another that says why not. */
export async function addAlert(
  db: Db,
  { clientId, poolId, direction, threshold }: NewAlert,
  now: Date,
): Promise<Outcome> {
  const id = randomUUID();
  await sql`
    INSERT INTO pricing_alerts (id, client_id, pool_id, direction, threshold, created_at)
    SELECT ${id}, ${clientId}, p.id, ${direction}, ${toDecimal(threshold)}, ${now}
    FROM spot_pools AS p
    WHERE p.id = ${poolId} AND (SELECT COUNT(*) FROM pricing_alerts AS x WHERE x.client_id = ${clientId}) < ${mostAlerts}
    ON DUPLICATE KEY UPDATE id = pricing_alerts.id`.execute(db);
  const { rows } = await sql<{ isAdded: number; isKnown: number }>`
    SELECT EXISTS (SELECT 1 FROM pricing_alerts AS x WHERE x.id = ${id} AND x.client_id = ${clientId}) AS is_added,
      EXISTS (SELECT 1 FROM spot_pools AS p WHERE p.id = ${poolId}) AS is_known`.execute(db);
  if (rows[0]?.isAdded) return { is: 'added', id };
  return rows[0]?.isKnown ? { is: 'too-many' } : { is: 'no-pool' };
}
