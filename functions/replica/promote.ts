import { lockAgent } from '../core/agent/lock.ts';
import type { AgentState, Standby } from '../core/agent/state.ts';
import { audit, type By } from '../core/event/audit.ts';
import { promote } from '../core/failover/promote.ts';
import { type Db, type Tx, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import type { OfReplica } from './of-replica.ts';

interface Promotion extends OfReplica {
  /** Keeps the former primary as the next standby. */
  readonly demote: boolean;
}

/**
 * Makes a standby the primary on request (protocol R3, X24). A repeat changes nothing.
 * @throws AppError agent_not_found, replica_not_found, replica_not_ready, replica_has_no_machine, command_in_flight
 */
export function promoteReplica(db: Db, { clientId, agentId, replicaId, demote }: Promotion, by: By, now: Date) {
  const wanted = { standbys: true, replica: replicaId, openSwitch: true, notice: undefined } as const;
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { clientId, agentId, with: wanted }, now);
    const { agent, replica: standby, primary } = state;
    const done = standby?.status === 'promoted' && standby.instanceId === agent.instanceId;
    const promoted = done ? standby : requirePromotable(state, replicaId);
    if (!done) {
      await promote(tx, state, promoted, { cause: 'promotion', demote }, now);
      const change = {
        before: { instanceId: primary?.id ?? null },
        after: { instanceId: promoted.instanceId, demote },
      };
      const act = { clientId: agent.clientId, action: 'replica_promoted', targetId: replicaId };
      await audit(tx, by, { ...act, ...change }, now);
    }
    const before = done ? await switchTo(tx, promoted) : { oldId: primary?.id ?? null, at: now };
    return {
      success: true as const,
      message: 'Replica promoted',
      new_instance_id: promoted.instanceId!,
      old_instance_id: before.oldId,
      demoted: demote,
      switch_time: before.at.toISOString(),
    };
  });
}

function requirePromotable({ replica: standby, openSwitch }: AgentState<'replica' | 'openSwitch'>, replicaId: string) {
  if (!standby?.isActive)
    throw new AppError('replica_not_found', `Agent has no active replica ${replicaId.slice(0, 64)}`);
  if (standby.status !== 'ready' && standby.status !== 'syncing')
    throw new AppError(
      'replica_not_ready',
      `Replica is ${standby.status}: only one that is ready or syncing can be promoted`,
      { current_status: standby.status, required_status: ['ready', 'syncing'] },
    );
  if (standby.instanceId === null)
    throw new AppError('replica_has_no_machine', 'Replica has no instance yet: wait until it is launched');
  if (openSwitch?.status === 'dispatched')
    throw new AppError('command_in_flight', 'A switch of this agent is under way: wait until it is done');
  return standby;
}

/** What the first response to a completed promotion contained. */
async function switchTo(tx: Tx, { clientId, agentId, instanceId, promotedAt }: Standby) {
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
