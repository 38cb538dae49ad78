import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coordinateReplicas } from '../../../../functions/core/failover/coordinate.ts';
import { runTime } from '../../../../functions/shared/run-time.ts';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import type { Tenant } from '../../../support/rig/api.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { isTried } from '../../../support/run/sizes.ts';
import { failoverScenes } from '../../../support/scenes/failover-scenes.ts';

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

const { primary, poolIn, launch, withStandby, active, notices, count, inOneTransaction, expectFailedOver } =
  failoverScenes(
    () => rig,
    () => tenant,
  );
const unhurried = runTime(() => 3_600_000);
const manual = { autoSwitchEnabled: false, manualReplicaEnabled: true };
const coordinate = () => rig.runJob('coordinate-replicas');

/** Sends the primary's heartbeat first: a standby takes over from a silent primary. */
async function bothBeat(first: TestInstance, standby: TestInstance) {
  await first.heartbeat();
  await standby.heartbeat();
}

describe('after a failover', () => {
  it('the old instance counts as gone a minute after its announced end, and nobody is asked to end it', async () => {
    const { instance, standby } = await withStandby();
    await instance.terminationImminent();
    for (const [seconds, status] of [
      [179, 'zombie'],
      [1, 'terminated'],
    ] as const) {
      rig.pass(seconds);
      await standby.heartbeat();
      await coordinate();
      expect((await instance.row()).instanceStatus).toBe(status);
    }
    expect(await instance.row()).toMatchObject({ isActive: false, terminationConfirmed: true });
    rig.pass(3600);
    expect((await standby.instancesToTerminate()).body.instances).toEqual([]);
    await instance.heartbeat();
    expect((await instance.row()).instanceStatus).toBe('terminated');
  });
});

describe('a notice, without a standby', () => {
  // If the instance's report and the notice cross, the notice finds no instance and the report finds no notice.
  it.each<[string, (instance: TestInstance, id: string) => Promise<unknown>]>([
    ['is finished by "ready"', (instance, id) => instance.replicaStatus(id, 'ready')],
    ['is finished by all having been transferred', (m, id) => m.syncStatus(id, { state_transfer_progress: 100 })],
    ['is finished by the coordinator, if nothing is said any more', () => coordinate()],
  ])('%s', async (_, finish) => {
    const { instance, id, standby } = await withStandby('syncing');
    await instance.emergency('termination-notice');
    await instance.set({
      pendingTerminationInstance: instance.id,
      pendingTerminationAt: new Date(rig.clock.now().getTime() + 120_000),
    });
    await finish(instance, id);
    await expectFailedOver(instance, standby);
  });

  it('goes to the next pool as soon as a launch has failed, then to on-demand', async () => {
    const instance = await primary();
    await instance.emergency('termination-notice');
    await instance.terminationImminent();
    for (const zone of ['c', 'b']) {
      const [wanted] = (await instance.listReplicas('launching')).body.replicas;
      expect(wanted.az).toBe(`us-east-1${zone}`);
      const reason = { error_message: 'InsufficientInstanceCapacity' };
      const { calls } = await inOneTransaction(() => instance.replicaStatus(wanted.id, 'failed', reason));
      expect(calls).toBeLessThanOrEqual(9);
      await instance.replicaStatus(wanted.id, 'failed', reason);
      await coordinate();
    }
    expect(await count(instance, 'replica_failed')).toBe(2);
    expect(await active(instance)).toEqual([]);
    expect(await instance.commands()).toMatchObject([{ targetMode: 'ondemand', status: 'pending', priority: 100 }]);
    expect((await instance.replicas()).length).toBe(2);
    expect(await notices(instance)).toHaveLength(1);
  });

  it('counts even if R9 never follows: the PUT finishes the failover, or the coordinator does', async () => {
    for (const isThere of [false, true]) {
      const instance = await primary();
      if (isThere) await instance.emergency('rebalance-recommendation');
      const before = isThere ? await launch(instance) : undefined;
      await instance.emergency('termination-notice');
      expect((await instance.agentRow()).pendingTerminationInstance).toBe(instance.id);
      if (before) await coordinate();
      await expectFailedOver(instance, before?.standby ?? (await launch(instance)).standby);
    }
  });

  it('is dropped when the instance still lives ten minutes after its announced end', async () => {
    const instance = await primary();
    await instance.emergency('termination-notice');
    await instance.terminationImminent();
    for (const [seconds, pending] of [
      [719, true],
      [1, false],
    ] as const) {
      rig.pass(seconds);
      await instance.heartbeat();
      await coordinate();
      expect((await instance.agentRow()).pendingTerminationInstance !== null).toBe(pending);
    }
    expect((await instance.agentRow()).pendingTerminationAt).toBeNull();
    expect((await instance.row()).isPrimary).toBe(true);
  });

  it('stops creating standbys for an instance that is gone: nobody would launch them', async () => {
    const instance = await primary();
    await instance.terminationImminent();
    for (let minutes = 0; minutes < 40; minutes += 1) {
      rig.pass(60);
      await coordinate();
    }
    expect((await instance.replicas()).length).toBeLessThanOrEqual(2);
    expect(await active(instance)).toEqual([]);
  });
});

