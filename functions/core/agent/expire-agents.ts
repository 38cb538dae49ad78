import type { Db } from '../../shared/db.ts';
import { healthEnv } from '../../shared/env.ts';
import type { AgentStatus } from '../../shared/schema.ts';
import { record } from '../event/events.ts';
import { changeFreeAgents } from './skip-locked.ts';

/** Agents a run looks at; the next run, a minute later, takes the rest. */
const batch = 500;

const serving: readonly AgentStatus[] = ['online', 'disabled', 'switching', 'error'];

const isSilent = ({ status, lastHeartbeatAt }: { status: AgentStatus; lastHeartbeatAt: Date | null }, deadline: Date) =>
  serving.includes(status) && lastHeartbeatAt !== null && lastHeartbeatAt < deadline;

/**
 * Marks agents offline whose last heartbeat is older than the timeout (contract 12.1). The lock repeats the condition, so
 * a beat that comes in between wins. While a switch is carried out nobody is alarmed: the old machine is going.
 * @param now the schedule's time, not the clock's
 */
export async function expireAgents(db: Db, now: Date): Promise<number> {
  const timeoutSeconds = healthEnv().HEARTBEAT_TIMEOUT_SECONDS;
  const deadline = new Date(now.getTime() - timeoutSeconds * 1000);
  const silent = await db
    .selectFrom('agents as a')
    .leftJoin('commands as c', (join) => join.onRef('c.openSwitchOf', '=', 'a.id').on('c.status', '=', 'dispatched'))
    .select(['a.id', 'a.clientId', 'a.logicalAgentId', 'a.instanceId', 'a.lastHeartbeatAt', 'c.id as commandId'])
    .where('a.status', 'in', serving)
    .where('a.lastHeartbeatAt', '<', deadline)
    .orderBy('a.lastHeartbeatAt')
    .limit(batch)
    .execute();
  // An agent that is carrying out a switch stays `switching` until its command is closed (contract 10.1).
  const idle = silent.filter((agent) => agent.commandId === null);
  const idleIds = idle.map((agent) => agent.id);
  const silentIds = await changeFreeAgents<string[]>(db, idleIds, [], async (tx, free) => {
    const ids = free.filter((agent) => isSilent(agent, deadline)).map(({ id }) => id);
    if (ids.length === 0) return ids;
    await tx
      .updateTable('agents')
      .set((eb) => ({ status: 'offline', version: eb('version', '+', 1), updatedAt: now }))
      .where('id', 'in', ids)
      .execute();
    return ids;
  });
  const gone = idle.filter(({ id }) => silentIds.includes(id));
  await record(
    db,
    now,
    ...gone.map((agent) => ({
      clientId: agent.clientId,
      agentId: agent.id,
      instanceId: agent.instanceId ?? undefined,
      type: 'agent_marked_offline',
      severity: 'warning' as const,
      message: `Agent ${agent.logicalAgentId} has been silent since ${agent.lastHeartbeatAt?.toISOString()}`,
      metadata: { timeout_seconds: timeoutSeconds, last_heartbeat_at: agent.lastHeartbeatAt },
      notify: true,
      dedupeKey: `offline:${agent.id}:${agent.lastHeartbeatAt?.getTime()}`,
    })),
  );
  return gone.length;
}
