import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

// While the control plane is down it hears nobody and runs no job. Once it is back, the first heartbeat must not make
// it treat all other instances as silent.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** Passes this many minutes with the control plane up, while these instances send heartbeats. */
async function minutes(n: number, beating: readonly TestInstance[]) {
  for (let i = 0; i < n; i += 1) {
    for (const instance of beating) await instance.heartbeat();
    rig.pass(60);
    await rig.runJob('expire-agents');
    await rig.runJob('coordinate-replicas');
  }
}
const away = (n: number) => void rig.pass(n * 60);

let types = 0;
async function withStandby() {
  const primary = await rig.primary({ type: `o${++types}.large`, mode: 'spot' });
  await primary.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  await primary.set({ manualReplicaEnabled: true, autoSwitchEnabled: false });
  await minutes(1, [primary]);
  const [wanted] = (await primary.listReplicas('launching')).body.replicas;
  const standby = primary.successor({ az: wanted.az });
  await primary.putReplica(wanted.id, standby.id);
  await standby.register();
  await primary.replicaStatus(wanted.id, 'ready');
  await minutes(1, [primary, standby]);
  return { primary, standby };
}

it.each([3, 15])('after an outage of %i minutes the standby that beats first deposes nobody', async (n) => {
  const { primary, standby } = await withStandby();
  away(n);
  await standby.heartbeat();
  await rig.runJob('expire-agents');
  await rig.runJob('coordinate-replicas');
  await standby.heartbeat();
  expect(await primary.agentRow()).toMatchObject({ instanceId: primary.id, status: 'online' });
  await minutes(3, [standby, primary]);
  expect(await primary.agentRow()).toMatchObject({ instanceId: primary.id, status: 'online' });
  expect(Object.values(await primary.replicas())).toMatchObject([{ instanceId: standby.id, status: 'ready' }]);
});

it('a primary that died in an outage is deposed after the usual silence, counted from the outage’s end', async () => {
  const { primary, standby } = await withStandby();
  away(5);
  await minutes(4, [standby]);
  expect(await primary.agentRow()).toMatchObject({ instanceId: standby.id, primaryCause: 'takeover' });
});

it('a primary that dies while the control plane is up is deposed as usual', async () => {
  const { primary, standby } = await withStandby();
  await minutes(4, [standby]);
  expect((await primary.agentRow()).instanceId).toBe(standby.id);
});

it('a new instance that registers first does not replace a primary that could not be heard', async () => {
  const { primary } = await withStandby();
  away(3);
  const other = primary.successor();
  await other.register();
  expect((await primary.agentRow()).instanceId).toBe(primary.id);
});

it('a live standby survives an outage of any length', async () => {
  const { primary, standby } = await withStandby();
  away(45);
  await rig.runJob('coordinate-replicas');
  await minutes(2, [primary, standby]);
  expect(Object.values(await primary.replicas())).toMatchObject([{ instanceId: standby.id, status: 'ready' }]);
});

it('a silent standby is replaced, and listed for termination only once it is heard from again', async () => {
  const { primary, standby } = await withStandby();
  await minutes(12, [primary]);
  const statuses = Object.values(await primary.replicas()).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual(['failed', 'launching']);
  const listed = async () =>
    (await primary.instancesToTerminate()).body.instances.map((one: { instance_id: string }) => one.instance_id);
  expect(await listed()).toEqual([]);
  await standby.heartbeat();
  expect(await listed()).toEqual([standby.id]);
});