describe('an agent of version 3, which cannot launch standbys', () => {
  const old = (zones = 'abc') => primary(zones, { version: '3.2.0' });

  it('is sent to on-demand by a notice, and left alone by a recommendation', async () => {
    const instance = await old();
    expect((await instance.emergency('rebalance-recommendation')).body.success).toBe(false);
    await coordinate();
    expect([await instance.commands(), await instance.replicas()]).toEqual([[], []]);
    expect((await instance.terminationImminent()).body).toMatchObject({ success: false });
    await coordinate();
    expect(await instance.replicas()).toEqual([]);
    expect((await instance.pendingCommands()).body).toMatchObject([{ target_mode: 'ondemand', priority: 100 }]);
  });

  it('is refused a standby, with the reason', async () => {
    const instance = await old();
    const path = `/api/agents/${instance.agentId}/manual-replica/enable`;
    for (const answer of [await rig.request('POST', path, { token: tenant.token }), await instance.createReplica()])
      expect(answer).toMatchObject({ status: 400, body: { code: 'agent_too_old' } });
    await instance.set(manual);
    await coordinate();
    expect(await instance.replicas()).toEqual([]);
  });
});

describe('no other pool', () => {
  it('sends the agent to on-demand, and cancels the switch that was queued before', async () => {
    const instance = await primary('a');
    await instance.queueSwitch(null, { reason: 'a whim' });
    expect((await instance.emergency('termination-notice')).body.success).toBe(false);
    const { body, calls } = await instance.terminationImminent();
    expect(body).toMatchObject({ success: false, action: 'emergency_snapshot_required' });
    expect(calls).toBeLessThanOrEqual(9);
    await instance.terminationImminent();
    await coordinate();
    const commands = await instance.commands();
    expect(commands.map((c) => [c.status, c.priority, c.targetMode]).sort()).toEqual([
      ['cancelled', 25, 'ondemand'],
      ['pending', 100, 'ondemand'],
    ]);
    const [command] = (await instance.pendingCommands()).body;
    expect(command).toMatchObject({ target_mode: 'ondemand', priority: 100, target_pool_id: null });
    const next = instance.successor({ mode: 'ondemand' });
    await next.register();
    expect(await instance.agentRow()).toMatchObject({
      instanceId: next.id,
      pendingTerminationAt: null,
      pendingTerminationInstance: null,
    });
    expect(await notices(instance)).toHaveLength(1);
  });

  it('is no reason to go on-demand after a mere recommendation: a pool is looked for again', async () => {
    const instance = await primary('a');
    expect((await instance.emergency('rebalance-recommendation')).body.success).toBe(false);
    await coordinate();
    expect([await instance.commands(), await instance.replicas()]).toEqual([[], []]);
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
    await coordinate();
    expect(await active(instance)).toMatchObject([{ replicaType: 'automatic-rebalance', az: 'us-east-1b' }]);
  });
});

