import { type Db, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { standbysThatCanTakeOver } from '../agent/interruption.ts';
import { lockAgent } from '../agent/lock.ts';
import { failOverIfPending } from './fail-over.ts';
import { forNotice } from './notices.ts';
import { bestStandby } from './standbys.ts';

const size = 100;

/**
 * Promotes standbys that came up while EC2 is reclaiming their agent's primary and that no request has promoted.
 * @returns how many were promoted
 */
export function finishFailovers(db: Db, time: RunTime, now: Date): Promise<number> {
  const read = (after: Candidate | undefined) => candidates(db, after);
  return sumOfPages({ read, size }, (page) => finishEach(db, page, time, now), time);
}

type Candidate = Awaited<ReturnType<typeof candidates>>[number];

const candidates = (db: Db, after: { readonly id: string } | undefined) =>
  db
    .selectFrom('agents')
    .select(['id', 'clientId'])
    .where('pendingTerminationAt', 'is not', null)
    .where('status', '<>', 'deleted')
    .where((eb) => eb.exists(standbysThatCanTakeOver(eb)))
    .$if(after !== undefined, (query) => query.where('id', '>', after!.id))
    .orderBy('id')
    .limit(size)
    .execute();

function finishEach(db: Db, page: readonly Candidate[], { hasTime }: RunTime, now: Date) {
  const work = ({ id, clientId }: Candidate) =>
    transact(db, async (tx) => {
      const of = { clientId, agentId: id, skipLocked: true, with: forNotice(undefined) };
      const state = await lockAgent(tx, of, now);
      const standby = bestStandby(state.standbys);
      return standby !== undefined && failOverIfPending(tx, state, standby, now);
    });
  return forEachIsolated('finishing a failover', page, work, { hasTime });
}
