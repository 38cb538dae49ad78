import type { Connection } from 'mariadb';

/** The tables that tell of one agent, each by `agent_id`, but for the agent's own. */
const ofAgent = ['instances', 'replica_instances', 'commands', 'switches', 'spot_interruption_events', 'system_events'];

/** What the life of agents leaves rows in. */
const ofLife = [
  'agents',
  ...ofAgent,
  'decisions',
  'pool_losses',
  'pool_availability',
  'pool_states',
  'spot_pools',
  'ondemand_prices',
  'tenant_pool_prices',
  'ondemand_price_snapshots',
  'pricing_snapshots_clean',
];

const inAll = (connection: Connection, tables: readonly string[], statement: (table: string) => string) =>
  connection.query(tables.map(statement).join(';'));

/**
 * Empties what agents leave rows in, so that no simulated world differs from another for those that were before it: how
 * the database joins, and so what it locks, depends on how much there is, and was.
 */
export const emptyTables = (connection: Connection) => inAll(connection, ofLife, (table) => `TRUNCATE TABLE ${table}`);

/** Has joins not depend on statistics that a thread of the server renews when it likes. */
export const freezeStatistics = (connection: Connection) =>
  inAll(connection, ofLife, (table) => `ALTER TABLE ${table} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0`);

/** Lets the database know how large its tables are now; otherwise it goes by what it noticed at some time before. */
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

/** Sets switches of an agent, as a console would. @param values by their names in camel case */
export async function setSwitches(connection: Connection, agentId: string, values: Readonly<Record<string, boolean>>) {
  const columns = Object.keys(values).map((key) => `${key.replaceAll(/[A-Z]/g, '_$&').toLowerCase()} = ?`);
  await connection.query(`UPDATE agents SET ${columns.join(', ')} WHERE id = ?`, [...Object.values(values), agentId]);
}

/** Has the prices of all pools be known at a time, as our own collector would. */
export const setPricesKnown = (connection: Connection, at: Date) =>
  connection.query('UPDATE spot_pools SET latest_price = 0.03, latest_at = ?, version = version + 1', [at]);
