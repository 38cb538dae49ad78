import { type ExpressionBuilder, sql } from 'kysely';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { healthEnv } from '../../shared/env.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { Replica, Schema } from '../../shared/schema.ts';
import { inList } from '../agent/primary.ts';
import { changeFreeAgents } from '../agent/skip-locked.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { insertStandby } from './create.ts';
import { endReplica, failOverIfPending, failReplica } from './lifecycle.ts';
import { losesItsPrimary, survivedMs, tryNextPool } from './next-pool.ts';
import { standbysThatCanTakeOver } from './notices.ts';
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
  return forEachIsolated('ending a standby', overdue, ({ id, agentId, clientId, lastSeenAt }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId, replicaId: id }, { wait: false });
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
  const agents = await db
    .selectFrom('agents')
    .select('id')
    .where('pendingTerminationAt', '<=', new Date(now.getTime() - survivedMs))
    .where('lastHeartbeatAt', '>', new Date(now.getTime() - 2 * minuteMs))
    .limit(batch)
    .execute();
  return updateFree(db, agents, (tx, ids) =>
    tx
      .updateTable('agents')
      .set((eb) => ({ pendingTerminationAt: null, pendingTerminationInstance: null, version: eb('version', '+', 1) }))
      .where('id', 'in', ids)
      .where('pendingTerminationAt', '<=', new Date(now.getTime() - survivedMs))
      .executeTakeFirst(),
  );
}

/** One statement for many agents, without those that somebody else holds. @returns how many rows it changed */
const updateFree = (
  db: Db,
  agents: readonly { readonly id: string }[],
  update: (tx: Tx, ids: string[]) => Promise<{ numUpdatedRows?: bigint; numAffectedRows?: bigint }>,
): Promise<number> => {
  const ids = [...new Set(agents.map(({ id }) => id))];
  return changeFreeAgents(db, ids, 0, async (tx, free) => {
    const { numUpdatedRows, numAffectedRows } = await update(
      tx,
      free.map(({ id }) => id),
    );
    return Number(numUpdatedRows ?? numAffectedRows ?? 0n);
  });
};

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
  return forEachIsolated('finishing a failover', agents, ({ id, clientId }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId: id }, { wait: false });
      const standby = bestStandby(state.standbys);
      return standby !== undefined && failOverIfPending(tx, state, standby, now);
    }),
  );
}

/** The machines that failed over and that EC2 has taken by now: nobody has to terminate them. */
async function confirmTaken(db: Db, now: Date): Promise<number> {
  const takenBefore = new Date(now.getTime() - takenMs);
  const agents = await db
    .selectFrom('instances as i')
    .innerJoin('spotInterruptionEvents as e', (join) =>
      join
        .onRef('e.instanceId', '=', 'i.id')
        .onRef('e.agentId', '=', 'i.agentId')
        .on('e.signalType', '=', 'termination-notice')
        .on('e.failoverCompleted', '=', true),
    )
    .select('i.agentId as id')
    .where('i.instanceStatus', '=', 'zombie')
    .where('e.terminationTime', '<=', takenBefore)
    .limit(batch)
    .execute();
  return updateFree(db, agents, (tx, ids) =>
    sql`
      UPDATE instances AS i INNER JOIN spot_interruption_events AS e
        ON e.instance_id = i.id AND e.agent_id = i.agent_id AND e.signal_type = 'termination-notice'
        AND e.failover_completed AND e.termination_time <= ${takenBefore}
      SET i.instance_status = 'terminated', i.terminated_at = e.termination_time, i.termination_confirmed = TRUE,
          i.version = i.version + 1
      WHERE i.agent_id IN ${inList(ids)} AND i.instance_status = 'zombie'`.execute(tx),
  );
}

