import type { Tx } from '../../shared/db.ts';
import { changePrimary } from '../agent/primary.ts';
import { updateSettings } from '../agent/settings.ts';
import type { AgentState } from '../agent/state.ts';
import { audit, type By } from '../event/audit.ts';
import { record } from '../event/events.ts';
import { endStandby } from './standby-rows.ts';

const off = { enabled: false, autoSwitchEnabled: false, manualReplicaEnabled: false } as const;

/**
 * Deletes an agent that the caller has locked (protocol C8): nothing is asked of it any more, and its history is kept. Its
 * primary runs on, and is nobody's; its standbys are to be terminated, by the agent's process for as long as that lives.
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
      message: `Agent ${agent.logicalAgentId} was deleted${primary ? `; ${primary.id} runs on` : ''}`,
      metadata: { standbys: standbys.map(({ id }) => id) },
      notify: true,
    },
    now,
  );
  const { id: targetId, clientId, status, enabled } = agent;
  const change = { before: { status, enabled }, after: { status: 'deleted', enabled: false } };
  await audit(tx, by, { clientId, action: 'agent_deleted', targetId, ...change }, now);
}
