import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

// The control plane is away: nobody is heard of, and no job runs. When it is back, whoever beats first must not take that
// for the silence of all others.

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** Minutes in which we are there, and these instances beat. */
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

it.each([3, 15])('after %i minutes without us the standby that beats first deposes nobody', async (n) => {
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

it('a primary that really died is deposed once it has been silent for as long while we listened', async () => {
  const { primary, standby } = await withStandby();
  away(5);
  await minutes(4, [standby]);
  expect(await primary.agentRow()).toMatchObject({ instanceId: standby.id, primaryCause: 'takeover' });
});

it('a primary that dies while we are there is deposed as ever', async () => {
  const { primary, standby } = await withStandby();
  await minutes(4, [standby]);
  expect((await primary.agentRow()).instanceId).toBe(standby.id);
});

it('a new instance that registers first waits beside a primary that we could not hear', async () => {
  const { primary } = await withStandby();
  away(3);
  const other = primary.successor();
  await other.register();
  expect((await primary.agentRow()).instanceId).toBe(primary.id);
});

it('a live standby outlives an outage of any length', async () => {
  const { primary, standby } = await withStandby();
  away(45);
  await rig.runJob('coordinate-replicas');
  await minutes(2, [primary, standby]);
  expect(Object.values(await primary.replicas())).toMatchObject([{ instanceId: standby.id, status: 'ready' }]);
});

it('a silent standby is replaced, and asked to end only when it is heard of again', async () => {
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
