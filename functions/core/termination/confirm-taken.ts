import { sql } from 'kysely';
import { byPrimaryKey } from '../../shared/by-primary-key.ts';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, minuteMs, msBefore } from '../../shared/time.ts';
import { changeFreeAgents } from '../agent/lock.ts';

/** This long after the time that EC2 announced, it has certainly taken the instance (protocol 8.3). */
const takenMs = minuteMs;

/** An end that was not confirmed within a day, because no job ran, is confirmed like those of all other instances. */
const newestMs = dayMs;

/**
 * Confirms the end of instances that failed over and that EC2 has taken by now: nobody has to terminate them.
 * @returns how many
 */
export function confirmTaken(db: Db, time: RunTime, now: Date): Promise<number> {
  const read = (after: Taken | undefined) => takenSince(db, after, now);
  return sumOfPages({ read, size }, (page) => confirm(db, page, now), time);
}

const size = 200;

type Taken = Awaited<ReturnType<typeof takenSince>>[number];

/** Starts from the day's few notices: zombies that tenants keep are never confirmed, so their number only grows. */
const takenSince = (db: Db, after: { readonly id: string } | undefined, now: Date) =>
  db
    .selectFrom('spotInterruptionEvents as e')
    .innerJoin('instances as i', (join) =>
      join
        .onRef('i.id', '=', 'e.instanceId')
        .onRef('i.agentId', '=', 'e.agentId')
        .on('i.instanceStatus', '=', 'zombie'),
    )
    .select(['i.id', 'i.agentId'])
    .distinct()
    .where('e.signalType', '=', 'termination-notice')
    .where('e.failoverCompleted', '=', true)
    .where('e.terminationTime', '>', msBefore(now, newestMs))
    .where('e.terminationTime', '<=', msBefore(now, takenMs))
    .$if(after !== undefined, (query) => query.where('i.id', '>', after!.id))
    .orderBy('i.id')
    .limit(size)
    .execute();

/** Sets columns of: instances. */
function confirm(db: Db, taken: readonly Taken[], now: Date): Promise<number> {
  const ids = [...new Set(taken.map(({ agentId }) => agentId))];
  return changeFreeAgents(db, { ids, none: 0 }, async (tx, free) => {
    const instances = taken.filter(({ agentId }) => free.some(({ id }) => id === agentId));
    const { numAffectedRows } = await sql`
      UPDATE ${byPrimaryKey('instances', 'i')} STRAIGHT_JOIN spot_interruption_events AS e
        ON e.instance_id = i.id AND e.agent_id = i.agent_id AND e.signal_type = 'termination-notice'
        AND e.failover_completed AND e.termination_time <= ${msBefore(now, takenMs)}
      SET i.instance_status = 'terminated', i.terminated_at = COALESCE(i.terminated_at, e.termination_time), i.termination_confirmed = TRUE,
          i.version = i.version + 1
      WHERE i.id IN ${inList(instances.map(({ id }) => id))} AND i.instance_status = 'zombie'`.execute(tx);
    return Number(numAffectedRows ?? 0n);
  });
}
