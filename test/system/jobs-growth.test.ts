import { expect, it } from 'vitest';
import { seedFleet } from '../../bench/fleet-history.ts';
import { rowsExamined, sumOf } from '../../bench/rows-examined.ts';
import { type JobName, jobs } from '../../functions/jobs.ts';
import { connectToRig } from '../support/database/beside.ts';
import { Rig } from '../support/rig/rig.ts';

// What a job reads each minute depends on what is due, and not on how long the fleet has run.

type Examined = Readonly<Record<JobName, Readonly<Record<string, number>>>>;

/** For each job something to do, of the same twenty agents. */
function thingsToDo(now: Date): string[] {
  const at = (minutes: number) => `'${new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 23)}'`;
  const agents = (from: number) => `(SELECT id FROM (SELECT id FROM agents ORDER BY id LIMIT ${from}, 20) AS those)`;
  return [
    `UPDATE agents SET manual_replica_enabled = TRUE, auto_switch_enabled = FALSE WHERE id IN ${agents(0)}`,
    `UPDATE agents SET last_rebalance_recommendation_at = ${at(-5)} WHERE id IN ${agents(20)}`,
    `UPDATE agents SET pending_termination_at = ${at(1)}, pending_termination_instance = instance_id WHERE id IN ${agents(40)}`,
    `UPDATE agents SET last_heartbeat_at = ${at(-30)} WHERE id IN ${agents(60)}`,
    `UPDATE commands SET status = 'pending', expires_at = ${at(-1)}, completed_at = NULL
     WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents(80)}`,
    `UPDATE spot_interruption_events SET termination_time = ${at(-5)} WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents(100)}`,
    `UPDATE instances AS i INNER JOIN spot_interruption_events AS e ON e.instance_id = i.id AND e.termination_time = ${at(-5)}
     SET i.instance_status = 'zombie', i.termination_confirmed = FALSE, i.terminated_at = NULL`,
    `UPDATE instances SET termination_confirmed = FALSE WHERE instance_status = 'terminated' AND agent_id IN ${agents(120)}
     AND id = (SELECT instance_id FROM spot_interruption_events WHERE id = CONCAT(instances.agent_id, 1))`,
    `UPDATE replica_instances SET status = 'launching', instance_id = NULL, created_at = ${at(-15)}
     WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents(140)}`,
    // What was counted the days before is not counted again.
    `INSERT INTO clients_daily_snapshot VALUES (DATE(${at(-2 * 24 * 60)}), 1, 0, 1, 0, 0, 0)`,
    'ANALYZE TABLE agents, instances, commands, replica_instances, spot_interruption_events',
  ];
}

/** Rows that each job reads, by table, of the same fleet after a life of so many machines an agent. */
async function examinedAfter(machines: number): Promise<Examined> {
  const rig = await Rig.start();
  const beside = await connectToRig();
  try {
    await seedFleet(beside, { agents: 300, machines, due: 100 }, rig.clock.now());
    await rig.runJob('delete-old-rows'); // as in each night of that life
    for (const statement of thingsToDo(rig.clock.now())) await beside.query(statement);
    const examined = await rowsExamined(beside, rig.database);
    const ofJobs: [JobName, Readonly<Record<string, number>>][] = [];
    for (const job of Object.keys(jobs) as JobName[]) {
      await examined.read();
      await rig.runJob(job);
      ofJobs.push([job, await examined.read()]);
    }
    return Object.fromEntries(ofJobs) as Examined;
  } finally {
    await beside.end();
    await rig.stop();
  }
}

it('no job reads more rows after ten times as long a life', async () => {
  const [young, old] = [await examinedAfter(5), await examinedAfter(50)];
  for (const job of Object.keys(jobs) as JobName[]) {
    const report = `${job}: ${JSON.stringify(young[job])} against ${JSON.stringify(old[job])}`;
    expect(sumOf(old[job]), report).toBeLessThanOrEqual(sumOf(young[job]) * 1.1 + 20);
  }
});
