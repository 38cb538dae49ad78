import type { Selectable } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { ClientPriceOverlayTable } from '../../shared/schema.ts';
import type { Overlay } from './overlay.ts';

/** A price overlay as it is stored. */
export type StoredOverlay = Omit<Selectable<ClientPriceOverlayTable>, 'clientId' | 'position'>;

export const overlayColumns = [
  'name',
  'instanceType',
  'mode',
  'multiplier',
  'hourlyPrice',
  'validFrom',
  'validUntil',
] as const satisfies readonly (keyof StoredOverlay)[];

/** Reads the overlays of these tenants; the result looks them up by tenant. */
export type OverlayReader = (clientIds: readonly string[]) => Promise<(clientId: string) => readonly Overlay[]>;

/** @returns a reader that reads each tenant once, although a run needs its overlays in many batches and hours */
export function overlayReader(db: Db): OverlayReader {
  const known = new Map<string, readonly Overlay[]>();
  return async (clientIds) => {
    const unknown = [...new Set(clientIds)].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const rows = await db
        .selectFrom('clientPriceOverlays')
        .select(['clientId', ...overlayColumns])
        .where('clientId', 'in', unknown)
        .execute();
      const byClient = Map.groupBy(rows, ({ clientId }) => clientId);
      for (const id of unknown) known.set(id, (byClient.get(id) ?? []).map(toOverlay));
    }
    return (clientId) => known.get(clientId) ?? [];
  };
}

export const toOverlay = ({ name, instanceType, mode, validFrom, validUntil, ...price }: StoredOverlay): Overlay => ({
  label: name?.replaceAll('\n', ' ') ?? `${mode}, ${instanceType || 'all types'}`,
  instanceType,
  mode,
  multiplier: price.multiplier,
  hourlyPrice: price.hourlyPrice,
  from: validFrom?.getTime(),
  until: validUntil?.getTime(),
});
