import type { Connection } from 'mariadb';

/** The tables with rows of one agent, by `agent_id`, except `agents` itself. */
const ofAgent = ['instances', 'replica_instances', 'commands', 'switches', 'spot_interruption_events', 'system_events'];

/** The tables that agents leave rows in. */
const ofLife = [
  'agents',
  ...ofAgent,
  'decisions',
  'pool_losses',
  'pool_availability',
  'pool_states',
  'pool_risks',
  'risk_calibration',
  'spot_pools',
  'ondemand_prices',
  'tenant_pool_prices',
  'ondemand_price_snapshots',
  'pricing_snapshots_clean',
];

const inAll = (connection: Connection, tables: readonly string[], statement: (table: string) => string) =>
  connection.query(tables.map(statement).join(';'));

/**
 * Empties all tables that agents leave rows in, so that no simulated world depends on those before it: how the database
 * joins, and so what it locks, depends on how many rows there are and were.
 */
export const emptyTables = (connection: Connection) => inAll(connection, ofLife, (table) => `TRUNCATE TABLE ${table}`);

/** Makes joins independent of statistics that a server thread updates at a time of its own. */
export const freezeStatistics = (connection: Connection) =>
  inAll(connection, ofLife, (table) => `ALTER TABLE ${table} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0`);

/** Updates the database's table statistics, which otherwise may be out of date. */
export const renewStatistics = (connection: Connection) =>
  connection.query(`ANALYZE TABLE agents, ${ofAgent.join(', ')}`);

/** Deletes an agent, so that jobs have nothing more to do for it. */
export async function deleteAgent(connection: Connection, agentId: string): Promise<void> {
  const statements = [
    ...ofAgent.map((table) => `DELETE FROM ${table} WHERE agent_id = ?`),
    'DELETE FROM agents WHERE id = ?',
  ];
  await connection.query(statements.join(';'), Array<string>(statements.length).fill(agentId));
}

/** Sets an agent's on/off settings, as a console would. @param values by their names in camel case */
export async function setSwitches(connection: Connection, agentId: string, values: Readonly<Record<string, boolean>>) {
  const columns = Object.keys(values).map((key) => `${key.replaceAll(/[A-Z]/g, '_$&').toLowerCase()} = ?`);
  await connection.query(`UPDATE agents SET ${columns.join(', ')} WHERE id = ?`, [...Object.values(values), agentId]);
}

/** Makes the prices of all pools known at a time, as our own collector would. */
export const setPricesKnown = (connection: Connection, at: Date) =>
  connection.query('UPDATE spot_pools SET latest_price = 0.03, latest_at = ?, version = version + 1', [at]);
