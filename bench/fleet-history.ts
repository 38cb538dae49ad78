import type { Connection } from 'mariadb';

/** A fleet that has been running for a while, for benchmarks and tests with many agents. */
export interface FleetHistory {
  readonly agents: number;
  /** Instances that each agent has had, including the current one; all earlier ones ended in an interruption. */
  readonly machines: number;
  /** How many agents have reported prices that no decision has used yet. */
  readonly due: number;
  /** How many instance types; agents are spread over them evenly. */
  readonly instanceTypes?: number;
  /** How many zones; each has a pool of every instance type. */
  readonly zones?: number;
  /** How long each instance lived, which sets the times of standbys, notices and switches. */
  readonly daysPerMachine?: number;
}

const digits = 'SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4';
const tens = `(${digits} UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`;

/** SQL for a table `alias` with a column `n` of the numbers 0 to `count` - 1; works on MariaDB and MySQL. */
function numbers(count: number, alias: string): string {
  const places = Math.max(1, Math.ceil(Math.log10(count)));
  const names = Array.from({ length: places }, (_, i) => `${alias}${i}`);
  const value = names.map((name, i) => `${name}.d * ${10 ** i}`).join(' + ');
  return `(SELECT ${value} AS n FROM ${names.map((name) => `${tens} AS ${name}`).join(' CROSS JOIN ')} HAVING n < ${count}) AS ${alias}`;
}

/**
 * Fills an empty schema: one tenant, its agents with their history, pools and prices. The server generates the rows, so
 * 100,000 agents with five instances each take only a minute or two.
 * @param connection must allow multiple statements
 * @returns the id of the tenant
 */
