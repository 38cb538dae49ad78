/**
 * Loses a zone: thousands of notices within a minute, while transactions of killed functions keep some of the agents
 * locked. Measures the time from EC2's event until the decision about it is durable.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mariadb';
import { EventQueue } from '../local/aws/event-queue.ts';
import { systemClock } from '../local/clock.ts';
import { type ControlPlane, type DatabaseServer, startControlPlane } from '../local/control-plane.ts';
import { seedFleet } from './fleet-history.ts';

/** How often events are sent, and the queue is checked for messages that are visible again, ms. */
const tickMs = 100;
/** Notices in each pool over the month before. */
const noticesAPool = 2000;
const instanceTypes = 4;
const zones = 6;
const account = '123456789012';

interface InterruptionsOptions {
  readonly notices: number;
  /** The time over which the notices arrive, and for which some agents stay locked. */
  readonly seconds: number;
  readonly held: number;
  readonly database: DatabaseServer;
  readonly dataDir: string;
}

/** Prints how long the notices of free and of locked agents took, and their outcomes. */
export async function reportInterruptions({ notices, seconds, held, database, dataDir }: InterruptionsOptions) {
  const databaseName = 'bench_interruptions';
  const own = { database, databaseName, dataDir: join(dataDir, 'interruptions'), port: 0, clock: systemClock };
  // Silent, because every message of a locked agent is logged when it is returned to the queue.
  const environment = { POWERTOOLS_LOG_LEVEL: 'SILENT', RATE_LIMITS: 'off' };
  // In AWS ten functions run at a time, each with its own processor; here one per available processor.
  const functionThreads = availableParallelism();
  const plane = await startControlPlane({ ...own, environment, functionThreads });
  const connect = () =>
    createConnection({ ...database, database: databaseName, multipleStatements: true, allowPublicKeyRetrieval: true });
  const [connection, holder] = [await connect(), await connect()];
  try {
    await seedFleet(connection, { agents: notices, machines: 2, due: 0, instanceTypes }, systemClock.now());
    await seedStandbysAndHistory(connection);
    const agents: Agent[] = await connection.query('SELECT id, instance_id AS instanceId FROM agents ORDER BY id');
    const isHeld = (_: Agent, i: number) => held > 0 && i % Math.ceil(notices / held) === 0;
    const those = agents.filter(isHeld);
    await holder.query('BEGIN');
    if (held > 0) await holder.query('SELECT id FROM agents WHERE id IN (?) FOR UPDATE', [those.map(({ id }) => id)]);
    console.error(`${notices} agents made, half of them with a standby; ${those.length} are held`);
    const { sentAt, durableAt, releasedAt, setAside } = await loseZone(plane, agents, { seconds, holder });
    const since = (from: (id: string) => number, some: readonly Agent[]) =>
      quantiles(some.flatMap(({ instanceId: id }) => (durableAt.has(id) ? [durableAt.get(id)! - from(id)] : [])));
    const free = agents.filter((agent, i) => !isHeld(agent, i));
    console.log(`\n${notices} notices within ${seconds} s; ${those.length} of the agents are held for as long.`);
    console.table({
      'free agents, from the event': since((id) => sentAt.get(id)!, free),
      'held agents, from the end of their lock': since((id) => Math.max(sentAt.get(id)!, releasedAt), those),
    });
    console.log(`${durableAt.size} of ${notices} notices were handled, ${setAside} were set aside.`);
    console.table(await outcomes(connection));
  } finally {
    await holder.end();
    await connection.end();
    await plane.stop();
  }
}

interface Agent {
  readonly id: string;
  readonly instanceId: string;
}

