import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import type { Agent } from '../../shared/schema.ts';

interface Mode {
  readonly agent: Pick<Agent, 'id' | 'clientId'>;
  readonly on: boolean;
}

/**
 * Turns manual replicas on or off; on, they turn auto-switch off. Commands of the engine that nobody has fetched yet are
 * withdrawn with its leave to move.
 * Sets columns of: agents, commands.
 */
export async function setManualMode(tx: Tx, { agent, on }: Mode, now: Date): Promise<void> {
  await sql`
    UPDATE agents AS a LEFT JOIN commands AS c
      ON ${on} AND c.agent_id = a.id AND c.client_id = a.client_id AND c.status = 'pending' AND c.trigger_type = 'model'
    SET a.manual_replica_enabled = ${on}, a.auto_switch_enabled = IF(${on}, FALSE, a.auto_switch_enabled),
        a.config_version = a.config_version + 1, a.version = a.version + 1, a.updated_at = ${now},
        c.status = 'cancelled', c.message = 'auto-switch was turned off', c.completed_at = ${now}
    WHERE a.id = ${agent.id} AND a.client_id = ${agent.clientId}`.execute(tx);
}
