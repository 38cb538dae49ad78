import { sql } from 'kysely';
import { isVersion3, type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { isTenantHeld, launchesAnHour, launchesLately, tellOfCap } from '../core/command/launch-cap.ts';
import { leaseCommand } from '../core/command/lease.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';

/**
 * Hands the next command to the primary (protocol A4). A conditional update leases it, and it is never handed out
 * twice: the agent launches an instance before it reports anything, so a repeat would launch another. A command lost on
 * the way to the agent is closed as failed when its lease ends, and the decision is made anew. One statement if there
 * is nothing to do. An agent with too many launches gets no more for a while (see `launchesAnHour`).
 * @param call `token` identifies this request: after a lost response, it shows which request leased the command
 */
export async function nextCommand(db: Db, call: OfAgent & { readonly token: string }, now: Date) {
  const { clientId, ref, token } = call;
  const { agentId, instanceId } = parseHandle(ref);
  const row = await pendingOf(db, { clientId, agentId }, now);
  if (!row) throw agentNotFound(ref);
  const { id, enabled, status, primaryId, epoch, agentVersion } = row;
  const caller = instanceId ?? primaryId;
  if (id === null || !enabled || status === 'deleted' || caller === null || caller !== primaryId) return [];
  if (row.isHeld) return [];
  if (Number(row.launches) >= launchesAnHour) {
    await tellOfCap(db, { clientId, agentId }, now);
    return [];
  }
  const lease = { commandId: id, agentId, clientId, instanceId: caller, epoch, token };
  if (!(await leaseCommand(db, lease, now))) return [];
  return [
    {
      id,
      command_type: row.commandType!,
      target_mode: row.targetMode!,
      target_pool_id: row.targetPoolId,
      // A version 4 agent that waits would terminate its own instance before it reports. Given 0, it reports at once,
      // and learns later what to terminate (protocol 9.2). Version 3.2 agents use their own environment's setting.
      terminate_wait_seconds: isVersion3(agentVersion) ? row.terminateWaitSeconds! : 0,
      priority: row.priority!,
      instance_id: row.instanceId,
      created_at: row.createdAt!.toISOString(),
    },
  ];
}

/** The agent with its first queued command. Version 3 agents get only switches: they would take any command for one. */
const pendingOf = (db: Db, { clientId, agentId }: { clientId: string; agentId: string }, now: Date) =>
  db
    .selectFrom('agents as a')
    .leftJoin('commands as c', (join) =>
      join.on(
        'c.id',
        '=',
        sql<string>`(
          SELECT x.id FROM commands AS x
          WHERE x.agent_id = a.id AND x.client_id = a.client_id AND x.status = 'pending' AND x.expires_at > ${now}
            AND (x.command_type = 'switch' OR a.agent_version IS NULL OR a.agent_version NOT LIKE '3.%')
          ORDER BY x.priority DESC, x.created_at ASC, x.id ASC LIMIT 1)`,
      ),
    )
    .select(['a.status', 'a.enabled', 'a.instanceId as primaryId', 'a.agentVersion', 'a.epoch'])
    .select(['c.id', 'c.commandType', 'c.targetMode', 'c.targetPoolId', 'c.instanceId', 'c.priority', 'c.createdAt'])
    .select('c.terminateWaitSeconds')
    .select(sql<number>`IF(c.id IS NULL, 0, ${launchesLately(now)})`.as('launches'))
    .select(sql<boolean>`c.id IS NOT NULL AND ${isTenantHeld(now)}`.as('isHeld'))
    .where('a.id', '=', agentId)
    .where('a.clientId', '=', clientId)
    .executeTakeFirst();
