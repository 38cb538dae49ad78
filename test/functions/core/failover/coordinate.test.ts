import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coordinateReplicas } from '../../../../functions/core/failover/coordinate.ts';
import { failoverScenes } from '../../../support/failover-scenes.ts';
import type { Machine } from '../../../support/machine.ts';
import { Rig, type Tenant } from '../../../support/rig.ts';

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
const manual = { autoSwitchEnabled: false, manualReplicaEnabled: true };
const coordinate = () => rig.runJob('coordinate-replicas');

/** The primary first: from a silent one its standby takes over. */
async function bothBeat(first: Machine, standby: Machine) {
  await first.heartbeat();
  await standby.heartbeat();
}

describe('after a failover', () => {
  it('the old machine is gone one minute after its time, and nobody has to terminate it', async () => {
    const { machine, standby } = await withStandby();
    await machine.terminationImminent();
    for (const [seconds, status] of [
      [179, 'zombie'],
      [1, 'terminated'],
    ] as const) {
      rig.pass(seconds);
      await standby.heartbeat();
      await coordinate();
      expect((await machine.row()).instanceStatus).toBe(status);
    }
    expect(await machine.row()).toMatchObject({ isActive: false, terminationConfirmed: true });
    rig.pass(3600);
    expect((await standby.instancesToTerminate()).body.instances).toEqual([]);
    await machine.heartbeat();
    expect((await machine.row()).instanceStatus).toBe('terminated');
  });
});

describe('a notice, without a standby', () => {
  // Where the machine's word and the notice cross, the notice finds no machine, and the word no notice.
  it.each<[string, (machine: Machine, id: string) => Promise<unknown>]>([
    ['is finished by "ready"', (machine, id) => machine.replicaStatus(id, 'ready')],
    ['is finished by all having been transferred', (m, id) => m.syncStatus(id, { state_transfer_progress: 100 })],
    ['is finished by the coordinator, if nothing is said any more', () => coordinate()],
  ])('%s', async (_, finish) => {
    const { machine, id, standby } = await withStandby('syncing');
    await machine.emergency('termination-notice');
    await machine.set({
      pendingTerminationInstance: machine.id,
      pendingTerminationAt: new Date(rig.clock.now().getTime() + 120_000),
    });
    await finish(machine, id);
    await expectFailedOver(machine, standby);
  });

  it('goes to the next pool as soon as a launch has failed, then to on-demand', async () => {
    const machine = await primary();
    await machine.emergency('termination-notice');
    await machine.terminationImminent();
    for (const zone of ['c', 'b']) {
      const [wanted] = (await machine.listReplicas('launching')).body.replicas;
      expect(wanted.az).toBe(`us-east-1${zone}`);
      const reason = { error_message: 'InsufficientInstanceCapacity' };
      const { calls } = await inOneTransaction(() => machine.replicaStatus(wanted.id, 'failed', reason));
      expect(calls).toBeLessThanOrEqual(9);
      await machine.replicaStatus(wanted.id, 'failed', reason);
      await coordinate();
    }
    expect(await count(machine, 'replica_failed')).toBe(2);
    expect(await active(machine)).toEqual([]);
    expect(await machine.commands()).toMatchObject([{ targetMode: 'ondemand', status: 'pending', priority: 100 }]);
    expect((await machine.replicas()).length).toBe(2);
    expect(await notices(machine)).toHaveLength(1);
  });

  it('is taken for one where R9 never comes: the PUT finishes it, or the coordinator', async () => {
    for (const isThere of [false, true]) {
      const machine = await primary();
      if (isThere) await machine.emergency('rebalance-recommendation');
      const before = isThere ? await launch(machine) : undefined;
      await machine.emergency('termination-notice');
      expect((await machine.agentRow()).pendingTerminationInstance).toBe(machine.id);
      if (before) await coordinate();
      await expectFailedOver(machine, before?.standby ?? (await launch(machine)).standby);
    }
  });

  it('ends when the machine lives on ten minutes after its time', async () => {
    const machine = await primary();
    await machine.emergency('termination-notice');
    await machine.terminationImminent();
    for (const [seconds, pending] of [
      [719, true],
      [1, false],
    ] as const) {
      rig.pass(seconds);
      await machine.heartbeat();
      await coordinate();
      expect((await machine.agentRow()).pendingTerminationInstance !== null).toBe(pending);
    }
    expect((await machine.agentRow()).pendingTerminationAt).toBeNull();
    expect((await machine.row()).isPrimary).toBe(true);
  });

  it('makes no standbys for a machine that is gone, and that nobody would launch', async () => {
    const machine = await primary();
    await machine.terminationImminent();
    for (let minutes = 0; minutes < 40; minutes += 1) {
      rig.pass(60);
      await coordinate();
    }
    expect((await machine.replicas()).length).toBeLessThanOrEqual(2);
    expect(await active(machine)).toEqual([]);
  });
});

