import type { Connection } from 'mariadb';
import { seedFleet } from '../../../bench/fleet-history.ts';

/** A long-standing tenant: how many rows it has of everything that grows. */
export interface LargeTenant {
  readonly agents: number;
  /** Per agent, the current one included. */
  readonly machines: number;
  readonly switches: number;
  readonly events: number;
  readonly priceDays: number;
  /** Other tenants, and as many revoked tokens and operators. */
  readonly tenants: number;
}

/** How far the events go back, in seconds. */
const eventsSpan = 5_000_000;

const digits = Array.from({ length: 10 }, (_, d) => `SELECT ${d} AS d`).join(' UNION ALL ');

/** SQL for the numbers from 0 to `count` - 1. */
function numbers(count: number): string {
  const places = Math.max(1, Math.ceil(Math.log10(count)));
  const value = Array.from({ length: places }, (_, i) => `t${i}.d * ${10 ** i}`).join(' + ');
  const tables = Array.from({ length: places }, (_, i) => `(${digits}) AS t${i}`).join(' CROSS JOIN ');
  return `(SELECT ${value} AS n FROM ${tables} HAVING n < ${count}) AS g`;
}

/**
 * Creates the tenant in an empty schema, with statements that generate all rows on the server.
 * @returns its id
 */
export async function seedLargeTenant(beside: Connection, tenant: LargeTenant, now: Date): Promise<string> {
  const { agents, machines, switches, events, priceDays, tenants } = tenant;
  const clientId = await seedFleet(beside, { agents, machines, due: 0, instanceTypes: 4 }, now);
  const at = `'${now.toISOString().slice(0, 23).replace('T', ' ')}'`;
  const eventKeys: { name: string; columns: string }[] = await beside.query(
    `SELECT index_name AS name, GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'system_events' AND non_unique GROUP BY index_name`,
  );
  const longAgo = `TIMESTAMPADD(DAY, -400, ${at})`;
  const neighbour = `LPAD(g.n % ${tenants}, 36, 'n')`;
  const nth = `(SELECT id, instance_id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS nth FROM agents)`;
  const statements = [
    'SET unique_checks = 0',
    // Keys are added once all rows are there: a million inserts into existing keys take three times as long.
    `ALTER TABLE system_events ${eventKeys.map(({ name }) => `DROP KEY ${name}`).join(', ')}`,
    `INSERT INTO switches (id, client_id, agent_id, old_instance_id, new_instance_id, old_mode, new_mode, event_trigger,
       trigger_type, downtime_seconds, initiated_at, created_at)
     SELECT LPAD(g.n, 36, '0'), '${clientId}', a.id, CONCAT('i-o', g.n), CONCAT('i-n', g.n), 'spot', 'spot', 'model', 'model',
       g.n % 60, TIMESTAMPADD(SECOND, -(g.n * 300), ${at}), ${at}
     FROM ${numbers(switches)} INNER JOIN ${nth} AS a ON a.nth = g.n % ${agents}`,
    `INSERT INTO system_events (id, client_id, agent_id, instance_id, event_type, severity, message, notify, created_at)
     SELECT LPAD(g.n, 36, '0'), '${clientId}', a.id, a.instance_id, 'test', 'info', 'test', g.n % 50 = 0, TIMESTAMPADD(SECOND, -(g.n * ${eventsSpan / events}), ${at})
     FROM ${numbers(events)} INNER JOIN ${nth} AS a ON a.nth = g.n % ${agents}`,
    `ALTER TABLE system_events ${eventKeys.map(({ name, columns }) => `ADD KEY ${name} (${columns})`).join(', ')}`,
    `INSERT INTO decisions (id, client_id, agent_id, decision_time, source, recommended_action, recommended_mode, risk_score,
       expected_savings_per_hour, allowed, reason, confidence, model_version, inputs, last_time, fingerprint)
     SELECT LPAD(g.n, 36, '0'), '${clientId}', a.id, TIMESTAMPADD(MINUTE, -g.n, ${at}), 'loop', 'stay', 'spot', 0, 0, FALSE,
       'test', 0, 'rules-2', '{}', TIMESTAMPADD(MINUTE, -g.n, ${at}), ''
     FROM ${numbers(20 * agents)} INNER JOIN ${nth} AS a ON a.nth = g.n % ${agents}`,
    `INSERT INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, ondemand_price, source_type, source_priority,
       confidence_score, observed_at)
     SELECT p.id, TIMESTAMPADD(MINUTE, -5 * g.n, ${at}), 0.03, 0.1, 'primary', 4, 1, ${at}
     FROM spot_pools AS p CROSS JOIN ${numbers(priceDays * 288)} WHERE p.instance_type = 'm0.large'`,
    `INSERT INTO cost_records (instance_id, period_start, client_id, agent_id, mode, hours_running, hours_primary, hours_unpriced,
       baseline_cost, actual_cost, savings)
     SELECT a.instance_id, TIMESTAMPADD(HOUR, -(g.n DIV ${agents}), ${at}), '${clientId}', a.id, 'spot', 1, 1, 0, 0.1, 0.03, 0.07
     FROM ${numbers(24 * agents)} INNER JOIN ${nth} AS a ON a.nth = g.n % ${agents}`,
    // One agent in ten has a standby that is ready.
    `INSERT INTO replica_instances (id, client_id, agent_id, replica_type, pool_id, instance_type, region, az, status, created_at)
     SELECT CONCAT('active-', a.nth), '${clientId}', a.id, 'manual', 'm0.large.us-east-1b', 'm0.large', 'us-east-1', 'us-east-1b', 'ready',
       TIMESTAMPADD(SECOND, -a.nth, ${at}) FROM ${nth} AS a WHERE a.nth % 10 = 0`,
    // Agents without a name of their own: each move left a deleted one behind.
    `INSERT INTO agents (id, client_id, logical_agent_id, status, created_at, updated_at)
     SELECT LPAD(g.n, 36, 'd'), '${clientId}', CONCAT('agent-', g.n, '-gone'), 'deleted', ${at}, ${at} FROM ${numbers(5 * agents)}`,
    // Neighbours, so that most of a table is not this tenant's: otherwise a full scan would be a fair plan.
    `INSERT INTO agents (id, client_id, logical_agent_id, status, created_at, updated_at)
     SELECT LPAD(g.n, 36, 'f'), ${neighbour}, CONCAT('agent-', g.n), 'online', ${at}, ${at} FROM ${numbers(20 * agents)}`,
    `INSERT INTO instances (id, client_id, agent_id, instance_status, is_active, installed_at, created_at)
     SELECT CONCAT('i-f', g.n), ${neighbour}, LPAD(g.n, 36, 'f'), 'terminated', FALSE, ${longAgo}, ${longAgo} FROM ${numbers(20 * agents)}`,
    // One back-test for each neighbour.
    `INSERT INTO what_if_runs (id, client_id, state, created_at, created_by, period_from, period_to, asked, plays, play_count,
       plays_done, agents, agents_left_out)
     SELECT LPAD(g.n, 36, 'w'), ${neighbour}, 'done', TIMESTAMPADD(SECOND, -g.n, ${at}), 'admin', ${longAgo}, ${at},
       '{"settings": {}}', '[]', 1, 1, 1, 0 FROM ${numbers(tenants)}`,
    // Other tenants, revoked tokens and operators, and the audit log.
    `INSERT INTO clients (id, name, email, total_savings, created_at, updated_at)
     SELECT LPAD(g.n, 36, 'n'), CONCAT('tenant ', g.n), CONCAT(g.n, '@example.com'), g.n, TIMESTAMPADD(MINUTE, -g.n, ${at}), ${at}
     FROM ${numbers(tenants)}`,
    `INSERT INTO client_tokens (id, client_id, name, scope, token_hash, revoked_at, created_at, created_by)
     SELECT LPAD(g.n, 36, 't'), IF(g.n % 2 = 0, '${clientId}', ${neighbour}), CONCAT('token ', g.n), 'read', SHA2(g.n, 256), ${at},
       TIMESTAMPADD(MINUTE, -g.n, ${at}), 'admin' FROM ${numbers(tenants)}`,
    `INSERT INTO operators (id, name, role, token_hash, revoked_at, created_at, created_by)
     SELECT LPAD(g.n, 36, 'o'), CONCAT('operator ', g.n), 'viewer', SHA2(g.n, 256), ${at}, TIMESTAMPADD(MINUTE, -g.n, ${at}), 'admin'
     FROM ${numbers(tenants)}`,
    `INSERT INTO audit_logs (id, actor, action, client_id, created_at)
     SELECT LPAD(g.n, 36, 'a'), CONCAT('operator:', g.n % 50), IF(g.n % 3 = 0, 'settings_changed', 'token_read'),
       IF(g.n % 2 = 0, '${clientId}', ${neighbour}), TIMESTAMPADD(SECOND, -(60 * g.n), ${at}) FROM ${numbers(5 * tenants)}`,
    'ANALYZE TABLE clients, client_tokens, operators, audit_logs, what_if_runs',
    'ANALYZE TABLE agents, instances, switches, system_events, decisions, pricing_snapshots_clean, cost_records, replica_instances',
  ];
  for (const statement of statements) await beside.query(statement);
  return clientId;
}
