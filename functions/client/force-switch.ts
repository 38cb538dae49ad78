import { lockAgent } from '../core/agent/lock.ts';
import type { AgentState } from '../core/agent/state.ts';
import { priorities, replaceSwitch, switchCommand } from '../core/command/queue.ts';
import { audit, type By } from '../core/event/audit.ts';
import { record } from '../core/event/events.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import type { TargetMode } from '../shared/schema.ts';
import { cheapestFresh, type InstanceWithPools, readInstancePools } from './instance-pools.ts';
import type { ForceSwitchRequest } from './requests.ts';

interface ForceSwitch {
  readonly caller: Caller;
  readonly instanceId: string;
  readonly body: ForceSwitchRequest;
}

interface Target {
  readonly targetMode: TargetMode;
  readonly targetPoolId: string | null;
}

/**
 * Queues a switch that somebody requests, regardless of limits, gates and most settings (protocol C17). The agent must
 * be enabled. It replaces a queued switch that the agent has not fetched yet.
 * @throws AppError instance_not_found, invalid_request, no_suitable_pool, pool_mismatch, already_there, agent_deleted,
 * instance_not_primary, agent_not_enabled, command_in_flight
 */
export async function forceSwitch(db: Db, { caller, instanceId, body }: ForceSwitch, by: By, now: Date) {
  const known = await readInstancePools(db, { caller, instanceId }, now);
  const target = targetOf(known, body, now);
  const { clientId, agentId } = known.instance;
  const command = await transact(db, async (tx) => {
    const wanted = { openSwitch: true, inFlight: true } as const;
    const state = await lockAgent(tx, { clientId, agentId, deleted: true, with: wanted }, now);
    requireSwitchable(state, instanceId);
    requireElsewhere(state, target);
    const reason = `Forced by ${caller.clientId === undefined ? 'the administrator' : 'the tenant'}`;
    const queued = switchCommand(
      { agent: state.agent, ...target, priority: priorities.manual, createdBy: 'manual', reason },
      now,
    );
    await replaceSwitch(tx, queued, state.openSwitch, now);
    await record(tx, requestOf(state, target, { commandId: queued.id, body }), now);
    const { currentMode: mode, currentPoolId: poolId } = state.agent;
    const change = { before: { mode, poolId }, after: { ...target, commandId: queued.id } };
    await audit(tx, by, { clientId, action: 'switch_forced', targetId: instanceId, ...change }, now);
    return { id: queued.id, isOffline: state.agent.status === 'offline' };
  });
  return {
    success: true as const,
    command_id: command.id,
    message: command.isOffline
      ? 'The switch is queued; the agent is offline, and fetches it if it is back within 24 hours'
      : 'The switch is queued; the agent fetches it on its next poll',
    ...(body.newInstanceType && { ignored: ['new_instance_type'] }),
  };
}

const refuse = (code: ErrorCode, field: string, message: string) =>
  new AppError(code, 'The switch was refused', { details: { [field]: [message] } });

function targetOf({ instance, pools }: InstanceWithPools, { target, poolId }: ForceSwitchRequest, now: Date): Target {
  if (target === 'ondemand') return { targetMode: 'ondemand', targetPoolId: null };
  if (poolId === undefined && target === 'pool')
    throw refuse(
      'invalid_request',
      'pool_id',
      'required if the target is a pool: one of the instance’s type and region, such as m5.large.us-east-1a',
    );
  const pool = poolId === undefined ? cheapestFresh(pools, now) : pools.find(({ id }) => id === poolId);
  if (pool) return { targetMode: 'spot', targetPoolId: pool.id };
  if (poolId === undefined)
    throw new AppError('no_suitable_pool', 'No pool of the instance’s type and region has a fresh price', {
      hint: 'Name a pool, or wait for the agent’s next price report',
    });
  const { instanceType, region } = instance;
  throw refuse(
    'pool_mismatch',
    'pool_id',
    `${poolId} is not a pool of the instance’s type and region (${instanceType}, ${region})`,
  );
}

function requireSwitchable(
  { agent, primary, inFlight, openSwitch }: AgentState<'openSwitch' | 'inFlight'>,
  id: string,
) {
  if (agent.status === 'deleted') throw new AppError('agent_deleted', 'The agent of this instance is deleted');
  if (primary?.id !== id)
    throw new AppError('instance_not_primary', `Instance ${id} is not the primary of its agent`, {
      primary_instance_id: primary?.id ?? null,
    });
  if (!agent.enabled)
    throw new AppError('agent_not_enabled', 'Agent is disabled and would never fetch the switch', {
      hint: 'Enable the agent first',
    });
  if (inFlight)
    throw new AppError('command_in_flight', 'The agent is already carrying out a switch: wait until it is done');
  if (openSwitch?.createdBy === 'emergency')
    throw new AppError('command_in_flight', 'EC2 is interrupting the instance, and the agent is about to leave it');
}

function requireElsewhere({ agent }: AgentState, { targetMode, targetPoolId }: Target) {
  if (agent.currentMode === targetMode && agent.currentPoolId === targetPoolId)
    throw refuse('already_there', 'target', `the instance is already in ${targetPoolId ?? 'on-demand'}`);
}

interface Queued {
  readonly commandId: string;
  readonly body: ForceSwitchRequest;
}

const requestOf = ({ agent, primary }: AgentState, { targetPoolId }: Target, { commandId, body }: Queued) => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: primary?.id,
  type: 'manual_switch_requested',
  severity: 'warning' as const,
  message: `A forced move of agent ${agent.logicalAgentId} to ${targetPoolId ?? 'on-demand'} was queued`,
  metadata: { commandId, target: body.target, newInstanceType: body.newInstanceType ?? null },
  notify: true,
  dedupeKey: `switch_forced:${commandId}`,
});
