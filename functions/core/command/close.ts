import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';

interface Closing {
  readonly commandId: string;
  readonly agentId: string;
  readonly clientId: string;
  readonly success: boolean;
  readonly message: string | null;
  /** Whether the agent itself reported the outcome; otherwise it was inferred, or the command was given up. */
  readonly isReported: boolean;
}

/**
 * Closes a dispatched command. For a switch the agent's status returns from `switching` to `online`, and a success
 * counts in the gates even if the successor is never heard of. The caller has locked the agent and found the command
 * open.
 * Sets columns of: agents, commands.
 */
export async function closeCommand(tx: Tx, closing: Closing, now: Date): Promise<void> {
  const { commandId, agentId, clientId, success, message, isReported } = closing;
  await sql`
    UPDATE agents AS a INNER JOIN commands AS c ON c.agent_id = a.id AND c.client_id = a.client_id
    SET c.status = ${success ? 'completed' : 'failed'}, c.success = ${success}, c.message = ${message},
        c.inferred = ${success && !isReported}, c.executed_at = ${isReported ? now : null}, c.completed_at = ${now},
        a.status = IF(a.status = 'switching' AND c.command_type = 'switch', 'online', a.status), a.version = a.version + 1,
        a.last_switch_at = IF(${success} AND c.command_type = 'switch', GREATEST(COALESCE(a.last_switch_at, c.dispatched_at), c.dispatched_at), a.last_switch_at)
    WHERE a.id = ${agentId} AND a.client_id = ${clientId} AND c.id = ${commandId}`.execute(tx);
}
