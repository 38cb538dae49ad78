import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { sumOfPages } from '../../shared/pages.ts';
import type { RunTime } from '../../shared/run-time.ts';
import type { AgentStatus } from '../../shared/schema.ts';
import { msBefore } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import { updateFreeAgents } from './agents.ts';
import { type Hearing, noteHearing, readHearing } from './hearing.ts';
import { heardUntil, heartbeatTimeoutMs, isOffline, quietSeconds } from './liveness.ts';
import { changeFreeAgents } from './lock.ts';

const size = 500;

/** Agents in these statuses are expected to send heartbeats. */
const serving: readonly AgentStatus[] = ['online', 'disabled', 'switching', 'error'];

/**
 * Marks agents offline whose last heartbeat is older than the timeout (protocol 8.1). The condition is checked again
 * under the lock, so a heartbeat that arrives in between wins. Agents that are carrying out a switch are left out:
 * their old instance is expected to go. This job also records that the control plane is up (hearing.ts), because its
 * verdicts depend on that.
 * @param now the scheduled time, not the clock's
 */
export async function expireAgents(db: Db, time: RunTime, now: Date): Promise<number> {
  await noteHearing(db, now);
  const hearing = await readHearing(db);
  // Right after an outage of our own every last heartbeat is old, but no agent counts as silent yet.
  if (!isOffline(new Date(0), hearing, now)) return 0;
  const read = (after: SilentAgent | undefined) => silentAgents(db, after, now);
  return sumOfPages({ read, size }, (page) => expireIdle(db, page, hearing, now), time);
}

async function expireIdle(
  db: Db,
  silent: readonly SilentAgent[],
  hearing: Hearing | undefined,
  now: Date,
): Promise<number> {
  // An agent that is carrying out a switch stays `switching` until its command is closed (protocol 7.1).
  const idle = silent.filter(
    (agent) => agent.commandId === null && isOffline(heardUntil(agent, agent.lastHeartbeatAt), hearing, now),
  );
  const ids = idle.map(({ id }) => id);
  return changeFreeAgents(db, { ids, none: 0 }, async (tx, free) => {
    const still = new Set(
      free
        .filter((agent) => serving.includes(agent.status))
        .filter((agent) => isOffline(heardUntil(agent, agent.lastHeartbeatAt), hearing, now))
        .map(({ id }) => id),
    );
    if (still.size === 0) return 0;
    await updateFreeAgents(tx, { ids: [...still], set: sql`status = 'offline', updated_at = ${now}` });
    // Recorded in the same transaction: if this process died between the two, nothing else would tell the tenant.
    await record(tx, idle.filter(({ id }) => still.has(id)).map(silenceOf), now);
    return still.size;
  });
}

type SilentAgent = Awaited<ReturnType<typeof silentAgents>>[number];

/** Ordered by last heartbeat, which is indexed. */
const silentAgents = (
  db: Db,
  after: { readonly id: string; readonly lastHeartbeatAt: Date | null } | undefined,
  now: Date,
) =>
  db
    .selectFrom('agents as a')
    .leftJoin('commands as c', (join) =>
      join.onRef('c.openSwitchOf', '=', 'a.id').on('c.status', '=', 'dispatched').on('c.newInstanceId', 'is', null),
    )
    .select(['a.id', 'a.clientId', 'a.logicalAgentId', 'a.instanceId', 'a.lastHeartbeatAt', 'a.beatSeconds'])
    .select('c.id as commandId')
    .where('a.status', 'in', serving)
    .where('a.lastHeartbeatAt', '<', msBefore(now, heartbeatTimeoutMs()))
    // Agents that were told to back off get that much longer. The line above is the condition the index can serve.
    .where(
      sql<boolean>`a.last_heartbeat_at < DATE_SUB(${msBefore(now, heartbeatTimeoutMs())}, INTERVAL ${quietSeconds} SECOND)`,
    )
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          eb('a.lastHeartbeatAt', '>', after!.lastHeartbeatAt),
          eb.and([eb('a.lastHeartbeatAt', '=', after!.lastHeartbeatAt), eb('a.id', '>', after!.id)]),
        ]),
      ),
    )
    .orderBy('a.lastHeartbeatAt')
    .orderBy('a.id')
    .limit(size)
    .execute();

const silenceOf = (agent: SilentAgent) => ({
  clientId: agent.clientId,
  agentId: agent.id,
  instanceId: agent.instanceId ?? undefined,
  type: 'agent_marked_offline',
  severity: 'warning' as const,
  message: `Agent ${agent.logicalAgentId} has been silent since ${agent.lastHeartbeatAt?.toISOString()}`,
  metadata: { timeout_seconds: heartbeatTimeoutMs() / 1000, last_heartbeat_at: agent.lastHeartbeatAt },
  notify: true,
  dedupeKey: `offline:${agent.id}:${agent.lastHeartbeatAt?.getTime()}`,
});
