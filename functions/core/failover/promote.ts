import { randomUUID } from 'node:crypto';
import { type Db, type Tx, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import type { Replica } from '../../shared/schema.ts';
import { changePrimary } from '../agent/primary.ts';
import { recordSwitch } from '../command/switch-record.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { type Asked, lockAgent, type StandbyState } from './state.ts';

/** How a standby becomes the primary. */
export interface Manner {
  readonly trigger: 'manual' | 'emergency';
  /** Keeps the old primary as the next standby, instead of letting it go. */
  readonly demote: boolean;
  readonly now: Date;
}

/** Whether this standby can take over: it is a machine, and it has come up or is coming up. */
export const canTakeOver = (replica: Replica) =>
  replica.instanceId !== null && (replica.status === 'ready' || replica.status === 'syncing');

/** Of several standbys: one that is ready before one that is not, then the oldest (contract R9). */
export function bestStandby(standbys: readonly Replica[], preferredId?: string): Replica | undefined {
  const rank = (replica: Replica) => [replica.id === preferredId ? 0 : 1, replica.status === 'ready' ? 0 : 1];
  return standbys.filter(canTakeOver).toSorted((a, b) => {
    const [a1, a2] = rank(a) as [number, number];
    const [b1, b2] = rank(b) as [number, number];
    return a1 - b1 || a2 - b2 || a.createdAt.getTime() - b.createdAt.getTime();
  })[0];
}

/**
 * Makes a standby the primary, in the caller's transaction, under the agent's lock: four statements, one more with
 * `demote`. The standby, its machine, the old primary, the agent and, in a failover, the notice change together.
 */
export async function promote(tx: Tx, state: StandbyState, replica: Replica, { trigger, now, ...manner }: Manner) {
  const demote = manner.demote && state.standbys.every(({ id }) => id === replica.id); // one standby is enough
  const { agent, primary, notice } = state;
  const instanceId = replica.instanceId!;
  const failover =
    trigger === 'emergency' && notice
      ? { noticeId: notice.id, timeMs: Math.max(0, now.getTime() - notice.announcedAt.getTime()) }
      : undefined;
  await changePrimary(tx, {
    agentId: agent.id,
    clientId: agent.clientId,
    epoch: agent.epoch,
    now,
    next: {
      instanceId,
      instanceType: replica.instanceType,
      region: replica.region,
      az: replica.az,
      mode: 'spot',
      spotPrice: replica.hourlyCost === null ? undefined : Number(replica.hourlyCost),
      onDemandPrice: primary?.onDemandPrice,
      launchedAt: replica.launchedAt ?? undefined,
    },
    wasPrimary: false,
    former: primary ? [{ instanceId: primary.id, becomes: demote ? 'running_replica' : 'zombie' }] : [],
    isSwitch: true,
    staysSwitching: state.openSwitch?.status === 'dispatched',
    promotion: { replicaId: replica.id, failover },
  });
  if (demote && primary) await keepAsStandby(tx, state, now);
  await recordSwitch(tx, {
    clientId: agent.clientId,
    agentId: agent.id,
    commandId: undefined,
    from: {
      instanceId: primary?.id ?? 'none',
      instanceType: primary?.instanceType ?? undefined,
      region: primary?.region ?? undefined,
      az: primary?.az ?? undefined,
      mode: primary?.mode,
      poolId: primary?.poolId ?? undefined,
      spotPrice: primary?.spotPrice,
    },
    to: {
      instanceId,
      instanceType: replica.instanceType,
      region: replica.region,
      az: replica.az,
      mode: 'spot',
      poolId: replica.poolId,
      spotPrice: replica.hourlyCost === null ? undefined : Number(replica.hourlyCost),
    },
    onDemandPrice: primary?.onDemandPrice,
    trigger,
    timing: {
      initiatedAt: now,
      launchedAt: replica.launchedAt ?? undefined,
      readyAt: replica.readyAt ?? undefined,
      trafficSwitchedAt: now,
    },
    inferred: false,
    now,
  });
  await record(tx, now, announcement(state, replica, trigger, now));
}

/** The old primary goes on as the standby of the new one (contract R3, 3). */
async function keepAsStandby(tx: Tx, { agent, primary }: StandbyState, now: Date) {
  if (!primary?.instanceType || !primary.region || !primary.az) return;
  await tx
    .insertInto('replicaInstances')
    .values({
      id: randomUUID(),
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId: primary.id,
      replicaType: 'manual',
      poolId: `${primary.instanceType}.${primary.az}`,
      instanceType: primary.instanceType,
      region: primary.region,
      az: primary.az,
      status: 'ready',
      syncStatus: 'synced',
      stateTransferProgress: '100',
      createdBy: 'promotion',
      hourlyCost: primary.spotPrice ?? null,
      launchedAt: now,
      readyAt: now,
      createdAt: now,
    })
    .onDuplicateKeyUpdate({ status: 'ready', syncStatus: 'synced', readyAt: now, createdAt: now, promotedAt: null })
    .execute();
}

function announcement(
  { agent, primary }: StandbyState,
  replica: Replica,
  trigger: Manner['trigger'],
  now: Date,
): SystemEvent {
  const isEmergency = trigger === 'emergency';
  return {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: replica.instanceId ?? undefined,
    type: isEmergency ? 'failover_completed' : 'replica_promoted',
    severity: isEmergency ? 'warning' : 'info',
    message: isEmergency
      ? `EC2 takes ${primary?.id ?? 'the primary'} of agent ${agent.logicalAgentId} away: ${replica.instanceId} in ${replica.poolId} took over`
      : `${replica.instanceId} in ${replica.poolId} took over agent ${agent.logicalAgentId}${primary ? ` from ${primary.id}` : ''}`,
    metadata: { replicaId: replica.id, formerInstanceId: primary?.id ?? null, trigger },
    notify: true,
    dedupeKey: `promoted:${replica.id}:${now.getTime()}`,
  };
}

interface PromoteCall extends Asked {
  readonly replicaId: string;
  readonly demote: boolean;
  readonly now: Date;
}

/**
 * R3: somebody wants this standby to take over.
 * @throws AppError agent_not_found, replica_not_found, replica_not_ready, replica_has_no_machine, command_in_flight
 */
export async function promoteReplica(db: Db, call: PromoteCall) {
  const { demote, now } = call;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, call);
    const { agent, named: replica, openSwitch, primary } = state;
    const done = replica?.status === 'promoted' && replica.instanceId === agent.instanceId;
    if (!done) {
      if (!replica?.isActive)
        throw new AppError('replica_not_found', `Agent has no active replica ${call.replicaId.slice(0, 64)}`);
      if (replica.status !== 'ready' && replica.status !== 'syncing')
        throw new AppError(
          'replica_not_ready',
          `Replica is ${replica.status}: only one that is ready or syncing can be promoted`,
          {
            current_status: replica.status,
            required_status: ['ready', 'syncing'],
          },
        );
      if (replica.instanceId === null)
        throw new AppError('replica_has_no_machine', 'Replica has no machine yet: wait until it is launched');
      if (openSwitch?.status === 'dispatched')
        throw new AppError('command_in_flight', 'A switch of this agent is under way: wait until it is done');
      await promote(tx, state, replica, { trigger: 'manual', demote, now });
    }
    const before = done ? await switchTo(tx, replica) : { oldId: primary?.id ?? null, at: now };
    return {
      success: true as const,
      message: 'Replica promoted',
      new_instance_id: replica.instanceId!,
      old_instance_id: before.oldId,
      demoted: demote,
      switch_time: before.at.toISOString(),
    };
  });
}

/** What a promotion that is done already was answered with. */
async function switchTo(tx: Tx, { clientId, agentId, instanceId, promotedAt }: Replica) {
  const row = await tx
    .selectFrom('switches')
    .select(['oldInstanceId', 'initiatedAt'])
    .where('agentId', '=', agentId)
    .where('clientId', '=', clientId)
    .where('newInstanceId', '=', instanceId!)
    .orderBy('initiatedAt', 'desc')
    .executeTakeFirst();
  const oldId = row && row.oldInstanceId !== 'none' ? row.oldInstanceId : null;
  return { oldId, at: row?.initiatedAt ?? promotedAt! };
}
