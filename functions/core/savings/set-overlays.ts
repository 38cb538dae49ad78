import { randomUUID } from 'node:crypto';
import { type Db, transact } from '../../shared/db.ts';
import { invalidField } from '../../shared/errors.ts';
import { later } from '../../shared/time.ts';
import { audit, type By } from '../event/audit.ts';
import { lockClient } from '../tenant/clients.ts';
import { correctFrom } from './corrections.ts';
import { overlayColumns, type StoredOverlay } from './overlays.ts';

interface Wanted {
  readonly clientId: string;
  readonly overlays: readonly StoredOverlay[];
}

/**
 * Replaces a tenant's price overlays (protocol E11) and schedules the affected hours to be accounted for again, in one
 * transaction. Idempotent.
 * @throws AppError client_not_found, invalid_request
 */
export async function setOverlays(db: Db, { clientId, overlays }: Wanted, by: By, now: Date): Promise<void> {
  refuseOverlaps(overlays);
  const changeId = randomUUID();
  await transact(db, async (tx) => {
    const client = await lockClient(tx, clientId, ['createdAt']);
    const before = await tx
      .selectFrom('clientPriceOverlays')
      .select(overlayColumns)
      .where('clientId', '=', clientId)
      .orderBy('position')
      .execute();
    if (JSON.stringify(before.map(inOrder)) === JSON.stringify(overlays.map(inOrder))) return;
    if (before.length > 0) await tx.deleteFrom('clientPriceOverlays').where('clientId', '=', clientId).execute();
    if (overlays.length > 0)
      await tx
        .insertInto('clientPriceOverlays')
        .values(overlays.map((overlay, position) => ({ clientId, position, ...overlay })))
        .execute();
    const concerned = firstConcerned(before, overlays);
    if (concerned) await correctFrom(tx, { clientId, from: later(concerned, client.createdAt), changeId }, now);
    const act = { clientId, action: 'price_overlays_set', targetId: 'price-overlays' };
    await audit(tx, by, { ...act, before: { overlays: before }, after: { overlays } }, now);
  });
}

/** @throws AppError invalid_request if two overlays for the same type and mode are valid at once: either could apply */
function refuseOverlaps(overlays: readonly StoredOverlay[]): void {
  for (const [i, one] of overlays.entries())
    for (const [n, other] of overlays.slice(0, i).entries())
      if (one.instanceType === other.instanceType && one.mode === other.mode && isAtOnce(one, other))
        throw invalidField(
          `overlays.${i}`,
          `applies to ${one.instanceType || 'all types'} (${one.mode}) at the same time as overlays.${n}; one must end before the other begins`,
        );
}

type Validity = Pick<StoredOverlay, 'validFrom' | 'validUntil'>;
const startsBefore = (a: Validity, b: Validity) =>
  (a.validFrom?.getTime() ?? Number.NEGATIVE_INFINITY) < (b.validUntil?.getTime() ?? Number.POSITIVE_INFINITY);
const isAtOnce = (a: Validity, b: Validity) => startsBefore(a, b) && startsBefore(b, a);

const inOrder = (overlay: StoredOverlay) => Object.fromEntries(overlayColumns.map((name) => [name, overlay[name]]));

/** When the first added or removed overlay begins; the epoch if it has no start. `undefined` if no price changed. */
function firstConcerned(before: readonly StoredOverlay[], after: readonly StoredOverlay[]): Date | undefined {
  const keyOf = (overlay: StoredOverlay) => JSON.stringify(inOrder({ ...overlay, name: null }));
  const [was, is] = [before, after].map((all) => new Set(all.map(keyOf)));
  const changed = [...before, ...after].filter((one) => was!.has(keyOf(one)) !== is!.has(keyOf(one)));
  if (changed.length === 0) return undefined;
  return new Date(Math.min(...changed.map(({ validFrom }) => validFrom?.getTime() ?? 0)));
}