describe('a notice while a switch is under way', () => {
  it('ends when the instance of the switch takes over; a standby that comes later is let go', async () => {
    const instance = await primary();
    await instance.queueSwitch(poolIn(instance, 'b'));
    await instance.pendingCommands();
    await instance.terminationImminent();
    const next = instance.successor({ az: 'us-east-1b' });
    await next.register();
    expect((await instance.agentRow()).pendingTerminationInstance).toBeNull();
    const [wanted] = await active(instance);
    const standby = instance.successor({ az: wanted!.az });
    expect((await instance.putReplica(wanted!.id, standby.id)).body.status).toBe('syncing');
    await standby.register();
    for (let minutes = 0; minutes < 125; minutes += 5) {
      rig.pass(300);
      await bothBeat(next, standby);
      await coordinate();
    }
    expect((await instance.agentRow()).instanceId).toBe(next.id);
    expect(await active(instance)).toEqual([]);
    expect((await next.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: standby.id }]);
  });
});

describe('a rebalance recommendation that no notice follows', () => {
  it('keeps its standby for two hours, and then lets it go', async () => {
    const { instance, standby } = await withStandby();
    for (const [seconds, standbys] of [
      [7199, 1],
      [1, 0],
    ] as const) {
      for (let passed = 0; passed < seconds; passed += 300) {
        rig.pass(Math.min(300, seconds - passed));
        await bothBeat(instance, standby);
      }
      await coordinate();
      expect(await active(instance)).toHaveLength(standbys);
    }
    expect((await instance.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: standby.id }]);
    expect(await instance.events('emergency_stood_down')).toMatchObject([{ notify: true, severity: 'info' }]);
    expect(await instance.events('replica_failed')).toEqual([]);
    await coordinate();
    expect(await instance.replicas()).toHaveLength(1);
  });

  it('replaces a standby whose launch failed, but not one that was deleted', async () => {
    const instance = await primary();
    await instance.emergency('rebalance-recommendation');
    const [wanted] = (await instance.listReplicas('launching')).body.replicas;
    await instance.replicaStatus(wanted.id, 'failed');
    await coordinate();
    expect(await active(instance)).toEqual([]);
    rig.pass(60);
    await instance.heartbeat();
    await coordinate();
    const [again] = await active(instance);
    expect(again).toMatchObject({ replicaType: 'automatic-rebalance', az: 'us-east-1b' });
    await instance.deleteReplica(again!.id);
    await coordinate();
    expect(await active(instance)).toEqual([]);
  });

  it('keeps its standby when the mode settings of the agent change', async () => {
    const { instance, id, standby } = await withStandby();
    for (const mode of [{ autoSwitchEnabled: false, manualReplicaEnabled: true }, { manualReplicaEnabled: false }]) {
      await instance.set(mode);
      rig.pass(60);
      await bothBeat(instance, standby);
      await coordinate();
      expect(await active(instance)).toMatchObject([{ id, status: 'ready' }]);
    }
  });
});