describe('an agent of version 3, which cannot launch standbys', () => {
  const old = (zones = 'abc') => primary(zones, { version: '3.2.0' });

  it('is sent to on-demand by a notice, and left alone by a recommendation', async () => {
    const machine = await old();
    expect((await machine.emergency('rebalance-recommendation')).body.success).toBe(false);
    await coordinate();
    expect([await machine.commands(), await machine.replicas()]).toEqual([[], []]);
    expect((await machine.terminationImminent()).body).toMatchObject({ success: false });
    await coordinate();
    expect(await machine.replicas()).toEqual([]);
    expect((await machine.pendingCommands()).body).toMatchObject([{ target_mode: 'ondemand', priority: 100 }]);
  });

  it('is refused a standby, with the reason', async () => {
    const machine = await old();
    const path = `/api/agents/${machine.agentId}/manual-replica/enable`;
    for (const answer of [await rig.request('POST', path, { token: tenant.token }), await machine.createReplica()])
      expect(answer).toMatchObject({ status: 400, body: { code: 'agent_too_old' } });
    await machine.set(manual);
    await coordinate();
    expect(await machine.replicas()).toEqual([]);
  });
});

describe('no other pool', () => {
  it('sends the agent to on-demand, ahead of what it was told before', async () => {
    const machine = await primary('a');
    await machine.queueSwitch(null, { reason: 'a whim' });
    expect((await machine.emergency('termination-notice')).body.success).toBe(false);
    const { body, calls } = await machine.terminationImminent();
    expect(body).toMatchObject({ success: false, action: 'emergency_snapshot_required' });
    expect(calls).toBeLessThanOrEqual(9);
    await machine.terminationImminent();
    await coordinate();
    const commands = await machine.commands();
    expect(commands.map((c) => [c.status, c.priority, c.targetMode]).sort()).toEqual([
      ['cancelled', 25, 'ondemand'],
      ['pending', 100, 'ondemand'],
    ]);
    const [command] = (await machine.pendingCommands()).body;
    expect(command).toMatchObject({ target_mode: 'ondemand', priority: 100, target_pool_id: null });
    const next = machine.successor({ mode: 'ondemand' });
    await next.register();
    expect(await machine.agentRow()).toMatchObject({
      instanceId: next.id,
      pendingTerminationAt: null,
      pendingTerminationInstance: null,
    });
    expect(await notices(machine)).toHaveLength(1);
  });

  it('is no reason to go on-demand where the machine may not be taken: a pool is looked for again', async () => {
    const machine = await primary('a');
    expect((await machine.emergency('rebalance-recommendation')).body.success).toBe(false);
    await coordinate();
    expect([await machine.commands(), await machine.replicas()]).toEqual([[], []]);
    await machine.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
    await coordinate();
    expect(await active(machine)).toMatchObject([{ replicaType: 'automatic-rebalance', az: 'us-east-1b' }]);
  });
});

describe('a notice while a switch is under way', () => {
  it('is over when the switch’s machine takes over; the standby that comes later is let go', async () => {
    const machine = await primary();
    await machine.queueSwitch(poolIn(machine, 'b'));
    await machine.pendingCommands();
    await machine.terminationImminent();
    const next = machine.successor({ az: 'us-east-1b' });
    await next.register();
    expect((await machine.agentRow()).pendingTerminationInstance).toBeNull();
    const [wanted] = await active(machine);
    const standby = machine.successor({ az: wanted!.az });
    expect((await machine.putReplica(wanted!.id, standby.id)).body.status).toBe('syncing');
    await standby.register();
    for (let minutes = 0; minutes < 125; minutes += 5) {
      rig.pass(300);
      await bothBeat(next, standby);
      await coordinate();
    }
    expect((await machine.agentRow()).instanceId).toBe(next.id);
    expect(await active(machine)).toEqual([]);
    expect((await next.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: standby.id }]);
  });
});

describe('a rebalance recommendation that nothing follows', () => {
  it('keeps its standby for two hours, and then lets it go', async () => {
    const { machine, standby } = await withStandby();
    for (const [seconds, standbys] of [
      [7199, 1],
      [1, 0],
    ] as const) {
      for (let passed = 0; passed < seconds; passed += 300) {
        rig.pass(Math.min(300, seconds - passed));
        await bothBeat(machine, standby);
      }
      await coordinate();
      expect(await active(machine)).toHaveLength(standbys);
    }
    expect((await machine.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: standby.id }]);
    expect(await machine.events('emergency_stood_down')).toMatchObject([{ notify: true, severity: 'info' }]);
    expect(await machine.events('replica_failed')).toEqual([]);
    await coordinate();
    expect(await machine.replicas()).toHaveLength(1);
  });

  it('has a standby made anew that came to nothing, and none that was let go', async () => {
    const machine = await primary();
    await machine.emergency('rebalance-recommendation');
    const [wanted] = (await machine.listReplicas('launching')).body.replicas;
    await machine.replicaStatus(wanted.id, 'failed');
    await coordinate();
    expect(await active(machine)).toEqual([]);
    rig.pass(60);
    await machine.heartbeat();
    await coordinate();
    const [again] = await active(machine);
    expect(again).toMatchObject({ replicaType: 'automatic-rebalance', az: 'us-east-1b' });
    await machine.deleteReplica(again!.id);
    await coordinate();
    expect(await active(machine)).toEqual([]);
  });

  it('leaves the standby alone otherwise: emergency replicas survive', async () => {
    const { machine, id, standby } = await withStandby();
    for (const mode of [{ autoSwitchEnabled: false, manualReplicaEnabled: true }, { manualReplicaEnabled: false }]) {
      await machine.set(mode);
      rig.pass(60);
      await bothBeat(machine, standby);
      await coordinate();
      expect(await active(machine)).toMatchObject([{ id, status: 'ready' }]);
    }
  });
});

