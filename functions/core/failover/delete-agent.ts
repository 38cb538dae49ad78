import type { Tx } from '../../shared/db.ts';
import { changePrimary } from '../agent/primary.ts';
import { updateSettings } from '../agent/settings.ts';
import type { AgentState } from '../agent/state.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { endStandby } from './standby-rows.ts';

const off = { enabled: false, autoSwitchEnabled: false, manualReplicaEnabled: false } as const;

/**
 * Deletes an agent (protocol C8). It gets no more commands, and its history is kept. Its primary keeps running,
 * detached from the agent. Its standbys are listed for termination, which the agent's process does while it is alive.
 * The caller holds the agent's lock.
 */
export async function deleteAgent(
  tx: Tx,
  { agent, primary, standbys }: AgentState<'standbys'>,
  by: By,
  now: Date,
): Promise<void> {
  const former = primary ? [{ instanceId: primary.id, becomes: 'detached' as const }] : [];
  await changePrimary(tx, { agent, cause: 'deleted', next: undefined, former }, now);
  await updateSettings(tx, { agent, changes: off }, now);
  for (const standby of standbys)
    await endStandby(tx, standby, { at: now, confirmed: standby.instanceId === null }, now);
  await record(
    tx,
    {
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId: primary?.id,
      type: 'agent_deleted',
      severity: 'warning',
      message: `Agent ${agent.logicalAgentId} was deleted${primary ? `; ${primary.id} keeps running` : ''}`,
      metadata: { standbys: standbys.map(({ id }) => id) },
      notify: true,
    },
    now,
  );
  const { id: targetId, clientId, status, enabled } = agent;
  const change = { before: { status, enabled }, after: { status: 'deleted', enabled: false } };
  await audit(tx, by, { clientId, action: 'agent_deleted', targetId, ...change }, now);
}