/** Gives half of the agents a ready standby, and each pool its past notices. */
async function seedStandbysAndHistory(connection: Connection): Promise<void> {
  const isLucky = 'CRC32(a.id) % 2 = 0';
  const zone = `CONCAT('us-east-1', CHAR(97 + (ASCII(RIGHT(a.az, 1)) - 96) % ${zones} USING utf8mb4))`;
  const place = `CONCAT(a.instance_type, '.', ${zone}), a.instance_type, 'us-east-1', ${zone}`;
  const digits = Array.from({ length: 10 }, (_, d) => `SELECT ${d} AS d`).join(' UNION ALL ');
  const numbers = `(SELECT x.d + 10 * y.d + 100 * z.d + 1000 * w.d AS n FROM (${digits}) AS x, (${digits}) AS y, (${digits}) AS z, (${digits}) AS w)`;
  for (const statement of [
    `UPDATE clients SET aws_account_id = '${account}'`,
    `INSERT INTO replica_instances (id, client_id, agent_id, instance_id, replica_type, pool_id, instance_type, region, az,
       status, launch_claimed_at, launched_at, ready_at, created_at)
     SELECT CONCAT(a.id, 's'), a.client_id, a.id, CONCAT(a.instance_id, 's'), 'manual', ${place}, 'ready',
       a.created_at, a.created_at, a.created_at, a.created_at FROM agents AS a WHERE ${isLucky}`,
    `INSERT INTO instances (id, client_id, agent_id, instance_type, region, az, instance_status, is_primary, is_active,
       current_mode, last_seen_at, installed_at, created_at)
     SELECT CONCAT(a.instance_id, 's'), a.client_id, a.id, a.instance_type, 'us-east-1', ${zone}, 'running_replica', FALSE, TRUE,
       'spot', a.created_at, a.created_at, a.created_at FROM agents AS a WHERE ${isLucky}`,
    `INSERT INTO spot_interruption_events (id, client_id, agent_id, instance_id, signal_type, termination_time, pool_id,
       instance_type, region, detected_at, response_action, failover_completed, created_at)
     SELECT CONCAT('h', LEFT(SHA2(CONCAT(p.id, m.n), 256), 34)), 'past', 'past', CONCAT('i-past-', m.n), 'termination-notice',
       TIMESTAMPADD(MINUTE, -20 * m.n - 60, p.created_at), p.id, p.instance_type, p.region,
       TIMESTAMPADD(MINUTE, -20 * m.n - 60, p.created_at), 'past', TRUE, TIMESTAMPADD(MINUTE, -20 * m.n - 60, p.created_at)
     FROM spot_pools AS p CROSS JOIN ${numbers} AS m WHERE m.n < ${noticesAPool}
     ON DUPLICATE KEY UPDATE response_action = 'past'`,
    `INSERT IGNORE INTO pool_losses (pool_id, bucket)
     SELECT DISTINCT e.pool_id, FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP(e.created_at) / 600) * 600) FROM spot_interruption_events AS e`,
    'ANALYZE TABLE replica_instances, instances, spot_interruption_events, pool_losses',
  ])
    await connection.query(statement);
}

interface Batch {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}
interface Answer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Sends the notices evenly, and continues until each is handled or dead-lettered. Times are `performance.now()`. */
async function loseZone(
  plane: ControlPlane,
  agents: readonly Agent[],
  { seconds, holder }: { readonly seconds: number; readonly holder: Connection },
) {
  const sentAt = new Map<string, number>();
  const durableAt = new Map<string, number>();
  const queue = new EventQueue({
    clock: systemClock,
    run: async (batch) => {
      const answer = (await plane.invoke('spot-events', batch)) as Answer;
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      // The time at which the whole batch completed; some decisions were durable earlier.
      for (const { messageId, body } of (batch as Batch).Records)
        if (!failed.has(messageId)) durableAt.set(JSON.parse(body).detail['instance-id'], performance.now());
      return answer;
    },
  });
  const began = performance.now();
  let releasedAt: number | undefined;
  for (let sent = 0; sent < agents.length || queue.size > 0 || releasedAt === undefined; await sleep(tickMs)) {
    const elapsed = (performance.now() - began) / 1000;
    const until = Math.min(agents.length, Math.ceil((agents.length * elapsed) / seconds));
    for (const { instanceId } of agents.slice(sent, until)) sentAt.set(instanceId, performance.now());
    queue.send(agents.slice(sent, until).map(warning));
    sent = until;
    queue.deliverDue().catch((error) => console.error(error));
    if (releasedAt === undefined && elapsed >= seconds) {
      await holder.query('ROLLBACK');
      releasedAt = performance.now();
    }
  }
  return { sentAt, durableAt, releasedAt, setAside: queue.deadLetters.length };
}

const warning = ({ instanceId }: Agent) => ({
  version: '0',
  id: instanceId,
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  account,
  time: new Date().toISOString(),
  region: 'us-east-1',
  resources: [],
  detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
});

/** Takes milliseconds, returns seconds. */
function quantiles(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => ((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1000).toFixed(2);
  return { notices: sorted.length, 'p50 s': at(0.5), 'p99 s': at(0.99), 'max s': at(1 - 1 / sorted.length) };
}

/** The notices in the database, by outcome: every acknowledged one must be there. */
const outcomes = (connection: Connection): Promise<object[]> =>
  connection.query(
    `SELECT response_action AS 'answered by', COUNT(*) AS notices, SUM(failover_completed) AS 'failed over'
     FROM spot_interruption_events WHERE agent_id <> 'past' AND created_at > TIMESTAMPADD(HOUR, -1, UTC_TIMESTAMP(3))
     GROUP BY response_action`,
  );
