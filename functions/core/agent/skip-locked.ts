import { type Db, type Tx, transact } from '../../shared/db.ts';

/**
 * Changes those of these agents that nobody else holds, in one transaction. A job passes over the others until its next run:
 * whoever holds one is changing it; or was killed, and then the Data API keeps what it locked for three minutes, for which
 * one agent must not hold up all.
 * @param change is told what they are now, each locked; it has to name them by their ids alone, for by another index an
 * update would wait for all
 * @returns what `change` returns; `none` where no agent is free
 */
export async function changeFreeAgents<T>(
  db: Db,
  ids: readonly string[],
  none: T,
  change: (tx: Tx, free: Awaited<ReturnType<typeof lockFree>>) => Promise<T>,
): Promise<T> {
  if (ids.length === 0) return none;
  return transact(db, async (tx) => {
    const free = await lockFree(tx, ids);
    return free.length === 0 ? none : change(tx, free);
  });
}

const lockFree = (tx: Tx, ids: readonly string[]) =>
  tx
    .selectFrom('agents')
    .select(['id', 'status', 'lastHeartbeatAt'])
    .where('id', 'in', ids)
    .forUpdate()
    .skipLocked()
    .execute();
