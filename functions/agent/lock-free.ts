import type { Tx } from '../shared/db.ts';

/**
 * Locks those of these agents that nobody else holds: one statement. A job passes over the others until its next run.
 * Whoever holds one is changing it; or was killed, and then the Data API keeps what it locked for three minutes, for which
 * one agent must not hold up all.
 * What they are then changed by has to name them by their ids alone: by another index the update would wait for all.
 * @param ids at least one
 * @returns what they are now
 */
export async function lockFreeAgents(tx: Tx, ids: readonly string[]) {
  return tx
    .selectFrom('agents')
    .select(['id', 'status', 'lastHeartbeatAt'])
    .where('id', 'in', ids)
    .forUpdate()
    .skipLocked()
    .execute();
}
