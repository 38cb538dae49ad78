import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { inList } from '../../shared/in-list.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { changeFreeAgents } from '../agent/lock.ts';

/** EC2 has taken an instance for certain this long after the time it gave (protocol 8.4). */
const takenMs = minuteMs;

/**
 * Confirms the end of instances that failed over and that EC2 has taken by now: nobody has to terminate them.
 * Sets columns of: instances.
 * @returns how many
 */
export async function confirmTaken(db: Db, { batch }: { readonly batch: number }, now: Date): Promise<number> {
  const takenBefore = msBefore(now, takenMs);
  const agents = await db
    .selectFrom('instances as i')
    .innerJoin('spotInterruptionEvents as e', (join) =>
      join
        .onRef('e.instanceId', '=', 'i.id')
        .onRef('e.agentId', '=', 'i.agentId')
        .on('e.signalType', '=', 'termination-notice')
        .on('e.failoverCompleted', '=', true),
    )
    .select('i.agentId')
    .distinct()
    .where('i.instanceStatus', '=', 'zombie')
    .where('e.terminationTime', '<=', takenBefore)
    .limit(batch)
    .execute();
  const ids = agents.map(({ agentId }) => agentId);
  return changeFreeAgents(db, { ids, none: 0 }, async (tx, free) => {
    const { numAffectedRows } = await sql`
      UPDATE instances AS i INNER JOIN spot_interruption_events AS e
        ON e.instance_id = i.id AND e.agent_id = i.agent_id AND e.signal_type = 'termination-notice'
        AND e.failover_completed AND e.termination_time <= ${takenBefore}
      SET i.instance_status = 'terminated', i.terminated_at = e.termination_time, i.termination_confirmed = TRUE,
          i.version = i.version + 1
      WHERE i.agent_id IN ${inList(free.map(({ id }) => id))} AND i.instance_status = 'zombie'`.execute(tx);
    return Number(numAffectedRows ?? 0n);
  });
}
