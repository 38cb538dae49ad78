import { type Db, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { standbysThatCanTakeOver } from '../agent/interruption.ts';
import { lockAgent } from '../agent/lock.ts';
import { failOverIfPending } from './fail-over.ts';
import { forNotice } from './notices.ts';
import { bestStandby } from './standbys.ts';

/**
 * Has standbys take over that have come up while their agent's primary is being taken, and that no call has had take over.
 * @returns how many did
 */
export async function finishFailovers(db: Db, { batch }: { readonly batch: number }, now: Date): Promise<number> {
  const agents = await db
    .selectFrom('agents')
    .select(['id', 'clientId'])
    .where('pendingTerminationAt', 'is not', null)
    .where('status', '<>', 'deleted')
    .where((eb) => eb.exists(standbysThatCanTakeOver(eb)))
    .limit(batch)
    .execute();
  return forEachIsolated('finishing a failover', agents, ({ id, clientId }) =>
    transact(db, async (tx) => {
      const of = { clientId, agentId: id, skipLocked: true, with: forNotice(undefined) };
      const state = await lockAgent(tx, of, now);
      const standby = bestStandby(state.standbys);
      return standby !== undefined && failOverIfPending(tx, state, standby, now);
    }),
  );
}
