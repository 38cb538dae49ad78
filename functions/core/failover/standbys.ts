import { AppError } from '../../shared/errors.ts';
import type { AgentState, KnownInstance, Standby } from '../agent/state.ts';
import { canLaunchStandbys } from './standby-policy.ts';

/** What a standby can do, and which instances can be one. */

/** Whether this standby can take over: it has an instance that is up or coming up. */
export const canTakeOver = ({ instanceId, status }: Pick<Standby, 'instanceId' | 'status'>) =>
  instanceId !== null && (status === 'ready' || status === 'syncing');

/** The best standby that can take over: the preferred one, else ready before syncing, then the oldest (protocol R9). */
export function bestStandby(standbys: readonly Standby[], preferredId?: string): Standby | undefined {
  const rank = ({ id, status }: Standby) => (id === preferredId ? 0 : status === 'ready' ? 1 : 2);
  return standbys
    .filter(canTakeOver)
    .toSorted((a, b) => rank(a) - rank(b) || a.createdAt.getTime() - b.createdAt.getTime())[0];
}

/** @throws AppError replica_not_found */
export function requireStandby({ replica }: AgentState<'replica'>, replicaId: string): Standby {
  if (!replica) throw new AppError('replica_not_found', `Agent has no replica ${replicaId.slice(0, 64)}`);
  return replica;
}

/** @throws AppError agent_too_old */
export function requireLaunches({ agent }: AgentState): void {
  if (canLaunchStandbys(agent)) return;
  throw new AppError('agent_too_old', `Agent has version ${agent.agentVersion}, which cannot launch standbys`, {
    hint: 'Agents of version 4 can: install one on the instance',
  });
}

/**
 * Requires that an instance, if known, is this agent's and not its primary. Without this check a caller could name an
 * instance that is not its own and become its owner through the promotion.
 * @throws AppError instance_of_another_client, replica_has_machine
 */
export function requireOwnInstance({ agent, instance }: AgentState<'instance'>, instanceId: string): void {
  if (instance && (instance.clientId !== agent.clientId || instance.agentId !== agent.id))
    throw new AppError('instance_of_another_client', `Instance ${instanceId} does not belong to this agent`);
  if (instance?.isPrimary) throw new AppError('replica_has_machine', `Instance ${instanceId} is the agent's primary`);
}

/** Whether an instance is being retired. It cannot be a standby: a promotion would bring it back to life. */
export const isRetired = (instance: KnownInstance | undefined) =>
  instance?.instanceStatus === 'zombie' || instance?.instanceStatus === 'terminated';
