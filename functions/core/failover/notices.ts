import { createHash } from 'node:crypto';
import { type ExpressionBuilder, sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { Replica, Schema } from '../../shared/schema.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { canLaunchStandbys, standbyRow } from './create.ts';
import { recordLoss, sendToOnDemand } from './next-pool.ts';
import { type Candidate, findPool } from './placement.ts';
import { bestStandby, promote } from './promote.ts';
import { readMachines, type StandbyState } from './state.ts';

/**
 * What EC2 announced of a machine, by whichever way it came: the agent reads it from the machine's metadata, EventBridge
 * brings it to us. These are rules over rows: they work without model, schedules and decision engine.
 */
export interface Signal {
  readonly clientId: string;
  readonly agentId: string;
  /** The machine that the signal is about. */
  readonly instanceId: string;
  readonly type: 'termination-notice' | 'rebalance-recommendation';
  readonly detectedAt: Date;
  /** When it was announced, by a clock that is believed: EC2's own, or ours. An agent's `detectedAt` is a claim. */
  readonly announcedAt: Date;
  /** When EC2 takes the machine; unknown for a rebalance recommendation. */
  readonly terminationTime: Date | undefined;
  readonly now: Date;
}

export interface Wishes {
  readonly excludeZones?: readonly string[] | undefined;
  readonly preferredZones?: readonly string[] | undefined;
}

/** A machine is taken away once: what is announced again within this time is the same notice, by another way. */
const sameNoticeMs = 15 * 60_000;

/** From EC2's notice to the end of the machine. */
const noticeMs = 120_000;

export type Preparation =
  | {
      readonly kind: 'standby';
      readonly replicaId: string;
      readonly instanceId: string | null;
      readonly existing: boolean;
      readonly pool: Pick<Candidate, 'id' | 'name' | 'az' | 'price'>;
    }
  | { readonly kind: 'on-demand' }
  /** No pool to try now; the machine may yet be taken, or not. */
  | { readonly kind: 'no-pool' }
  | { readonly kind: 'not-primary' };

/**
 * R8: makes sure that a standby is on its way for a machine that EC2 may or will take away. An active one is used;
 * otherwise one is queued for launch, in another pool. A machine that is taken for certain is marked, so that the first
 * standby that comes up takes over even if R9 never comes, and its agent is sent to on-demand where there is no pool.
 * @throws AppError agent_not_found; auto_switch_disabled for a rebalance recommendation where moves are not wanted
 */
export async function prepareStandby(
  db: Db,
  signal: Signal,
  { wishes = {}, seen }: { wishes?: Wishes; seen?: StandbyState | undefined } = {},
): Promise<Preparation> {
  return decided(db, signal, seen, async (tx, state) => {
    if (signal.type === 'rebalance-recommendation' && !state.agent.autoSwitchEnabled)
      throw new AppError('auto_switch_disabled', 'Auto-switch is off: a rebalance recommendation is not acted on', {
        reason: 'auto_switch_disabled',
        hint: 'A termination notice is acted on whatever the settings',
      });
    if (state.primary?.id !== signal.instanceId) return { kind: 'not-primary' };
    const notice = knownNotice(state, signal);
    return arrange(tx, state, signal, { wishes, noticeId: notice?.id });
  });
}

export type Outcome =
  | {
      readonly kind: 'promoted';
      readonly replicaId: string | null;
      readonly newInstanceId: string;
      readonly timeMs: number;
    }
  | { readonly kind: 'pending'; readonly replicaId: string | undefined }
  | { readonly kind: 'on-demand' }
  | { readonly kind: 'standby-lost'; readonly replicaId: string }
  | { readonly kind: 'not-primary' };

/**
 * EC2 takes a machine away (contract R9, 14). A standby that is a machine takes over at once; where there is none yet,
 * the agent is marked, and the first standby that comes up takes over then. The first outcome is the answer to every
 * repeat, whoever brings it.
 * @param options `preferredId`: the standby that the agent knows of; `seen`: what was read of the agent just now
 * @throws AppError agent_not_found
 */
export async function handleTermination(
  db: Db,
  signal: Signal,
  { preferredId, seen }: { preferredId?: string | undefined; seen?: StandbyState | undefined } = {},
): Promise<Outcome> {
  return decided(db, signal, seen, async (tx, state) => {
    const { primary, agent, standbys } = state;
    const notice = knownNotice(state, signal);
    if (notice?.failoverCompleted && agent.instanceId !== null && agent.instanceId !== signal.instanceId)
      return {
        kind: 'promoted',
        replicaId: notice.replicaId,
        newInstanceId: agent.instanceId,
        timeMs: notice.failoverTimeMs ?? 0,
      };
    if (notice?.action === 'standby-lost' && notice.replicaId !== null)
      return { kind: 'standby-lost', replicaId: notice.replicaId };
    const lost = standbys.find((replica) => replica.instanceId === signal.instanceId);
    if (lost) return loseStandby(tx, state, lost, signal);
    if (primary?.id !== signal.instanceId) return { kind: 'not-primary' };
    const standby = bestStandby(standbys, preferredId);
    if (standby) {
      const answered = notice ?? (await insertNotice(tx, state, signal, 'promoted-replica', standby.id));
      await promote(tx, { ...state, notice: answered }, standby, {
        trigger: 'emergency',
        demote: false,
        now: signal.now,
      });
      const timeMs = Math.max(0, signal.now.getTime() - answered.announcedAt.getTime());
      return { kind: 'promoted', replicaId: standby.id, newInstanceId: standby.instanceId!, timeMs };
    }
    if (agent.pendingTerminationInstance === signal.instanceId && standbys[0])
      return { kind: 'pending', replicaId: standbys[0].id };
    const arranged = await arrange(tx, state, signal, { noticeId: notice?.id, wishes: {}, foundNone: true });
    return arranged.kind === 'standby' ? { kind: 'pending', replicaId: arranged.replicaId } : { kind: 'on-demand' };
  });
}

/**
 * Decides in a transaction on what is there, and anew when that has changed meanwhile. The reading takes no lock, so one
 * that was made before the transaction is as good as one within it.
 */
function decided<T>(
  db: Db,
  signal: Signal,
  seen: StandbyState | undefined,
  decide: (tx: Tx, state: StandbyState) => Promise<T>,
): Promise<T> {
  let known = seen;
  return transact(db, async (tx) => {
    const state = known ?? (await readMachines(tx, { ...signal, noticedInstanceId: signal.instanceId }));
    known = undefined;
    return decide(tx, state);
  });
}

/** The notice that this signal repeats, if it does. */
function knownNotice({ notice }: StandbyState, signal: Signal) {
  const { type, now } = signal;
  if (type !== 'termination-notice' || !notice) return undefined;
  const isSame = notice.terminationTime.getTime() === terminationTimeOf(signal).getTime();
  return isSame || now.getTime() - notice.announcedAt.getTime() <= sameNoticeMs ? notice : undefined;
}

/**
 * The same for a signal that is heard twice at once, so that both find the one row there is. The agent and EventBridge do
 * not give quite the same time for the machine's end, so a notice is named by the one before it: both saw that.
 */
function noticeIdOf({ notice }: Pick<StandbyState, 'notice'>, signal: Signal): string {
  const which = signal.type === 'termination-notice' ? (notice?.id ?? 'first') : terminationTimeOf(signal).getTime();
  const key = `${signal.instanceId} ${signal.type} ${which}`;
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

interface Arrangement {
  readonly wishes: Wishes;
  /** Of a notice that is recorded already. */
  readonly noticeId: string | undefined;
  /** It is decided on there being no standby that can take over now. */
  readonly foundNone?: boolean;
}

const standbyTypes = {
  'termination-notice': 'automatic-termination',
  'rebalance-recommendation': 'automatic-rebalance',
} as const;

/** Uses the standby there is, or queues one, or sends the agent to on-demand; and records what was announced. */
async function arrange(
  tx: Tx,
  state: StandbyState,
  signal: Signal,
  { wishes, noticeId, foundNone = false }: Arrangement,
) {
  const { standbys, agent } = state;
  const { now } = signal;
  const existing = bestStandby(standbys) ?? standbys[0];
  const isWanted = !existing && canLaunchStandbys(agent);
  const pool = isWanted ? await findPool(tx, state, { ...wishes, emergency: true }, now) : undefined;
  const replica = pool && {
    ...standbyRow(state, pool, { type: standbyTypes[signal.type], createdBy: 'emergency' }, now),
    interruptionSignalType: signal.type,
    interruptionDetectedAt: signal.detectedAt,
    terminationTime: signal.terminationTime ?? null,
  };
  if (replica) await tx.insertInto('replicaInstances').values(replica).execute();
  const isTaken = signal.type === 'termination-notice';
  // A recommendation is no reason to leave Spot: the coordinator looks for a pool again each minute.
  const leaves = !existing && !replica && isTaken;
  if (leaves) await sendToOnDemand(tx, state, signal);
  const isNew = noticeId === undefined;
  if (isNew)
    await insertNotice(
      tx,
      state,
      signal,
      replica ? 'created-replica' : existing ? 'existing-replica' : leaves ? 'on-demand' : 'no-pool',
      replica?.id ?? existing?.id,
    );
  await markAgent(tx, state, signal, { foundNone, isNew: replica !== undefined });
  if (isNew) await record(tx, now, announcement(state, signal, existing?.poolId ?? replica?.poolId));
  if (existing)
    return {
      kind: 'standby',
      replicaId: existing.id,
      instanceId: existing.instanceId,
      existing: true,
      pool: {
        id: existing.poolId,
        name: existing.poolId,
        az: existing.az,
        price: existing.hourlyCost === null ? null : Number(existing.hourlyCost),
      },
    } as const;
  if (replica && pool)
    return { kind: 'standby', replicaId: replica.id, instanceId: null, existing: false, pool } as const;
  return { kind: leaves ? 'on-demand' : 'no-pool' } as const;
}

/** The first that is heard of a machine's end, with the pool that it is in. What was done then stays on record. */
async function insertNotice(
  tx: Tx,
  { agent, notice, primary }: Pick<StandbyState, 'agent' | 'notice'> & { primary: Place | undefined },
  signal: Signal,
  action: string,
  replicaId: string | undefined,
) {
  const { type, detectedAt, now } = signal;
  const id = noticeIdOf({ notice }, signal);
  const terminationTime = terminationTimeOf(signal);
  await tx
    .insertInto('spotInterruptionEvents')
    .values({
      id,
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId: signal.instanceId,
      signalType: type,
      terminationTime,
      poolId: primary?.poolId ?? null,
      instanceType: primary?.instanceType ?? null,
      region: primary?.region ?? null,
      az: primary?.az ?? null,
      detectedAt,
      responseAction: action,
      replicaId: replicaId ?? null,
      replicaReady: action === 'promoted-replica',
      failoverCompleted: false,
      createdAt: now,
    })
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotInterruptionEvents.id') }))
    .execute();
  return {
    id,
    detectedAt,
    announcedAt: signal.announcedAt,
    terminationTime,
    action,
    replicaId: replicaId ?? null,
    failoverCompleted: false,
    failoverTimeMs: null,
  };
}

type Place = Pick<NonNullable<StandbyState['primary']>, 'poolId' | 'instanceType' | 'region' | 'az'>;

/** A recommendation has no end: agents repeat it after a restart, so it stands once a machine and hour. */
function terminationTimeOf({ type, terminationTime, detectedAt }: Signal): Date {
  if (type === 'termination-notice') return terminationTime ?? new Date(detectedAt.getTime() + noticeMs);
  return new Date(Math.floor(detectedAt.getTime() / 3600_000) * 3600_000);
}

/**
 * The epoch holds that the machine is still the primary it was when this was decided. An answer that there is no standby
 * must not overlook one that has come up since: nobody would say so again.
 */
async function markAgent(
  tx: Tx,
  { agent }: StandbyState,
  signal: Signal,
  { foundNone, isNew }: { foundNone: boolean; isNew: boolean },
) {
  const isTermination = signal.type === 'termination-notice';
  const result = await tx
    .updateTable('agents')
    .set((eb) => ({
      version: eb('version', '+', 1),
      lastInterruptionSignal: signal.type,
      ...(isTermination ? { lastTerminationNoticeAt: signal.now } : { lastRebalanceRecommendationAt: signal.now }),
      ...(isNew && { emergencyReplicaCount: eb('emergencyReplicaCount', '+', 1) }),
      ...(isTermination && {
        pendingTerminationAt: terminationTimeOf(signal),
        pendingTerminationInstance: signal.instanceId,
      }),
    }))
    .where('id', '=', agent.id)
    .where('clientId', '=', agent.clientId)
    .where('epoch', '=', agent.epoch)
    .$if(foundNone, (query) => query.where((eb) => eb.not(eb.exists(standbysThatCanTakeOver(eb)))))
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n)
    throw new DatabaseError('conflict', `agent ${agent.id} has left epoch ${agent.epoch}`);
}

/** Of the agent that a statement is about. */
export const standbysThatCanTakeOver = (eb: ExpressionBuilder<Schema, 'agents'>) =>
  eb
    .selectFrom('replicaInstances as r')
    .select('r.id')
    .whereRef('r.agentId', '=', 'agents.id')
    .where('r.instanceId', 'is not', null)
    .where('r.status', 'in', ['syncing', 'ready']);

/** EC2 takes a standby: it is no standby any more, and the coordinator makes another where one is wanted. */
async function loseStandby(tx: Tx, state: StandbyState, replica: Replica, signal: Signal): Promise<Outcome> {
  const { agent } = state;
  const { id: replicaId } = replica;
  const result = await sql`
    UPDATE replica_instances AS r LEFT JOIN instances AS i ON i.id = r.instance_id AND i.agent_id = r.agent_id
    SET r.status = 'failed', r.failed_at = ${signal.now}, r.error_message = 'EC2 took the machine away',
        i.instance_status = 'terminated', i.is_active = FALSE, i.terminated_at = ${terminationTimeOf(signal)}, i.version = i.version + 1
    WHERE r.id = ${replicaId} AND r.client_id = ${agent.clientId} AND r.status IN ('launching', 'syncing', 'ready')`.execute(
    tx,
  );
  if (!result.numAffectedRows) throw new DatabaseError('conflict', `standby ${replicaId} has become something else`);
  await insertNotice(tx, { ...state, primary: replica }, signal, 'standby-lost', replicaId);
  const lost: SystemEvent = {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: signal.instanceId,
    type: 'standby_interrupted',
    severity: 'warning',
    message: `EC2 takes the standby ${signal.instanceId} of agent ${agent.logicalAgentId} away`,
    notify: true,
    dedupeKey: `standby_interrupted:${signal.instanceId}`,
  };
  await recordLoss(tx, state, replica, signal.now, lost);
  return { kind: 'standby-lost', replicaId };
}

function announcement(state: StandbyState, signal: Signal, poolId: string | undefined): SystemEvent {
  const { agent } = state;
  const isTaken = signal.type === 'termination-notice';
  const what = isTaken ? 'takes' : 'may take';
  const otherwise = isTaken ? 'there is none to launch, so it goes on-demand' : 'there is none to launch now';
  const answer = poolId ? `a standby in ${poolId} is to take over` : `a standby is wanted, and ${otherwise}`;
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: signal.instanceId,
    type: isTaken ? 'termination_notice' : 'rebalance_recommendation',
    severity: poolId ? 'warning' : 'error',
    message: `EC2 ${what} ${signal.instanceId} of agent ${agent.logicalAgentId} away: ${answer}`,
    notify: true,
    dedupeKey: `announced:${noticeIdOf(state, signal)}`,
  };
}