/** Agents that should have a standby and have none. Those whose machine is being taken come first, the others in turn. */
async function makeMissing(db: Db, now: Date): Promise<number> {
  const agents = await db
    .selectFrom('agents as a')
    .select(['a.id', 'a.clientId'])
    .where((eb) => wantsStandby(eb, now))
    .orderBy(sql`a.pending_termination_at IS NULL`)
    .orderBy(sql`CRC32(CONCAT(a.id, ${now.toISOString()}))`)
    .limit(batch)
    .execute();
  return forEachIsolated('making a standby', agents, ({ id, clientId }) =>
    transact(db, async (tx) => {
      const state = await lockAgent(tx, { clientId, agentId: id }, { wait: false });
      const wanting = tx.selectFrom('agents as a').select('a.id').where('a.id', '=', id);
      if (!state.primary || !(await wanting.where((eb) => wantsStandby(eb, now)).executeTakeFirst())) return false;
      if (losesItsPrimary(state, now)) return tryNextPool(tx, state, now);
      return keepOne(tx, state, now, { emergency: !state.agent.manualReplicaEnabled });
    }),
  );
}

/**
 * The agents without a standby that should have one: in manual mode; while their machine may be taken, where the standby
 * that was made for that has failed or there was no pool, but not where it was let go; and while it is being taken.
 */
function wantsStandby(eb: ExpressionBuilder<Schema & { a: Schema['agents'] }, 'a'>, now: Date) {
  const standbys = eb.selectFrom('replicaInstances as r').select('r.id').whereRef('r.agentId', '=', 'a.id');
  const isServed = eb.and([
    eb('a.enabled', '=', true),
    eb('a.status', '=', 'online'),
    eb.or([eb('a.agentVersion', 'is', null), eb('a.agentVersion', 'not like', '3.%')]),
  ]);
  const recommended = eb.and([
    eb('a.lastRebalanceRecommendationAt', '>', new Date(now.getTime() - falseAlarmMs)),
    eb('a.autoSwitchEnabled', '=', true),
    eb('a.currentMode', '=', 'spot'),
    eb.or([eb('a.lastSwitchAt', 'is', null), eb('a.lastSwitchAt', '<', eb.ref('a.lastRebalanceRecommendationAt'))]),
    eb.not(eb.exists(eb.selectFrom('commands as c').select('c.id').whereRef('c.openSwitchOf', '=', 'a.id'))),
    eb.not(
      eb.exists(
        standbys
          .whereRef('r.createdAt', '>=', 'a.lastRebalanceRecommendationAt')
          .where('r.status', 'in', ['terminated', 'promoted']),
      ),
    ),
  ]);
  return eb.and([
    eb.or([
      eb.and([isServed, hasBackedOff(now), eb.or([eb('a.manualReplicaEnabled', '=', true), recommended])]),
      // Later than that there is nobody left to launch one.
      eb.and([
        eb('a.pendingTerminationAt', '>', new Date(now.getTime() - survivedMs)),
        eb('a.status', '<>', 'deleted'),
      ]),
    ]),
    eb.not(eb.exists(standbys.where('r.status', 'in', ['launching', 'syncing', 'ready']))),
  ]);
}

/**
 * After a launch that failed an agent is asked again a minute later, and after twice as long each time, up to half an hour
 * (contract 12.4). Pools have a quarantine of their own (`isQuarantined`); with many pools that alone is no back-off.
 */
const hasBackedOff = (now: Date) => sql<boolean>`COALESCE((
  SELECT TIMESTAMPADD(SECOND, LEAST(60 * POW(2, COUNT(*) - 1), 1800), MAX(f.failed_at)) FROM replica_instances AS f
  WHERE f.agent_id = a.id AND f.status = 'failed' AND f.failed_at > ${new Date(now.getTime() - 60 * minuteMs)}
    AND f.launch_claimed_at IS NOT NULL AND f.ready_at IS NULL) <= ${now}, TRUE)`;

interface Keeping {
  /** For a machine that may be taken away; otherwise for manual mode, in which one standby is always there. */
  readonly emergency?: boolean;
  /** What else has happened, to be recorded with it. */
  readonly also?: readonly SystemEvent[];
}

/**
 * Enters a standby. Pools in which launches fail are left alone for a growing while.
 * @returns whether there was a pool; without one nothing is recorded either
 */
export async function keepOne(
  tx: Tx,
  state: StandbyState,
  now: Date,
  { emergency = false, also = [] }: Keeping = {},
): Promise<boolean> {
  const pool = await findPool(tx, state, { emergency }, now);
  if (!pool) return false;
  const type = emergency ? 'automatic-rebalance' : 'manual';
  await insertStandby(tx, state, pool, { type, createdBy: 'coordinator' }, now, ...also);
  return true;
}