describe('the coordinator', () => {
  it('keeps exactly one standby in manual mode, however many callers ask for one at once', async () => {
    for (let rounds = 0; rounds < 5; rounds += 1) {
      const instance = await primary();
      await instance.set(manual);
      const now = rig.clock.now();
      await Promise.all([
        ...Array.from({ length: 3 }, () => coordinateReplicas(rig.db, unhurried, now)),
        ...Array.from({ length: 3 }, () => instance.createReplica()),
        coordinate(),
        coordinate(),
      ]);
      expect(await instance.replicas()).toMatchObject([{ replicaType: 'manual', status: 'launching' }]);
    }
  });

  it.each([
    ['not enabled', { enabled: false }],
    ['offline', { status: 'offline' as const }],
    ['not in manual mode', { manualReplicaEnabled: false }],
  ])('creates no standby for an agent that is %s', async (_, state) => {
    const instance = await primary();
    await instance.set({ ...manual, ...state });
    await coordinate();
    expect(await instance.replicas()).toEqual([]);
  });

  it('replaces a standby that was promoted or deleted, in manual mode', async () => {
    const instance = await primary();
    await instance.set(manual);
    await coordinate();
    const first = await launch(instance);
    await instance.terminationImminent();
    await coordinate();
    const [second] = await active(instance);
    expect(second?.parentInstanceId).toBe(first.standby.id);
    expect(second?.poolId).not.toBe(first.standby.pool);
    await first.standby.deleteReplica(second!.id);
    await coordinate();
    const [third] = await active(instance);
    expect(third?.id).not.toBe(second!.id);
  });

  it('gives up a launch without an instance after ten minutes, and blames no pool that nobody tried', async () => {
    const instance = await primary();
    await instance.set(manual);
    await coordinate();
    const [wanted] = await active(instance);
    for (const [seconds, status] of [
      [599, 'launching'],
      [1, 'failed'],
    ] as const) {
      rig.pass(seconds);
      await instance.heartbeat();
      await instance.report(0.1, { 'us-east-1b': 0.04, 'us-east-1c': 0.03 });
      await coordinate();
      expect((await instance.replicas()).find((row) => row.id === wanted!.id)?.status).toBe(status);
    }
    expect(await active(instance)).toMatchObject([{ poolId: wanted!.poolId }]);
    expect(await count(instance, 'replica_failed')).toBe(1);
  });

  it('gives up a standby that is silent for ten minutes, and asks nobody to end it unless it reappears', async () => {
    const { instance, id, standby } = await withStandby();
    for (const [seconds, status] of [
      [599, 'ready'],
      [1, 'failed'],
    ] as const) {
      rig.pass(seconds);
      await instance.heartbeat();
      await coordinate();
      expect((await instance.replicas()).find((row) => row.id === id)?.status).toBe(status);
    }
    expect((await instance.instancesToTerminate()).body.instances).toEqual([]);
    // It reappears, and is no longer needed.
    await standby.heartbeat();
    expect((await instance.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: standby.id }]);
  });

  it.each(
    ['ac', 'abcdef'].filter((_, index) => isTried(index, 0, 2)),
  )('backs off after failed launches, with zones %s: no storm of launches (defect 23)', async (zones) => {
    const instance = await primary(zones);
    await instance.set(manual);
    for (let minutes = 0; minutes < 40; minutes += 1) {
      await instance.heartbeat();
      const prices = [...zones].map((zone) => [`us-east-1${zone}`, 0.03]);
      if (minutes % 5 === 0) await instance.report(0.1, Object.fromEntries(prices));
      await coordinate();
      const [wanted] = (await instance.listReplicas('launching')).body.replicas;
      if (wanted) await instance.replicaStatus(wanted.id, 'failed', { error_message: 'no capacity' });
      rig.pass(60);
    }
    // Launches are 1, 2, 4, 8 and 16 minutes apart, and half an hour apart after the sixth.
    expect((await instance.replicas()).length).toBeLessThanOrEqual(6);
  });
});

describe('the health job', () => {
  it('keeps an agent online through 119 s of silence, and reports it offline once after 121 s', async () => {
    const instance = await primary();
    await instance.heartbeat();
    for (const [seconds, status, told] of [
      [119, 'online', 0],
      [2, 'offline', 1],
      [60, 'offline', 1],
    ] as const) {
      rig.pass(seconds);
      await rig.runJob('expire-agents');
      expect((await instance.agentRow()).status).toBe(status);
      expect(await count(instance, 'agent_marked_offline')).toBe(told);
    }
    expect((await instance.events('agent_marked_offline'))[0]).toMatchObject({ notify: true, severity: 'warning' });
  });
});
