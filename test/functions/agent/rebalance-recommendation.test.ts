import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rig } from '../../support/rig/rig.ts';

// After a failover, the agent on the instance that EC2 reclaims exits, and its service manager keeps restarting it
// until the instance is gone. Each start reports the recommendation again.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

async function failedOver() {
  const zombie = await rig.primary({ type: 'z1.large', mode: 'spot', az: 'us-east-1a' });
  await zombie.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  await zombie.emergency('rebalance-recommendation');
  const [wanted] = (await zombie.listReplicas('launching')).body.replicas;
  const primary = zombie.successor({ az: wanted.az, mode: 'spot' });
  await zombie.putReplica(wanted.id, primary.id);
  await primary.register();
  await zombie.replicaStatus(wanted.id, 'ready');
  await zombie.terminationImminent();
  expect(await primary.agentRow()).toMatchObject({ instanceId: primary.id });
  return { zombie, primary };
}

it('a recommendation from a retired instance is recorded for its own pool, and leaves the primary alone', async () => {
  const { zombie, primary } = await failedOver();
  rig.pass(3 * 3600);
  await primary.heartbeat();
  const before = await primary.agentRow();
  for (let restarts = 0; restarts < 3; restarts += 1) {
    rig.pass(17);
    const { status, body } = await zombie.request('POST', '/rebalance-recommendation', { instance_id: zombie.id });
    expect(status).toBe(200);
    expect(body).toMatchObject({ action: 'monitor', reason: expect.stringContaining('is not the primary') });
  }
  expect(await primary.agentRow()).toEqual(before);
  const told = (await primary.interruptions()).filter(({ createdAt }) => createdAt > before.updatedAt);
  expect(told.at(-1)).toMatchObject({
    instanceId: zombie.id,
    signalType: 'rebalance-recommendation',
    poolId: 'z1.large.us-east-1a',
    responseAction: 'not-primary',
  });
  await rig.runJob('coordinate-replicas');
  expect((await primary.replicas()).filter(({ isActive }) => isActive)).toEqual([]);
});

it('a price report in flight while another instance takes over does not set the primary’s pool', async () => {
  const { dataApi } = rig.controlPlane;
  const first = await rig.primary({ type: 'z2.large', mode: 'spot', az: 'us-east-1a' });
  await first.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  const next = first.successor({ az: 'us-east-1b', mode: 'spot' });
  rig.pass(60);
  // The switch report arrives while the statement that stores the price report is in flight.
  dataApi.onCall = async ({ sql }) => {
    if (!/SET i\.spot_price/.test(sql ?? '')) return;
    dataApi.onCall = undefined;
    await first.switchReport(next);
  };
  await first.report(0.1, { 'us-east-1a': 0.06 });
  expect(await first.agentRow()).toMatchObject({ instanceId: next.id, currentPoolId: 'z2.large.us-east-1b' });
});