export async function seedFleet(connection: Connection, fleet: FleetHistory, now: Date): Promise<string> {
  const { agents, machines, due, instanceTypes = 40, zones = 6, daysPerMachine = 8 } = fleet;
  const at = `'${now.toISOString().slice(0, 23).replace('T', ' ')}'`;
  const client = '00000000-0000-4000-8000-000000000000';
  /** Unordered, like random ids. SHA2, because MySQL 9 has no MD5. */
  const agent = 'LEFT(SHA2(g.n, 256), 32)';
  const type = (n: string) => `CONCAT('m', ${n} % ${instanceTypes}, '.large')`;
  const zone = (n: string) => `CONCAT('us-east-1', CHAR(97 + (${n}) % ${zones} USING utf8mb4))`;
  const pool = (n: string, z: string) => `CONCAT(${type(n)}, '.', ${zone(z)})`;
  /** The instance that agent n had k instances ago; 0 is the current one. */
  const instance = (k: string) => `CONCAT('i-', LPAD(LOWER(HEX(g.n * 1000 + ${k})), 17, '0'))`;
  const ended = `TIMESTAMPADD(SECOND, -(g.n % 86400), TIMESTAMPADD(DAY, -${daysPerMachine} * h.k, ${at}))`;
  const began = `TIMESTAMPADD(DAY, -${daysPerMachine}, ${ended})`;
  const everyAgent = numbers(agents, 'g');
  const everyPast = `${everyAgent} CROSS JOIN (SELECT n + 1 AS k FROM ${numbers(Math.max(machines - 1, 1), 'q')} WHERE n < ${machines - 1}) AS h`;
  const everyMachine = `${everyAgent} CROSS JOIN (SELECT n AS k FROM ${numbers(machines, 'q')}) AS h`;
  const statements = [
    `INSERT INTO clients (id, name, email, created_at, updated_at)
     VALUES ('${client}', 'Bench', 'bench@example.com', ${at}, ${at})`,
    `INSERT INTO spot_pools (id, instance_type, region, az, pool_name, created_at)
     SELECT ${pool('t.n', 'z.n')}, ${type('t.n')}, 'us-east-1', ${zone('z.n')}, ${pool('t.n', 'z.n')}, ${at}
     FROM ${numbers(instanceTypes, 't')} CROSS JOIN ${numbers(zones, 'z')}`,
    `INSERT INTO tenant_pool_prices (pool_id, client_id, price, seen_at)
     SELECT ${pool('t.n', 'z.n')}, '${client}', 0.03 + z.n / 1000, ${at}
     FROM ${numbers(instanceTypes, 't')} CROSS JOIN ${numbers(zones, 'z')}`,
    `INSERT INTO ondemand_prices (client_id, instance_type, region, price, recorded_at)
     SELECT '${client}', ${type('t.n')}, 'us-east-1', 0.1, ${at} FROM ${numbers(instanceTypes, 't')}`,
    `INSERT INTO agents (id, client_id, logical_agent_id, status, hostname, instance_id, instance_type, region, az,
       current_mode, current_pool_id, agent_version, last_heartbeat_at, priced_at, decided_at, last_switch_at, created_at, updated_at)
     SELECT ${agent}, '${client}', CONCAT('agent-', g.n), 'online', CONCAT('host-', g.n), ${instance('0')}, ${type('g.n')}, 'us-east-1', ${zone('g.n')},
       'spot', ${pool('g.n', 'g.n')}, '4.0.0', ${at}, IF(g.n < ${due}, TIMESTAMPADD(SECOND, -(g.n % 60), ${at}), NULL),
       TIMESTAMPADD(MINUTE, -10, ${at}), TIMESTAMPADD(DAY, -${daysPerMachine}, ${at}), ${at}, ${at}
     FROM ${everyAgent}`,
    `INSERT INTO instances (id, client_id, agent_id, instance_type, region, az, instance_status, is_primary, is_active,
       current_mode, current_pool_id, spot_price, ondemand_price, installed_at, last_seen_at, zombie_at, terminated_at,
       termination_confirmed, created_at)
     SELECT ${instance('h.k')}, '${client}', ${agent}, ${type('g.n')}, 'us-east-1', ${zone('g.n + h.k')},
       IF(h.k = 0, 'running_primary', 'terminated'), h.k = 0, h.k = 0, 'spot', ${pool('g.n', 'g.n + h.k')}, 0.03, 0.1, ${began},
       ${ended}, IF(h.k = 0, NULL, ${ended}), IF(h.k = 0, NULL, ${ended}), h.k > 0, ${began}
     FROM ${everyMachine}`,
    `INSERT INTO commands (id, client_id, agent_id, command_type, target_mode, target_pool_id, instance_id, status, success,
       created_by, trigger_type, new_instance_id, dispatched_at, dispatched_to, completed_at, created_at)
     SELECT CONCAT(${agent}, h.k), '${client}', ${agent}, 'switch', 'spot', ${pool('g.n', 'g.n')}, ${instance('h.k')},
       IF(h.k % 2 = 0, 'failed', 'completed'), h.k % 2, 'model', 'model', ${instance('h.k - 1')}, ${ended}, ${instance('h.k')}, ${ended}, ${ended}
     FROM ${everyPast}`,
    `INSERT INTO switches (id, client_id, agent_id, old_instance_id, new_instance_id, event_trigger, trigger_type, initiated_at, created_at)
     SELECT CONCAT(${agent}, h.k), '${client}', ${agent}, ${instance('h.k')}, ${instance('h.k - 1')}, 'emergency', 'emergency', ${ended}, ${ended}
     FROM ${everyPast}`,
    `INSERT INTO replica_instances (id, client_id, agent_id, instance_id, replica_type, pool_id, instance_type, region, az, status,
       launch_claimed_at, launched_at, ready_at, promoted_at, failed_at, terminated_at, created_at)
     SELECT CONCAT(${agent}, h.k), '${client}', ${agent}, ${instance('h.k - 1')}, 'automatic-termination', ${pool('g.n', 'g.n + h.k')},
       ${type('g.n')}, 'us-east-1', ${zone('g.n + h.k')}, IF(h.k % 2 = 0, 'failed', 'promoted'), ${ended}, ${ended}, ${ended}, ${ended},
       IF(h.k % 2 = 0, ${ended}, NULL), NULL, ${ended}
     FROM ${everyPast}`,
    `INSERT INTO spot_interruption_events (id, client_id, agent_id, instance_id, signal_type, termination_time, pool_id,
       instance_type, region, detected_at, response_action, failover_completed, created_at)
     SELECT CONCAT(${agent}, h.k), '${client}', ${agent}, ${instance('h.k')}, 'termination-notice', ${ended}, ${pool('g.n', 'g.n + h.k')},
       ${type('g.n')}, 'us-east-1', ${ended}, 'failover', TRUE, ${ended}
     FROM ${everyPast}`,
    `INSERT INTO pool_losses (pool_id, bucket)
     SELECT DISTINCT e.pool_id, FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP(e.created_at) / 600) * 600) FROM spot_interruption_events AS e
     WHERE e.created_at > TIMESTAMPADD(DAY, -32, ${at})`,
    `INSERT INTO system_events (id, client_id, agent_id, event_type, severity, message, created_at)
     SELECT CONCAT(${agent}, h.k), '${client}', ${agent}, 'failover_completed', 'warning', 'Bench', ${ended} FROM ${everyPast}`,
    `INSERT INTO hearing (id, heard_since, heard_until) VALUES (1, NULL, ${at})`,
    'ANALYZE TABLE agents, instances, commands, switches, replica_instances, spot_interruption_events, pool_losses, spot_pools, decisions',
  ];
  await connection.query("SET time_zone = '+00:00', unique_checks = 0");
  for (const statement of statements) await connection.query(statement);
  return client;
}

/**
 * Inserts a price for each pool and five-minute bucket over `days` days. Prices change every two hours, as EC2's do.
 * Inserted one day at a time, because thousands of pools make millions of rows.
 */
export async function seedPrices(connection: Connection, days: number, now: Date): Promise<void> {
  const midnight = new Date(Math.floor(now.getTime() / 86_400_000) * 86_400_000);
  for (let day = 1; day <= days; day += 1) {
    const from = `'${new Date(midnight.getTime() - day * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')}'`;
    await connection.query(`INSERT INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, ondemand_price, savings_percent,
        source_type, source_priority, confidence_score, observed_at)
      SELECT p.id, TIMESTAMPADD(MINUTE, 5 * b.n, ${from}), 0.03 + (b.n DIV 24) / 1000, 0.1, 70, 'market', 5, 1, TIMESTAMPADD(MINUTE, 5 * b.n, ${from})
      FROM spot_pools AS p CROSS JOIN ${numbers(288, 'b')} ORDER BY p.id, b.n`);
  }
  await connection.query('ANALYZE TABLE pricing_snapshots_clean');
}
