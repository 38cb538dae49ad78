import type { By } from '../core/event/audit.ts';
import { overlayColumns, type StoredOverlay } from '../core/savings/overlays.ts';
import { setOverlays } from '../core/savings/set-overlays.ts';
import { clientNotFound } from '../core/tenant/clients.ts';
import { type Caller, ownClient } from '../core/tenant/require-client.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimalOrNull, toDecimal } from '../shared/decimal.ts';
import { iso } from '../shared/time.ts';
import type { PriceOverlaysRequest } from './requests.ts';

interface OfClient {
  readonly caller: Caller;
  readonly clientId: string;
}

/**
 * What a tenant pays instead of public prices, in the tenant's own order (protocol E10). One statement.
 * @throws AppError client_not_found
 */
export const priceOverlays = async (db: Db, of: OfClient) => ({ overlays: (await readOverlays(db, of)).map(toItem) });

/** The stored overlays of a tenant that the caller may see. One statement. @throws AppError client_not_found */
export async function readOverlays(db: Db, { caller, clientId }: OfClient): Promise<StoredOverlay[]> {
  ownClient(caller, clientId);
  const rows = await db
    .selectFrom('clients as c')
    .leftJoin('clientPriceOverlays as o', 'o.clientId', 'c.id')
    .select(overlayColumns.map((column) => `o.${column}` as const))
    .where('c.id', '=', clientId)
    .where('c.deletedAt', 'is', null)
    .orderBy('o.position')
    .execute();
  if (rows.length === 0) throw clientNotFound();
  return rows.flatMap(({ mode, instanceType, ...overlay }) =>
    mode === null || instanceType === null ? [] : [{ ...overlay, mode, instanceType }],
  );
}

/**
 * Replaces all of a tenant's overlays (protocol E11).
 * @throws AppError client_not_found, invalid_request
 */
export async function setPriceOverlays(
  db: Db,
  { caller, clientId, body }: OfClient & { readonly body: PriceOverlaysRequest },
  by: By,
  now: Date,
) {
  ownClient(caller, clientId);
  const overlays = body.overlays.map(toStored);
  await setOverlays(db, { clientId, overlays }, by, now);
  return { success: true as const, overlays: overlays.map(toItem) };
}

const toStored = (line: PriceOverlaysRequest['overlays'][number]): StoredOverlay => ({
  name: line.name ?? null,
  instanceType: line.instance_type ?? '',
  mode: line.mode,
  multiplier: toDecimal(line.multiplier),
  hourlyPrice: toDecimal(line.hourly_price),
  validFrom: line.from,
  validUntil: line.until,
});

/** An overlay as callers read it. */
export const toItem = (overlay: StoredOverlay) => ({
  name: overlay.name,
  instance_type: overlay.instanceType || null,
  mode: overlay.mode,
  multiplier: fromDecimalOrNull(overlay.multiplier),
  hourly_price: fromDecimalOrNull(overlay.hourlyPrice),
  from: iso(overlay.validFrom),
  until: iso(overlay.validUntil),
});
