import { setStatus } from '../core/agent/agents.ts';
import { findCaller } from '../core/agent/caller.ts';
import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { endInstance } from '../core/agent/instances.ts';
import { lockAgent } from '../core/agent/lock.ts';
import { changePrimary } from '../core/agent/primary.ts';
import { record } from '../core/event/events.ts';
import { type Db, transact } from '../shared/db.ts';

interface Ending extends OfAgent {
  readonly reason: string;
  /** The instance that ends with the agent, if the request names one. */
  readonly instanceId: string | undefined;
}

/**
 * Ends an agent that stops for good (protocol A8): it goes offline, and the instance that it names counts as
 * terminated. After the primary's end, the next instance that registers takes over. Only the primary or a console may
 * end the agent. A standby may end only an instance that is not the primary; a request from any other instance is only
 * recorded.
 * @throws AppError agent_not_found
 */
export async function endAgent(db: Db, { clientId, ref, reason, instanceId }: Ending, now: Date): Promise<void> {
  const { agentId } = parseHandle(ref);
  const { standing } = await findCaller(db, { clientId, ref }, now);
  await transact(db, async (tx) => {
    const { agent, primary } = await lockAgent(tx, { clientId, agentId, with: {} }, now);
    const isPrimary = instanceId !== undefined && instanceId === primary?.id;
    if (standing === 'primary' && isPrimary) {
      const former = [{ instanceId, becomes: 'terminated' as const }];
      await changePrimary(tx, { agent, cause: 'ended', next: undefined, former }, now);
    } else if (standing === 'primary') {
      await setStatus(tx, { clientId, agentId, status: 'offline', ended: true }, now);
    }
    if (instanceId !== undefined && !isPrimary && standing !== 'retired')
      await endInstance(tx, { clientId, agentId, instanceId }, now);
    await record(
      tx,
      {
        clientId,
        agentId,
        instanceId: instanceId ?? primary?.id,
        type: 'instance_terminated',
        severity: 'warning',
        message: `Agent ${agent.logicalAgentId} reported that it is terminating: ${reason}`,
        notify: true,
        dedupeKey: `agent_ended:${agentId}:${now.getTime()}`,
      },
      now,
    );
  });
}

interface Removal {
  readonly clientId: string;
  readonly instanceId: string | undefined;
  readonly reason: string | undefined;
}

/** The agent was removed from an instance (protocol X5). If that is the primary, its agent goes offline. */
export async function uninstall(db: Db, { clientId, instanceId, reason }: Removal, now: Date): Promise<void> {
  if (instanceId === undefined) return;
  const agent = await db
    .selectFrom('instances as i')
    .innerJoin('agents as a', (join) => join.onRef('a.id', '=', 'i.agentId').onRef('a.clientId', '=', 'i.clientId'))
    .select(['a.id', 'a.logicalAgentId', 'a.status'])
    .where('i.id', '=', instanceId)
    .where('i.clientId', '=', clientId)
    .where('i.isPrimary', '=', true)
    .executeTakeFirst();
  if (!agent || agent.status === 'deleted') return;
  await setStatus(db, { clientId, agentId: agent.id, status: 'offline', ofPrimary: instanceId }, now);
  await record(
    db,
    {
      clientId,
      agentId: agent.id,
      instanceId,
      type: 'agent_uninstalled',
      severity: 'warning',
      message: `Agent ${agent.logicalAgentId} was removed from ${instanceId}: ${reason ?? 'no reason given'}`,
      notify: true,
      dedupeKey: `uninstalled:${instanceId}`,
    },
    now,
  );
}
