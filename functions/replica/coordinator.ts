import { sql } from 'kysely';
import { record, type SystemEvent } from '../notification/events.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { healthEnv } from '../shared/env.ts';
import { logger } from '../shared/logger.ts';
import type { Replica } from '../shared/schema.ts';
import { insertStandby } from './create.ts';
import { endReplica, failOverIfPending, failReplica } from './lifecycle.ts';
import { sendToOnDemand, standbysThatCanTakeOver } from './notices.ts';
import { findPool } from './placement.ts';
import { bestStandby } from './promote.ts';
import { lockAgent, type StandbyState } from './state.ts';

const minuteMs = 60_000;
/** A launch without a machine is given up after this (contract 10.2). */
const launchMs = 10 * minuteMs;
/** So is a standby whose machine has been silent for five times as long as a primary may be: ten minutes, by default. */
const silentMs = () => 5 * healthEnv().HEARTBEAT_TIMEOUT_SECONDS * 1000;
/** An emergency that nothing has come of for this long was a false alarm, or is over (contract 12.4). */
const falseAlarmMs = 120 * minuteMs;
/** A machine that still lives this long after EC2 was to take it is kept (contract 14). */
const survivedMs = 10 * minuteMs;
/** EC2 has taken a machine for certain this long after the time it gave (contract R9). */
const takenMs = minuteMs;

/** Agents and standbys that one run deals with, each by itself; the next run, a minute later, takes the rest. */
const batch = 100;

/**
 * Brings standbys to what they should be (contract 12.4): it reads the whole state and states the wanted one, so a run
 * that is repeated, late or skipped does no harm. What can be done at once is done where it happens; this is for what no
 * call announces: silence, time that has passed, and what failed on the way.
 * @param now the schedule's time, not the clock's
 */
export async function coordinateReplicas(db: Db, now: Date): Promise<number> {
  const ended = await endOverdue(db, now);
  const stoodDown = await clearSurvived(db, now);
  const failedOver = await finishFailovers(db, now);
  const taken = await confirmTaken(db, now);
  const made = await makeMissing(db, now);
  return ended + stoodDown + failedOver + taken + made;
}

/** One that cannot be dealt with holds no other one up: it is logged, and tried again by the next run. */
async function eachAlone<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<number> {
  let changed = 0;
  for (const item of items) {
    try {
      if (await work(item)) changed += 1;
    } catch (error) {
      logger.error('coordination failed', { item, error: error as Error });
    }
  }
  return changed;
}

async function endOverdue(db: Db, now: Date): Promise<number> {
  const silentSince = new Date(now.getTime() - silentMs());
  const unlaunchedSince = new Date(now.getTime() - launchMs);
  const overdue = await db
    .selectFrom('replicaInstances as r')
    .leftJoin('instances as i', (join) => join.onRef('i.id', '=', 'r.instanceId').onRef('i.agentId', '=', 'r.agentId'))
    .select(['r.id', 'r.agentId', 'r.clientId', 'i.lastSeenAt'])
    .where('r.status', 'in', ['launching', 'syncing', 'ready'])
    .where((eb) =>
      eb.or([
        eb.and([eb('r.instanceId', 'is', null), eb('r.createdAt', '<=', unlaunchedSince)]),
        eb.and([eb('i.lastSeenAt', '<=', silentSince)]),
        eb.and([eb('r.replicaType', '<>', 'manual'), eb('r.createdAt', '<=', new Date(now.getTime() - falseAlarmMs))]),
      ]),
    )
    .limit(batch)
    .execute();
  return eachAlone(overdue, ({ id, agentId, clientId, lastSeenAt }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId, replicaId: id });
      const replica = state.named;
      if (!replica?.isActive) return false;
      const isSilent = lastSeenAt !== null && lastSeenAt <= silentSince;
      const unlaunched = replica.instanceId === null && replica.createdAt <= unlaunchedSince;
      return endOne(tx, state, replica, { unlaunched, isSilent, now });
    }),
  );
}

async function endOne(
  tx: Tx,
  state: StandbyState,
  replica: Replica,
  { unlaunched, isSilent, now }: { unlaunched: boolean; isSilent: boolean; now: Date },
): Promise<boolean> {
  if (unlaunched || isSilent) {
    const why = unlaunched ? 'no machine was launched within 10 minutes' : 'its machine has fallen silent';
    await failReplica(tx, state, replica, why, now);
    return true;
  }
  const isOver = replica.replicaType !== 'manual' && now.getTime() - replica.createdAt.getTime() >= falseAlarmMs;
  if (!isOver || state.agent.pendingTerminationInstance !== null) return false;
  await endReplica(tx, replica, { at: now, now, confirmed: replica.instanceId === null });
  await record(tx, now, {
    clientId: replica.clientId,
    agentId: replica.agentId,
    type: 'emergency_stood_down',
    severity: 'info',
    message: `No interruption came within 2 h: the emergency standby of agent ${state.agent.logicalAgentId} is let go`,
    metadata: { replicaId: replica.id },
    notify: true,
    dedupeKey: `stood_down:${replica.id}`,
  });
  return true;
}

