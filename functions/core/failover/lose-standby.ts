import type { Tx } from '../../shared/db.ts';
import type { AgentState, Standby } from '../agent/state.ts';
import type { SystemEvent } from '../event/events.ts';
import { replaceLost } from './fail-over.ts';
import { insertNotice } from './notice-row.ts';
import { type Signal, terminationTimeOf } from './signal.ts';
import { markFailed } from './standby-rows.ts';

interface Lost {
  readonly standby: Standby;
  readonly signal: Signal;
}

/** Handles EC2 reclaiming a standby: marks it as failed and replaces it if the standby policy asks for one. */
export async function loseStandby(
  tx: Tx,
  state: AgentState<'standbys' | 'openSwitch' | 'notice'>,
  { standby, signal }: Lost,
  now: Date,
) {
  const { agent } = state;
  const { instanceId } = signal;
  await markFailed(
    tx,
    standby,
    { why: 'EC2 interrupted its instance', cause: 'interrupted', endsAt: terminationTimeOf(signal) },
    now,
  );
  await insertNotice(tx, state, { signal, place: standby, action: 'standby-lost', replicaId: standby.id }, now);
  const lost: SystemEvent = {
    clientId: agent.clientId,
    agentId: agent.id,
    instanceId,
    type: 'standby_interrupted',
    severity: 'warning',
    message: `EC2 is ending ${instanceId}, a standby of agent ${agent.logicalAgentId}`,
    notify: true,
    dedupeKey: `standby_interrupted:${instanceId}`,
  };
  await replaceLost(tx, state, standby, lost, now);
  return { kind: 'standby-lost', replicaId: standby.id } as const;
}
