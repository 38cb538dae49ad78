import { expect, it } from 'vitest';
import { seedFleet } from '../../bench/fleet-history.ts';
import { rowsExamined, sumOf } from '../../bench/rows-examined.ts';
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import { connectToRig } from '../support/database/beside.ts';
import { Rig } from '../support/rig/rig.ts';
import { ec2Event } from '../support/scenes/ec2-event.ts';

// An event concerns one agent: handling it costs the same however many other agents there are.

const account = '123456789012';

/** Rows read for each event of one agent's instance, by table, in a fleet of this many agents. */
async function examinedAmong(agents: number): Promise<Record<string, Readonly<Record<string, number>>>> {
  const rig = await Rig.start();
  const beside = await connectToRig();
  try {
    await seedFleet(beside, { agents, machines: 3, due: 0 }, rig.clock.now());
    await beside.query('UPDATE clients SET aws_account_id = ?', [account]);
    await beside.query(
      'ANALYZE TABLE clients, agents, instances, commands, replica_instances, spot_interruption_events',
    );
    const instances: { id: string }[] = await beside.query(
      'SELECT id FROM instances WHERE is_primary ORDER BY agent_id LIMIT 3',
    );
    const examined = await rowsExamined(beside, rig.database);
    const send = async (type: string, instance: string, detail = {}) => {
      await examined.read();
      await rig.controlPlane.postEvents([
        ec2Event({ account, type, detail: { 'instance-id': instance, ...detail }, at: rig.clock.now() }),
      ]);
      expect(rig.controlPlane.deadLetters).toEqual([]);
      // `pool_losses` has a row per pool and ten-minute period with a loss: the number of agents does not matter.
      const { pool_losses: _, ...rows } = await examined.read();
      return rows;
    };
    const [first, second, third] = instances as [{ id: string }, { id: string }, { id: string }];
    return {
      warning: await send(detailTypes.interruption, first.id, { 'instance-action': 'terminate' }),
      recommendation: await send(detailTypes.rebalance, second.id),
      end: await send(detailTypes.stateChange, third.id, { state: 'terminated' }),
      stranger: await send(detailTypes.stateChange, 'i-0nobody', { state: 'terminated' }),
    };
  } finally {
    await beside.end();
    await rig.stop();
  }
}

it('no EC2 event reads more rows in a fleet with ten times as many agents', async () => {
  const [few, many] = [await examinedAmong(300), await examinedAmong(3000)];
  expect(sumOf(few.warning!)).toBeGreaterThan(0);
  for (const [event, rows] of Object.entries(many)) {
    const report = `${event}: ${JSON.stringify(few[event])} against ${JSON.stringify(rows)}`;
    expect(sumOf(rows), report).toBeLessThanOrEqual(sumOf(few[event]!) * 1.1 + 20);
  }
});
