import type { Db, Tx } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import type { Command } from '../../shared/schema.ts';
import { changeFreeAgents } from '../agent/lock.ts';
import { closeUnreported } from './close-unreported.ts';

const size = 100;

/**
 * Closes commands whose time has run out (protocol 7.3, 9.1). One that nobody fetched expires. One that was dispatched
 * and never reported is completed if its successor lives, or has served and been replaced since; otherwise it failed.
 * An agent that terminates its own instance never reports, so most of its switches end here.
 * @param now the scheduled time, not the clock's
 */
export function closeDueCommands(db: Db, time: RunTime, now: Date): Promise<number> {
  const read = (after: DueCommand | undefined) => dueCommands(db, after, now);
  return sumOfPages({ read, size }, (page) => closeEach(db, page, time, now), time);
}

type DueCommand = Pick<Command, 'id' | 'agentId' | 'clientId' | 'status'>;

const dueCommands = (db: Db, after: DueCommand | undefined, now: Date) =>
  db
    .selectFrom('commands')
    .select(['id', 'agentId', 'clientId', 'status'])
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'dispatched'), eb('leaseUntil', '<=', now)]),
        eb.and([eb('status', '=', 'pending'), eb('expiresAt', '<=', now)]),
      ]),
    )
    .$if(after !== undefined, (query) => query.where('id', '>', after!.id))
    .orderBy('id')
    .limit(size)
    .execute();

function closeEach(db: Db, page: readonly DueCommand[], { hasTime }: RunTime, now: Date): Promise<number> {
  const close = (command: DueCommand) =>
    changeFreeAgents(db, { ids: [command.agentId], none: false }, async (tx) => {
      await (command.status === 'pending' ? expire(tx, command, now) : closeUnreported(tx, command, now));
      return true;
    });
  return forEachIsolated('closing a command', page, close, { hasTime });
}

const expire = (tx: Tx, { id, clientId }: DueCommand, now: Date) =>
  tx
    .updateTable('commands')
    .set({ status: 'expired', message: 'no agent fetched it in time', completedAt: now })
    .where('id', '=', id)
    .where('clientId', '=', clientId)
    .where('status', '=', 'pending')
    .execute();
