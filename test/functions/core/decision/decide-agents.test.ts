import type { Connection } from 'mariadb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seedFleet } from '../../../../bench/fleet-history.ts';
import { decideDueAgents } from '../../../../functions/core/decision/decide-agents.ts';
import { runTime } from '../../../../functions/shared/run-time.ts';
import { connectToRig } from '../../../support/database/beside.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { sizes } from '../../../support/run/sizes.ts';

// More agents are due than one statement can handle.

let rig: Rig;
let beside: Connection;
beforeEach(async () => {
  rig = await Rig.start();
  beside = await connectToRig();
});
afterEach(async () => {
  await beside.end();
  await rig.stop();
});

const one = async (query: string): Promise<number> => Number(Object.values((await beside.query(query))[0])[0]);
const undecided = () => one('SELECT COUNT(*) FROM agents WHERE decided_at < priced_at');

it('decides on all due agents in one run, and skips those whose rows are locked', async () => {
  const due = sizes.dueAgents;
  await seedFleet(beside, { agents: due, machines: 1, due }, rig.clock.now());
  const holder = await connectToRig();
  await holder.query('BEGIN');
  // Spread over the whole order in which agents are taken.
  const rows: { id: string }[] = await beside.query('SELECT id FROM agents WHERE CRC32(id) % 50 = 0');
  for (const { id } of rows) await holder.query('SELECT id FROM agents WHERE id = ? FOR UPDATE', [id]);
  const held = rows.length;
  expect(await rig.runJob('decide')).toMatchObject({ ran: true, rows: due - held });
  await holder.end();
  expect(await undecided()).toBe(held);
});

it('takes those agents first that have waited longest for a decision, whenever they last reported', async () => {
  const now = rig.clock.now();
  await seedFleet(beside, { agents: 3000, machines: 1, due: 3000 }, now);
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString().slice(0, 23);
  await beside.query(`UPDATE agents SET decided_at = '${ago(30)}', priced_at = '${ago(20)}'`);
  // They report again and again, so that their newest report is always younger than everybody else's.
  await beside.query(`UPDATE agents SET decided_at = '${ago(40)}', priced_at = '${ago(0)}' WHERE CRC32(id) % 10 = 0`);
  let turns = 0;
  const aMoment = runTime(() => (++turns > 10 ? 0 : 60_000));
  const decided = await decideDueAgents(rig.db, aMoment, now);
  expect(decided).toBeGreaterThan(500);
  expect(decided).toBeLessThan(3000);
  expect(await one('SELECT COUNT(*) FROM agents WHERE CRC32(id) % 10 = 0 AND decided_at < priced_at')).toBe(0);
});

it('decides on agents and pools whose names have the maximum length', async () => {
  const now = rig.clock.now();
  const tenant = await seedFleet(beside, { agents: 200, machines: 2, due: 200, instanceTypes: 200, zones: 20 }, now);
  const longest = (columns: Readonly<Record<string, number>>) =>
    Object.entries(columns)
      .map(
        ([column, length]) =>
          `${column} = CONCAT(RIGHT(${column}, 24), REPEAT('界', ${length} - CHAR_LENGTH(RIGHT(${column}, 24))))`,
      )
      .join(', ');
  // A zone's name begins with its region's, which is set before it.
  const longestZone = "az = CONCAT(region, RIGHT(az, 1), REPEAT('界', 48 - 1 - CHAR_LENGTH(region)))";
  const place = { instance_type: 64, region: 32 };
  const machine = { ...place, current_pool_id: 128 };
  await beside.query(
    `UPDATE agents SET ami_id = 'ami', private_ip = '10', public_ip = '10', agent_version = '4', last_interruption_signal = 'none',
       primary_cause = 'none', pending_termination_instance = 'none'`,
  );
  const own = { logical_agent_id: 255, hostname: 255, ami_id: 64, private_ip: 45, public_ip: 45, agent_version: 32 };
  const rest = { last_interruption_signal: 32, primary_cause: 32, pending_termination_instance: 64 };
  await beside.query(`UPDATE agents SET ${longest({ ...own, ...rest, ...machine })}, ${longestZone}`);
  await beside.query(`UPDATE instances SET ${longest(machine)}, ${longestZone}`);
  await beside.query(`UPDATE spot_pools SET ${longest({ id: 128, pool_name: 160, ...place })}, ${longestZone}`);
  await beside.query(`UPDATE tenant_pool_prices SET ${longest({ pool_id: 128 })}`);
  await beside.query(`UPDATE ondemand_prices SET ${longest({ instance_type: 64, region: 32 })}`);
  const overlays = (position: string, type: string) =>
    `SELECT client_id, ${position}, REPEAT('界', 64), ${type}, mode, 9.999999 FROM agents
       CROSS JOIN (SELECT 0 AS k, 'spot' AS mode UNION SELECT 1, 'ondemand') AS m`;
  await beside.query(
    `INSERT INTO client_price_overlays (client_id, position, name, instance_type, mode, multiplier)
       ${overlays('2 + 2 * ROW_NUMBER() OVER (ORDER BY instance_type) + k', 'instance_type')}
       UNION ${overlays('k', "''")}`,
  );
  expect(await rig.runJob('decide')).toMatchObject({ rows: 200 });
  expect(await undecided()).toBe(0);
  const decisions = await rig.db.selectFrom('decisions').selectAll().where('clientId', '=', tenant).limit(1).execute();
  expect(decisions[0]!.inputs).toMatchObject({ prices: { pools: expect.objectContaining({ length: 20 }) } });
});

it('needs calls by batch and place, no more with targets and a long history', async () => {
  await seedFleet(beside, { agents: 1000, machines: 20, due: 1000, daysPerMachine: 0.3 }, rig.clock.now());
  await beside.query('UPDATE agents SET availability_target = 0.9995');
  for (const _ of ['the hour that was missed', 'nothing new']) await rig.runJob('observe-pools');
  const callsOf = async (job: 'decide' | 'observe-pools') => {
    const before = rig.controlPlane.dataApi.calls;
    await rig.runJob(job);
    return rig.controlPlane.dataApi.calls - before;
  };
  // Ten batches of seven calls, 40 types by twelve, the list of due agents, and what every job takes.
  expect(await callsOf('decide')).toBeLessThanOrEqual(10 * 7 + 4 + 2 + 6);
  rig.pass(600);
  // A period, two lots of twenty places for shadows and for risks, and what every job takes.
  expect(await callsOf('observe-pools')).toBeLessThanOrEqual(9 + 2 * 3 + 1 + 2 * 7 + 6);
  expect(await one("SELECT COUNT(*) FROM decisions WHERE model_version = 'policy-a-4'")).toBe(1000);
});
