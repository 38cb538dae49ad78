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

/** An agent in one of these is expected to beat. */
const serving: readonly AgentStatus[] = ['online', 'disabled', 'switching', 'error'];

/**
 * Marks agents offline whose last heartbeat is older than the timeout (protocol 8.1). The lock repeats the condition, so a
 * beat that comes in between wins. While a switch is carried out nobody is alarmed: the old instance is going. This job also
 * notes that we are there to hear agents, as it would be wrong without.
 * @param now the schedule's time, not the clock's
 */
export async function expireAgents(db: Db, time: RunTime, now: Date): Promise<number> {
  await noteHearing(db, now);
  const hearing = await readHearing(db);
  // After an outage of ours everybody's last heartbeat is long ago, and nobody is silent yet.
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
    // With the change: nothing else would tell the tenant, were this process to end between the two.
    await record(tx, idle.filter(({ id }) => still.has(id)).map(silenceOf), now);
    return still.size;
  });
}

type SilentAgent = Awaited<ReturnType<typeof silentAgents>>[number];

/** By the time of their last heartbeat, which an index has. */
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
    // The same for who was told to come back later; the line above is what the index has.
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
