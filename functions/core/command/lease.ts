import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';

/** How long a command may take beyond the agent's configured wait, the new instance's boot included (protocol 8.2). */
export const leaseSeconds = 900;

interface Lease {
  readonly commandId: string;
  readonly agentId: string;
  readonly clientId: string;
  /** The requesting instance, which must be the primary as of this epoch. */
  readonly instanceId: string;
  readonly epoch: number;
  /** Identifies this request: if the response of an update was lost, it tells whose update it was. */
  readonly token: string;
}

/**
 * Leases a command to the instance that requests it. A command is leased only once.
 * Sets columns of: agents, commands.
 * @returns whether this request got the command: of several at once, one does
 */
export async function leaseCommand(db: Db, lease: Lease, now: Date): Promise<boolean> {
  const { commandId, agentId, clientId, instanceId, epoch, token } = lease;
  const result = await sql`
    UPDATE agents AS a INNER JOIN commands AS c ON c.id = ${commandId} AND c.agent_id = a.id AND c.client_id = a.client_id
    SET c.status = 'dispatched', c.dispatched_at = ${now}, c.dispatched_to = ${instanceId}, c.dispatch_token = ${token},
        c.lease_until = DATE_ADD(${now}, INTERVAL c.terminate_wait_seconds + ${leaseSeconds} SECOND),
        a.status = IF(c.command_type = 'switch', 'switching', a.status), a.version = a.version + 1
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND a.enabled AND a.status <> 'deleted'
      AND a.instance_id = ${instanceId} AND a.epoch = ${epoch} AND c.status = 'pending'`.execute(db);
  if ((result.numAffectedRows ?? 0n) > 0n) return true;
  // Another request was faster, or an earlier attempt of this one committed but its response was lost.
  const row = await db
    .selectFrom('commands')
    .select('dispatchToken')
    .where('id', '=', commandId)
    .where('clientId', '=', clientId)
    .executeTakeFirst();
  return row?.dispatchToken === token;
}
