import type { Tx } from '../../shared/db.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import type { SystemEvent } from '../event/events.ts';
import { promote } from './promote.ts';
import { provideStandby } from './provide-standby.ts';
import { type Failure, markFailed } from './standby-rows.ts';
import { canTakeOver } from './standbys.ts';

type State = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/** Promotes a standby that can take over if EC2 is reclaiming the primary (protocol 9.5). @returns whether it did */
export async function failOverIfPending(tx: Tx, state: State, standby: Standby, now: Date): Promise<boolean> {
  const { agent, primary } = state;
  const isPending = agent.pendingTerminationInstance !== null && agent.pendingTerminationInstance === primary?.id;
  if (!isPending || !canTakeOver(standby)) return false;
  await promote(tx, state, standby, { cause: 'failover' }, now);
  return true;
}

/**
 * Marks a launch or standby as failed; its instance, if any, ends as `failure.endsAt` says. If EC2 is reclaiming the
 * primary, the next pool is tried at once.
 */
export async function failStandby(tx: Tx, state: State, standby: Standby, failure: Failure, now: Date): Promise<void> {
  const { agent } = state;
  await markFailed(tx, standby, failure, now);
  const failed: SystemEvent = {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId: standby.instanceId ?? undefined,
    type: 'replica_failed',
    severity: 'warning',
    message: `The standby of agent ${agent.logicalAgentId} in ${standby.poolId} failed: ${failure.why.slice(0, 500)}`,
    metadata: { replicaId: standby.id },
    notify: true,
    dedupeKey: `replica_failed:${standby.id}`,
  };
  await replaceLost(tx, state, standby, failed, now);
}

/** Records the loss of a standby and does what the standby policy then asks for. */
export async function replaceLost(tx: Tx, state: State, lost: Standby, loss: SystemEvent, now: Date): Promise<void> {
  const left = { ...state, standbys: state.standbys.filter(({ id }) => id !== lost.id) };
  await provideStandby(tx, left, { occasion: 'standby-lost', also: [loss] }, now);
}
