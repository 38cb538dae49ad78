import { parseHandle } from '../core/agent/identity.ts';
import { lockAgent } from '../core/agent/lock.ts';
import type { SettingChanges } from '../core/agent/settings.ts';
import type { By } from '../core/event/audit.ts';
import { changeSettings } from '../core/failover/change-settings.ts';
import { deleteAgent } from '../core/failover/delete-agent.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import { mostWorkSeconds } from '../core/wire.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError, agentNotFound, invalidField } from '../shared/errors.ts';
import { msAfter, secondMs } from '../shared/time.ts';

interface OfAgent {
  readonly caller: Caller;
  readonly ref: string;
}

/** Which agent to lock, with the standbys and the open switch that a change of settings may affect. */
const keyOf = ({ caller, ref }: OfAgent) => ({
  clientId: caller.clientId,
  agentId: parseHandle(ref).agentId,
  ref,
  with: { standbys: true, openSwitch: true } as const,
});

/**
 * Enables or disables an agent (protocol C5). A deleted one stays deleted until its process registers again.
 * @throws AppError agent_not_found, agent_deleted
 */
export function toggleAgent(db: Db, { enabled, ...of }: OfAgent & { readonly enabled: boolean }, by: By, now: Date) {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...keyOf(of), deleted: true }, now);
    if (state.agent.status === 'deleted')
      throw new AppError('agent_deleted', 'Agent is deleted', {
        hint: 'It comes back as soon as an instance registers under its logical id',
      });
    await changeSettings(tx, state, { enabled }, by, now);
    return { success: true as const, enabled };
  });
}

/**
 * Changes settings of an agent (protocol C6, C7).
 * @returns the two modes as they are stored now
 * @throws AppError agent_not_found, agent_too_old, invalid_request
 */
export function configureAgent(
  db: Db,
  { asked, ...of }: OfAgent & { readonly asked: SettingChanges },
  by: By,
  now: Date,
) {
  return transact(db, async (tx) => {
    requireDeadlineAhead(asked, now);
    const state = await lockAgent(tx, keyOf(of), now);
    const { autoSwitchEnabled, manualReplicaEnabled } = {
      ...state.agent,
      ...(await changeSettings(tx, state, asked, by, now)),
    };
    return {
      success: true as const,
      auto_switch_enabled: autoSwitchEnabled,
      manual_replica_enabled: manualReplicaEnabled,
    };
  });
}

/** @throws AppError invalid_request for a deadline that has passed, or is further away than the longest allowed work */
function requireDeadlineAhead({ deadline }: SettingChanges, now: Date): void {
  if (!deadline) return;
  const latest = msAfter(now, mostWorkSeconds * secondMs);
  if (deadline <= now || deadline > latest)
    throw invalidField(
      'deadline',
      `must be in the future and no later than ${latest.toISOString()}, not ${deadline.toISOString()}`,
    );
}

/**
 * Deletes an agent (protocol C8). A repeat fails, because the agent is already deleted.
 * @throws AppError agent_not_found
 */
export function removeAgent(db: Db, of: OfAgent, by: By, now: Date) {
  return transact(db, async (tx) => {
    const state = await lockAgent(tx, { ...keyOf(of), deleted: true }, now);
    if (state.agent.status === 'deleted') throw agentNotFound(of.ref);
    await deleteAgent(tx, state, by, now);
    return {
      success: true as const,
      message: `Agent ${state.agent.logicalAgentId} was deleted; its instance keeps running until you terminate it`,
      agent_id: state.agent.id,
    };
  });
}
