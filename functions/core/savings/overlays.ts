import type { Db } from '../../shared/db.ts';
import type { Overlay } from './overlay.ts';

/** Reads what tenants pay in place of public prices; says it of each. */
export type OverlayReader = (clientIds: readonly string[]) => Promise<(clientId: string) => readonly Overlay[]>;

/** @returns a reader that reads each tenant once: a run accounts for the agents of a tenant in many batches and hours */
export function overlayReader(db: Db): OverlayReader {
  const known = new Map<string, readonly Overlay[]>();
  return async (clientIds) => {
    const unknown = [...new Set(clientIds)].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const rows = await db
        .selectFrom('clientPriceOverlays')
        .select(['clientId', 'instanceType', 'mode', 'multiplier', 'hourlyPrice'])
        .where('clientId', 'in', unknown)
        .execute();
      const byClient = Map.groupBy(rows, ({ clientId }) => clientId);
      for (const id of unknown) known.set(id, byClient.get(id) ?? []);
    }
    return (clientId) => known.get(clientId) ?? [];
  };
}
