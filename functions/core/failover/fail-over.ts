import type { Tx } from '../../shared/db.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import type { SystemEvent } from '../event/events.ts';
import { promote } from './promote.ts';
import { provideStandby } from './provide-standby.ts';
import { type Failure, markFailed } from './standby-rows.ts';
import { canTakeOver } from './standbys.ts';

type State = AgentState<'standbys' | 'openSwitch' | 'notice'>;

/** The primary is being taken away and this standby has come up: it takes over (protocol 9.5). @returns whether it did */
export async function failOverIfPending(tx: Tx, state: State, standby: Standby, now: Date): Promise<boolean> {
  const { agent, primary } = state;
  const isPending = agent.pendingTerminationInstance !== null && agent.pendingTerminationInstance === primary?.id;
  if (!isPending || !canTakeOver(standby)) return false;
  await promote(tx, state, standby, { cause: 'failover' }, now);
  return true;
}

/**
 * A launch or a standby came to nothing; what there is of its instance is to be terminated. Where it was to take over from
 * an instance that EC2 takes, the next pool is tried at once.
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

/** Records that a standby is lost, with what the policy makes of that. */
export async function replaceLost(tx: Tx, state: State, lost: Standby, loss: SystemEvent, now: Date): Promise<void> {
  const left = { ...state, standbys: state.standbys.filter(({ id }) => id !== lost.id) };
  await provideStandby(tx, left, { occasion: 'standby-lost', also: [loss] }, now);
}