describe('the coordinator', () => {
  it('keeps exactly one standby in manual mode, under all that asks for one', async () => {
    for (let rounds = 0; rounds < 5; rounds += 1) {
      const machine = await primary();
      await machine.set(manual);
      const now = rig.clock.now();
      await Promise.all([
        ...Array.from({ length: 3 }, () => coordinateReplicas(rig.db, now)),
        ...Array.from({ length: 3 }, () => machine.createReplica()),
        coordinate(),
        coordinate(),
      ]);
      expect(await machine.replicas()).toMatchObject([{ replicaType: 'manual', status: 'launching' }]);
    }
  });

  it.each([
    ['not enabled', { enabled: false }],
    ['offline', { status: 'offline' as const }],
    ['not in manual mode', { manualReplicaEnabled: false }],
  ])('makes none for an agent that is %s', async (_, state) => {
    const machine = await primary();
    await machine.set({ ...manual, ...state });
    await coordinate();
    expect(await machine.replicas()).toEqual([]);
  });

  it('replaces what was promoted, deleted, failed or fell silent, in manual mode', async () => {
    const machine = await primary();
    await machine.set(manual);
    await coordinate();
    const first = await launch(machine);
    await machine.terminationImminent();
    await coordinate();
    const [second] = await active(machine);
    expect(second?.parentInstanceId).toBe(first.standby.id);
    expect(second?.poolId).not.toBe(first.standby.pool);
    await first.standby.deleteReplica(second!.id);
    await coordinate();
    const [third] = await active(machine);
    expect(third?.id).not.toBe(second!.id);
  });

  it('gives up a launch without a machine after ten minutes, and blames no pool that nobody tried', async () => {
    const machine = await primary();
    await machine.set(manual);
    await coordinate();
    const [wanted] = await active(machine);
    for (const [seconds, status] of [
      [599, 'launching'],
      [1, 'failed'],
    ] as const) {
      rig.pass(seconds);
      await machine.heartbeat();
      await machine.report(0.1, { 'us-east-1b': 0.04, 'us-east-1c': 0.03 });
      await coordinate();
      expect((await machine.replicas()).find((row) => row.id === wanted!.id)?.status).toBe(status);
    }
    expect(await active(machine)).toMatchObject([{ poolId: wanted!.poolId }]);
    expect(await count(machine, 'replica_failed')).toBe(1);
  });

  it('gives up a standby that has been silent for ten minutes, and has its machine terminated', async () => {
    const { machine, id, standby } = await withStandby();
    for (const [seconds, status] of [
      [599, 'ready'],
      [1, 'failed'],
    ] as const) {
      rig.pass(seconds);
      await machine.heartbeat();
      await coordinate();
      expect((await machine.replicas()).find((row) => row.id === id)?.status).toBe(status);
    }
    expect((await machine.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: standby.id }]);
  });

  it.each(['ac', 'abcdef'])('backs off after launches that failed, with zones %s: no storm of them', async (zones) => {
    const machine = await primary(zones);
    await machine.set(manual);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await machine.heartbeat();
      const prices = [...zones].map((zone) => [`us-east-1${zone}`, 0.03]);
      if (minutes % 5 === 0) await machine.report(0.1, Object.fromEntries(prices));
      await coordinate();
      const [wanted] = (await machine.listReplicas('launching')).body.replicas;
      if (wanted) await machine.replicaStatus(wanted.id, 'failed', { error_message: 'no capacity' });
      rig.pass(60);
    }
    // 1 + 2 + 4 + 8 + 16 + 30 minutes apart.
    expect((await machine.replicas()).length).toBeLessThanOrEqual(6);
  });
});

describe('the health job', () => {
  it('leaves an agent online for 119 s of silence, and tells once that it is offline after 121 s', async () => {
    const machine = await primary();
    await machine.heartbeat();
    for (const [seconds, status, told] of [
      [119, 'online', 0],
      [2, 'offline', 1],
      [60, 'offline', 1],
    ] as const) {
      rig.pass(seconds);
      await rig.runJob('expire-agents');
      expect((await machine.agentRow()).status).toBe(status);
      expect(await count(machine, 'agent_marked_offline')).toBe(told);
    }
    expect((await machine.events('agent_marked_offline'))[0]).toMatchObject({ notify: true, severity: 'warning' });
  });
});