/** The machine was to be taken and heart-beats on as the primary: the notice is over. */
async function clearSurvived(db: Db, now: Date): Promise<number> {
  const result = await db
    .updateTable('agents')
    .set((eb) => ({ pendingTerminationAt: null, pendingTerminationInstance: null, version: eb('version', '+', 1) }))
    .where('pendingTerminationAt', '<=', new Date(now.getTime() - survivedMs))
    .where('lastHeartbeatAt', '>', new Date(now.getTime() - 2 * minuteMs))
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** A standby that has come up while its agent's machine is being taken away, and that no call has had take over. */
async function finishFailovers(db: Db, now: Date): Promise<number> {
  const agents = await db
    .selectFrom('agents')
    .select(['id', 'clientId'])
    .where('pendingTerminationAt', 'is not', null)
    .where('status', '<>', 'deleted')
    .where((eb) => eb.exists(standbysThatCanTakeOver(eb)))
    .limit(batch)
    .execute();
  return eachAlone(agents, ({ id, clientId }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId: id });
      const standby = bestStandby(state.standbys);
      return standby !== undefined && failOverIfPending(tx, state, standby, now);
    }),
  );
}

/** The machines that failed over and that EC2 has taken by now: nobody has to terminate them. */
async function confirmTaken(db: Db, now: Date): Promise<number> {
  const result = await sql`
    UPDATE instances AS i INNER JOIN spot_interruption_events AS e
      ON e.instance_id = i.id AND e.agent_id = i.agent_id AND e.signal_type = 'termination-notice'
      AND e.failover_completed AND e.termination_time <= ${new Date(now.getTime() - takenMs)}
    SET i.instance_status = 'terminated', i.terminated_at = e.termination_time, i.termination_confirmed = TRUE,
        i.version = i.version + 1
    WHERE i.instance_status = 'zombie'`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

/** Agents that should have a standby and have none: in manual mode, or while their machine is being taken away. */
async function makeMissing(db: Db, now: Date): Promise<number> {
  const agents = await db
    .selectFrom('agents as a')
    .select(['a.id', 'a.clientId'])
    .where((eb) =>
      eb.or([
        eb.and([eb('a.manualReplicaEnabled', '=', true), eb('a.enabled', '=', true), eb('a.status', '=', 'online')]),
        // Later than that there is nobody left to launch one.
        eb.and([
          eb('a.pendingTerminationAt', '>', new Date(now.getTime() - survivedMs)),
          eb('a.status', '<>', 'deleted'),
        ]),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('replicaInstances as r')
            .select('r.id')
            .whereRef('r.agentId', '=', 'a.id')
            .where('r.status', 'in', ['launching', 'syncing', 'ready']),
        ),
      ),
    )
    .limit(batch)
    .execute();
  return eachAlone(agents, ({ id, clientId }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId: id });
      if (state.standbys.length > 0 || !state.primary) return false;
      if (state.agent.pendingTerminationInstance === state.primary.id) return replaceFailed(tx, state, now);
      return state.agent.manualReplicaEnabled && keepOne(tx, state, now);
    }),
  );
}

/**
 * In manual mode one standby is always there. Pools in which launches fail are left alone for a growing while.
 * @param also what else has happened, to be recorded with it
 * @returns whether there was a pool; without one nothing is recorded either
 */
export async function keepOne(tx: Tx, state: StandbyState, now: Date, ...also: SystemEvent[]): Promise<boolean> {
  const pool = await findPool(tx, state, { emergency: false }, now);
  if (!pool) return false;
  await insertStandby(tx, state, pool, { type: 'manual', createdBy: 'coordinator' }, now, ...also);
  return true;
}

/** The standby that was to take over has failed: the next pool, and when none is left, on-demand. */
async function replaceFailed(tx: Tx, state: StandbyState, now: Date): Promise<boolean> {
  if (state.openSwitch) return false; // on-demand is on its way already
  const pool = await findPool(tx, state, { emergency: true }, now);
  if (pool) await insertStandby(tx, state, pool, { type: 'automatic-termination', createdBy: 'coordinator' }, now);
  else await sendToOnDemand(tx, state, { now });
  return true;
}
