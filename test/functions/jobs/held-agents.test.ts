import { sql } from 'kysely';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedFleet } from '../../../bench/fleet-history.ts';
import { updateFreeAgents } from '../../../functions/core/agent/agents.ts';
import { changeFreeAgents } from '../../../functions/core/agent/lock.ts';
import type { JobName } from '../../../functions/jobs.ts';
import { connectToRig } from '../../support/database/beside.ts';
import { Rig } from '../../support/rig/rig.ts';
import { sizes } from '../../support/run/sizes.ts';

// Another transaction holds locks on one agent and all its rows, like that of a function that was killed. A job that
// changes many agents at once must find their rows by primary key: any other access path would wait for that agent.

let rig: Rig;
let beside: Connection;
let holder: Connection;

/** The id of the locked agent. It is the lowest id, which a table scan meets first. */
let held: string;

const tables = ['agents', 'instances', 'replica_instances', 'commands', 'spot_interruption_events'] as const;

async function fleetOf(agents: number) {
  rig = await Rig.start();
  beside = await connectToRig();
  holder = await connectToRig();
  await seedFleet(beside, { agents, machines: 3, due: agents }, rig.clock.now());
  const [{ id }] = await beside.query('SELECT MIN(id) AS id FROM agents');
  held = id;
}

async function end() {
  await holder.end();
  await beside.end();
  await rig.stop();
}

const ago = (minutes: number) => new Date(rig.clock.now().getTime() - minutes * 60_000).toISOString().slice(0, 23);
const hold = async () => {
  // Without gap locks, which would also block the neighbours.
  await holder.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await holder.query('BEGIN');
  for (const table of tables)
    await holder.query(`SELECT id FROM ${table} WHERE ${table === 'agents' ? 'id' : 'agent_id'} = ? FOR UPDATE`, [
      held,
    ]);
};

interface Case {
  readonly job: JobName;
  readonly name: string;
  /** Statements that give the job something to change for every agent. */
  readonly arrange: () => readonly string[];
  /** The query that counts what is still to be changed. */
  readonly left: () => string;
  /** The most that one run changes. */
  readonly most: number;
  /** How many changes there are for each agent; 1 by default. */
  readonly perAgent?: number;
}

const cases: readonly Case[] = [
  {
    job: 'expire-agents',
    name: 'marks the silent ones offline',
    arrange: () => [
      `UPDATE agents SET last_heartbeat_at = '${ago(30)}'`,
      `UPDATE hearing SET heard_until = '${ago(1)}'`,
    ],
    left: () => "SELECT COUNT(*) AS n FROM agents WHERE status = 'online'",
    most: 500,
  },
  {
    job: 'decide',
    name: 'decides on those with news',
    arrange: () => [],
    left: () => 'SELECT COUNT(*) AS n FROM agents WHERE decided_at < priced_at',
    most: 4000,
  },
  {
    job: 'coordinate-replicas',
    name: 'clears the mark of those that outlived their notice',
    arrange: () => [
      `UPDATE agents SET status = 'online', last_heartbeat_at = '${ago(0)}', pending_termination_at = '${ago(15)}',
         pending_termination_instance = instance_id`,
    ],
    left: () => 'SELECT COUNT(*) AS n FROM agents WHERE pending_termination_at IS NOT NULL',
    most: 100,
  },
  {
    job: 'coordinate-replicas',
    name: 'confirms the end of what EC2 has taken',
    arrange: () => [
      "UPDATE instances SET instance_status = 'zombie', termination_confirmed = FALSE, terminated_at = NULL WHERE NOT is_primary",
      `UPDATE spot_interruption_events SET termination_time = TIMESTAMPADD(SECOND, -CRC32(id) % 60, '${ago(5)}')`,
    ],
    left: () => "SELECT COUNT(*) AS n FROM instances WHERE instance_status = 'zombie'",
    most: 100,
    perAgent: 2,
  },
  {
    job: 'coordinate-replicas',
    name: 'gives up launches that came to nothing',
    arrange: () => [
      'DELETE FROM replica_instances WHERE id <> CONCAT(agent_id, 1)',
      `UPDATE replica_instances SET status = 'launching', instance_id = NULL, created_at = '${ago(15)}', launch_claimed_at = NULL`,
    ],
    left: () => "SELECT COUNT(*) AS n FROM replica_instances WHERE status = 'launching'",
    most: 100,
  },
  {
    job: 'sweep-commands',
    name: 'closes what nobody fetched',
    arrange: () => [
      'DELETE FROM commands WHERE id <> CONCAT(agent_id, 1)',
      `UPDATE commands SET status = 'pending', expires_at = '${ago(1)}', completed_at = NULL`,
    ],
    left: () => "SELECT COUNT(*) AS n FROM commands WHERE status = 'pending'",
    most: 100,
  },
];

it('changeFreeAgents locks only the agents it is given, and waits for none', async () => {
  await fleetOf(sizes.heldAgents);
  try {
    const { rows: agents } = await sql<{ id: string }>`SELECT id FROM agents ORDER BY id`.execute(rig.db);
    const ids = agents.map(({ id }) => id);
    await hold();
    for (const share of [0.3, 0.5, 0.9]) {
      const asked = ids.slice(0, ids.length * share);
      const changed = await changeFreeAgents(rig.db, { ids: asked, none: 0 }, async (tx, free) => {
        const of = { ids: free.map(({ id }) => id), set: sql`updated_at = ${rig.clock.now()}` };
        const updated = await updateFreeAgents(tx, of);
        const others = ids.slice(asked.length);
        const open = await beside.query('SELECT id FROM agents WHERE id IN (?) FOR UPDATE SKIP LOCKED', [others]);
        expect(open).toHaveLength(others.length);
        return updated;
      });
      expect(changed).toBe(asked.length - 1);
    }
  } finally {
    await end();
  }
});

describe.each([40, 200, 1000].filter((agents) => agents <= sizes.heldAgents))('of %i agents, one is held', (agents) => {
  beforeAll(() => fleetOf(agents));
  afterAll(end);
  beforeEach(async () => {
    await holder.query('ROLLBACK');
  });

  it.each(cases)('$job $name, except the one that is held', async ({ job, arrange, left, most, perAgent = 1 }) => {
    for (const statement of arrange()) await beside.query(statement);
    await beside.query(`ANALYZE TABLE ${tables.join()}`);
    await hold();
    await expect(rig.runJob(job)).resolves.toMatchObject({ ran: true });
    const [{ n }] = await beside.query(left());
    expect(n).toBeGreaterThanOrEqual(perAgent);
    expect(n).toBeLessThanOrEqual(Math.max(0, agents * perAgent - most) + perAgent);
  });
});
