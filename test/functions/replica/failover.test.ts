import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { failoverScenes } from '../../support/scenes/failover-scenes.ts';

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

describe('R8: EC2 may take the instance', () => {
  it('asks for a standby in the best other pool, once', async () => {
    const instance = await primary();
    const { status, body, calls } = await inOneTransaction(() => instance.emergency('rebalance-recommendation'));
    expect(status).toBe(201);
    expect(calls).toBeLessThanOrEqual(8);
    expect(body).toMatchObject({
      success: true,
      replica_instance_id: null,
      existing: false,
      pool: { id: poolIn(instance, 'c'), az: 'us-east-1c' },
      hourly_cost: 0.03,
      urgency: 'high',
    });
    const again = await Promise.all(Array.from({ length: 4 }, () => instance.emergency('rebalance-recommendation')));
    for (const answer of again)
      expect(answer).toMatchObject({
        status: 200,
        body: { success: true, replica_id: body.replica_id, existing: true },
      });
    expect(await instance.replicas()).toMatchObject([
      { replicaType: 'automatic-rebalance', status: 'launching', interruptionSignalType: 'rebalance-recommendation' },
    ]);
    expect(await instance.interruptions()).toMatchObject([
      { signalType: 'rebalance-recommendation', responseAction: 'created-replica', poolId: instance.pool },
    ]);
    expect(await instance.agentRow()).toMatchObject({
      emergencyReplicaCount: 1,
      lastInterruptionSignal: 'rebalance-recommendation',
      lastRebalanceRecommendationAt: rig.clock.now(),
      pendingTerminationAt: null,
    });
    expect(await count(instance, 'rebalance_recommendation')).toBe(1);
  });

  it('creates one standby for several calls at once', async () => {
    const instance = await primary();
    const answers = await Promise.all([
      instance.emergency('rebalance-recommendation'),
      instance.emergency('termination-notice'),
      instance.terminationImminent(),
    ]);
    expect(answers.map(({ status }) => status < 300)).toEqual([true, true, true]);
    expect(await active(instance)).toHaveLength(1);
    expect(await notices(instance)).toHaveLength(1);
  });

  it('follows the zones that are asked for, and takes stale prices rather than none', async () => {
    const instance = await primary();
    rig.pass(3600);
    const wish = { exclude_zones: ['us-east-1c'], preferred_zones: ['us-east-1b'] };
    expect((await instance.emergency('rebalance-recommendation', wish)).body.pool.az).toBe('us-east-1b');
  });

  it('is refused if auto-switch is off; a notice is not', async () => {
    const instance = await primary();
    await instance.set({ autoSwitchEnabled: false });
    expect(await instance.emergency('rebalance-recommendation')).toMatchObject({
      status: 403,
      body: { code: 'auto_switch_disabled', reason: expect.any(String), hint: expect.any(String) },
    });
    expect([await instance.replicas(), await instance.interruptions()]).toEqual([[], []]);
    expect(await instance.emergency('termination-notice')).toMatchObject({
      status: 201,
      body: { success: true, urgency: 'critical' },
    });
  });

  it('does nothing for an instance that is not the primary, and refuses unknown signals', async () => {
    const { instance, standby } = await withStandby();
    const before = await instance.agentRow();
    for (const signal of ['rebalance-recommendation', 'termination-notice'] as const)
      expect(await standby.emergency(signal)).toMatchObject({ status: 200, body: { success: false } });
    expect(await instance.agentRow()).toEqual(before);
    expect((await instance.request('POST', '/create-emergency-replica', { signal_type: 'panic' })).status).toBe(400);
    const path = `/api/agents/${instance.handle}/create-emergency-replica`;
    const { token } = await rig.tenant();
    const body = { signal_type: 'termination-notice', instance_id: instance.id };
    expect((await rig.request('POST', path, { token, body })).status).toBe(404);
  });
});

describe('a notice, with a standby', () => {
  it.each(['ready', 'syncing'] as const)('that is %s: it takes over at once, in one transaction', async (status) => {
    const { instance, id, standby } = await withStandby(status);
    const announced = await instance.emergency('termination-notice');
    expect(announced).toMatchObject({ status: 200, body: { success: true, replica_id: id, existing: true } });
    expect(announced.calls).toBeLessThanOrEqual(8);
    rig.pass(1);
    const { status: code, body, calls } = await inOneTransaction(() => instance.terminationImminent());
    expect([code, body.success, body.new_instance_id, body.replica_id]).toEqual([200, true, standby.id, id]);
    expect(body.failover_time_ms).toBe(1000);
    expect(calls).toBeLessThanOrEqual(8);
    await expectFailedOver(instance, standby);
    expect(await active(instance)).toEqual([]);
    expect(await count(instance, 'termination_notice')).toBe(1);
  });

  it('makes it take over even if R8 never came, in at most 8 calls', async () => {
    const { instance, standby } = await withStandby();
    const { body, calls } = await instance.terminationImminent();
    expect(body.success).toBe(true);
    expect(calls).toBeLessThanOrEqual(8);
    await expectFailedOver(instance, standby);
  });

  it('gets the same response, however often and by whichever way it is repeated', async () => {
    const { instance, standby } = await withStandby();
    const time = { termination_time: new Date(rig.clock.now().getTime() + 120_000).toISOString() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => instance.terminationImminent(time)));
    for (let restarts = 0; restarts < 2; restarts += 1) {
      rig.pass(10);
      expect((await instance.register()).body.config.enabled).toBe(false);
      expect(await instance.emergency('termination-notice', time)).toMatchObject({
        status: 200,
        body: { success: false },
      });
      // EventBridge gives no time, so the two paths report different ones.
      answers.push(await instance.terminationImminent(time), await instance.terminationImminent());
    }
    for (const { status, body } of answers)
      expect([status, body.success, body.new_instance_id]).toEqual([200, true, standby.id]);
    await expectFailedOver(instance, standby);
    expect(await active(instance)).toEqual([]);
  });

  it('is one notice when R8 and R9 come at once', async () => {
    const { instance, standby } = await withStandby();
    await Promise.all([
      instance.emergency('termination-notice'),
      instance.terminationImminent(),
      instance.emergency('termination-notice'),
      instance.terminationImminent(),
    ]);
    await expectFailedOver(instance, standby);
    expect((await instance.terminationImminent()).body.success).toBe(true);
  });

  it('is acted on for an agent that is disabled and has auto-switch off', async () => {
    const { instance, standby } = await withStandby();
    await instance.set({ enabled: false, autoSwitchEnabled: false });
    await instance.heartbeat('disabled');
    expect((await instance.terminationImminent()).body.success).toBe(true);
    await expectFailedOver(instance, standby);
  });

  it.each([-600, 600, 3600])('is acted on if the agent’s clock is %i s off', async (skew) => {
    const { instance, standby } = await withStandby();
    const at = (seconds: number) => new Date(rig.clock.now().getTime() + (skew + seconds) * 1000).toISOString();
    const claims = { detected_at: at(0), termination_time: at(120) };
    await instance.emergency('termination-notice', { termination_time: at(120) });
    await instance.terminationImminent(claims);
    expect((await instance.terminationImminent(claims)).body).toMatchObject({ success: true });
    await expectFailedOver(instance, standby);
    expect((await notices(instance))[0]?.failoverTimeMs).toBe(0);
    // The pool counts as being emptied now, whatever time the instance reports.
    const other = await rig.primary({ type: instance.facts.type, mode: 'spot', az: 'us-east-1b' }, tenant);
    await other.report(0.1, { 'us-east-1a': 0.01, 'us-east-1b': 0.05, 'us-east-1c': 0.04 });
    expect((await other.emergency('rebalance-recommendation')).body.pool.az).toBe('us-east-1c');
  });

  it('uses the standby that the agent names', async () => {
    const { instance, id } = await withStandby('syncing');
    expect((await instance.terminationImminent({ replica_id: id })).body.replica_id).toBe(id);
  });

  it('is acted on even if the database fails for a call', async () => {
    const { instance, standby } = await withStandby();
    for (const when of ['before', 'after'] as const)
      rig.faults.inject({ error: 'InternalServerErrorException', when, operation: 'CommitTransaction' });
    expect((await instance.terminationImminent()).body.success).toBe(true);
    await expectFailedOver(instance, standby);
  });
});

describe('after a failover', () => {
  it('the old instance changes nothing, and the new one has full service', async () => {
    const { instance, id, standby } = await withStandby();
    await instance.terminationImminent();
    await standby.heartbeat();
    const before = { agent: await instance.agentRow(), standby: await standby.row() };
    rig.pass(5);
    await instance.register();
    await instance.heartbeat();
    await instance.heartbeat('offline');
    await instance.report(0.2, { 'us-east-1a': 0.01 });
    await instance.emergency('rebalance-recommendation');
    await instance.replicaStatus(id, 'failed');
    await instance.putReplica(id, instance.id);
    await instance.terminationReport(standby.id);
    expect((await instance.pendingCommands()).body).toEqual([]);
    expect((await instance.listReplicas('launching')).body.replicas).toEqual([]);
    const { version: _, ...agent } = before.agent;
    expect(await instance.agentRow()).toMatchObject(agent);
    expect(await standby.row()).toEqual(before.standby);

    expect((await standby.config()).body.enabled).toBe(true);
    await standby.heartbeat();
    await standby.report(0.1, { 'us-east-1a': 0.02, 'us-east-1c': 0.03 });
    expect(await instance.agentRow()).toMatchObject({ lastHeartbeatAt: rig.clock.now(), pricedAt: rig.clock.now() });
    await standby.queueSwitch(poolIn(standby, 'a'));
    expect((await standby.pendingCommands()).body).toHaveLength(1);
  });

  it('a switch that nobody has fetched is withdrawn: it was meant for the instance that is gone', async () => {
    const { instance, standby } = await withStandby();
    await instance.queueSwitch(poolIn(instance, 'b'));
    await instance.terminationImminent();
    expect(await instance.commands()).toMatchObject([
      { status: 'cancelled', newInstanceId: null, completedAt: rig.clock.now() },
    ]);
    expect((await standby.pendingCommands()).body).toEqual([]);
  });

  it('a late report of the switch that created the old instance does not bring it back', async () => {
    const first = await primary();
    await first.queueSwitch(poolIn(first, 'b'));
    const [command] = (await first.pendingCommands()).body;
    const instance = first.successor({ az: 'us-east-1b' });
    await instance.register();
    await instance.emergency('rebalance-recommendation');
    const { standby } = await launch(instance);
    expect((await instance.terminationImminent()).body.success).toBe(true);
    rig.pass(60); // and its clock is ahead: by its own account the switch began after the failover
    await first.switchReport(instance);
    await first.executed(command.id);
    expect(await instance.agentRow()).toMatchObject({ instanceId: standby.id, epoch: 3 });
    expect((await instance.row()).instanceStatus).toBe('zombie');
    expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
  });

  it('the next notice causes another failover', async () => {
    const { instance, standby } = await withStandby();
    await instance.terminationImminent();
    rig.pass(60);
    await standby.heartbeat();
    expect((await standby.emergency('termination-notice')).status).toBe(201);
    expect((await standby.terminationImminent()).body.success).toBe(false);
    const [wanted] = (await standby.listReplicas('launching')).body.replicas;
    expect(wanted.az).toBe('us-east-1b'); // zone a has just been taken, c is its own
    const third = standby.successor({ az: wanted.az });
    expect((await standby.putReplica(wanted.id, third.id)).body.status).toBe('promoted');
    expect(await instance.agentRow()).toMatchObject({ instanceId: third.id, epoch: 3, interruptionHandledCount: 2 });
    expect(await count(instance, 'failover_completed')).toBe(2);
    expect((await notices(instance)).every((row) => row.failoverCompleted)).toBe(true);
  });
});

describe('a notice, without a standby', () => {
  it('stays pending until the instance exists: the PUT finishes it', async () => {
    const instance = await primary();
    expect((await instance.emergency('termination-notice')).status).toBe(201);
    const { status, body, calls } = await inOneTransaction(() => instance.terminationImminent());
    expect([status, body]).toEqual([
      200,
      {
        success: false,
        error: 'No replica available',
        action: 'emergency_snapshot_required',
        message: expect.any(String),
        replica_id: expect.any(String),
      },
    ]);
    expect(calls).toBeLessThanOrEqual(8);
    expect(await instance.agentRow()).toMatchObject({
      pendingTerminationInstance: instance.id,
      pendingTerminationAt: new Date(rig.clock.now().getTime() + 120_000),
    });
    rig.pass(20);
    const [wanted] = (await instance.listReplicas('launching')).body.replicas;
    const standby = instance.successor({ az: wanted.az });
    const put = await inOneTransaction(() => instance.putReplica(wanted.id, standby.id));
    expect(put).toMatchObject({ status: 200, body: { status: 'promoted' } });
    // Includes the lock and the look before it, which R5 needs for its refusals.
    expect(put.calls).toBeLessThanOrEqual(9);
    await expectFailedOver(instance, standby);
    expect((await notices(instance))[0]?.failoverTimeMs).toBe(20_000);
    expect(await instance.putReplica(wanted.id, standby.id)).toMatchObject({
      status: 200,
      body: { status: 'promoted' },
    });
    expect((await instance.replicaStatus(wanted.id, 'ready')).body.status).toBe('promoted');
    expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
    expect((await standby.register()).body.config.enabled).toBe(true);
    await expectFailedOver(instance, standby);
  });

  it('creates a standby itself if R8 never came or comes later', async () => {
    const instance = await primary();
    const { body } = await instance.terminationImminent();
    expect(body).toMatchObject({ success: false, replica_id: expect.any(String) });
    const late = await instance.emergency('termination-notice');
    expect(late).toMatchObject({ status: 200, body: { success: true, replica_id: body.replica_id, existing: true } });
    expect((await instance.agentRow()).pendingTerminationInstance).toBe(instance.id);
    const { standby } = await launch(instance);
    await expectFailedOver(instance, standby);
    expect(await count(instance, 'termination_notice')).toBe(1);
  });

  it('is recorded once, however often it comes', async () => {
    const instance = await primary();
    for (let times = 0; times < 3; times += 1) {
      await instance.emergency('termination-notice');
      expect((await instance.terminationImminent()).body.success).toBe(false);
      rig.pass(7);
    }
    expect(await notices(instance)).toHaveLength(1);
    expect(await count(instance, 'termination_notice')).toBe(1);
    expect(await active(instance)).toHaveLength(1);
    expect((await instance.agentRow()).emergencyReplicaCount).toBe(1);
  });

  it('loses no failover if PUT and notice come at once (defect 5)', async () => {
    for (let rounds = 0; rounds < 10; rounds += 1) {
      const instance = await primary();
      await instance.emergency('termination-notice');
      const [wanted] = (await instance.listReplicas('launching')).body.replicas;
      const standby = instance.successor({ az: wanted.az });
      await Promise.all([instance.putReplica(wanted.id, standby.id), instance.terminationImminent()]);
      await expectFailedOver(instance, standby);
    }
  });
});

describe('an instance that has taken over, and dies while it boots', () => {
  /** A failover that the PUT has finished; the new instance has not been heard from yet. */
  async function failedOverAtPut(zones = 'abc') {
    const instance = await primary(zones);
    await instance.emergency('termination-notice');
    await instance.terminationImminent();
    rig.pass(15);
    const [wanted] = (await instance.listReplicas('launching')).body.replicas;
    const standby = instance.successor({ az: wanted.az });
    expect((await instance.putReplica(wanted.id, standby.id)).body.status).toBe('promoted');
    rig.pass(15);
    return { instance, standby, id: wanted.id as string };
  }
  const failed = { error_message: 'Waiter encountered a terminal failure state' };

  it('gives the role back to the old instance, which still runs, and the next pool is tried at once', async () => {
    const { instance, standby, id } = await failedOverAtPut();
    const answer = await inOneTransaction(() => instance.replicaStatus(id, 'failed', failed));
    expect(answer).toMatchObject({ status: 200, body: { success: true, status: 'failed' } });
    expect(answer.calls).toBeLessThanOrEqual(11);
    expect(await instance.agentRow()).toMatchObject({
      instanceId: instance.id,
      epoch: 3,
      status: 'online',
      currentPoolId: instance.pool,
      pendingTerminationInstance: instance.id,
    });
    expect(await instance.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary', zombieAt: null });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', terminationConfirmed: false });
    expect(await notices(instance)).toMatchObject([{ failoverCompleted: false }]);
    expect(await instance.switches()).toMatchObject([{ success: false }]);
    expect(await instance.events('failover_undone')).toMatchObject([{ notify: true, severity: 'error' }]);

    expect((await instance.replicaStatus(id, 'failed', failed)).body.status).toBe('failed');
    expect((await instance.config()).body.enabled).toBe(true);
    const { standby: second } = await launch(instance);
    expect(second.facts.az).toBe('us-east-1b');
    expect(await instance.agentRow()).toMatchObject({ instanceId: second.id, epoch: 4, pendingTerminationAt: null });
    expect(await notices(instance)).toMatchObject([{ failoverCompleted: true }]);
    expect(await count(instance, 'failover_undone')).toBe(1);
  });

  it('makes the agent go on-demand if no pool is left', async () => {
    const { instance, id } = await failedOverAtPut('ac');
    await instance.replicaStatus(id, 'failed', failed);
    expect((await instance.pendingCommands()).body).toMatchObject([{ target_mode: 'ondemand', priority: 100 }]);
  });

  it('keeps the role once it has been heard from, whatever is reported of it', async () => {
    const { instance, standby, id } = await failedOverAtPut();
    await standby.register();
    expect((await instance.replicaStatus(id, 'failed', failed)).body.status).toBe('promoted');
    expect((await instance.agentRow()).instanceId).toBe(standby.id);
  });

  it('is given up on the word of its predecessor, and of no other instance', async () => {
    const { instance, standby, id } = await failedOverAtPut();
    const [stranger, other] = [instance.successor(), await primary()];
    await stranger.register();
    stranger.handle = `${instance.agentId}~${other.id}`;
    for (const speaker of [stranger, standby]) {
      speaker.handle = speaker === standby ? `${instance.agentId}~${standby.id}` : speaker.handle;
      expect((await speaker.replicaStatus(id, 'failed', failed)).body.status).toBe('promoted');
    }
    expect((await instance.agentRow()).instanceId).toBe(standby.id);
  });
});

describe('no other pool', () => {
  it('leaves alone a switch that is under way', async () => {
    const instance = await primary('a');
    await instance.queueSwitch(null);
    await instance.pendingCommands();
    await instance.terminationImminent();
    expect(await instance.commands()).toMatchObject([{ status: 'dispatched' }]);
  });
});

describe('a notice for the standby', () => {
  it('gives the standby up, and changes nothing of the primary', async () => {
    const { instance, id, standby } = await withStandby();
    const before = await instance.agentRow();
    for (let times = 0; times < 3; times += 1) {
      expect((await standby.emergency('termination-notice')).body.success).toBe(false);
      expect((await standby.terminationImminent()).body).toMatchObject({ success: false, replica_id: id });
    }
    expect((await instance.replicas()).find((row) => row.id === id)).toMatchObject({ status: 'failed' });
    expect(await instance.agentRow()).toEqual(before);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', isActive: false });
    expect(await count(instance, 'standby_interrupted')).toBe(1);
    // Placement counts that its pool has lost an instance.
    expect(await notices(instance)).toMatchObject([{ instanceId: standby.id, poolId: standby.pool, replicaId: id }]);
  });

  it('and for the primary at once has one coherent outcome', async () => {
    for (let rounds = 0; rounds < 8; rounds += 1) {
      const { instance, standby } = await withStandby();
      await Promise.all(
        rounds % 2 === 0
          ? [instance.terminationImminent(), standby.terminationImminent()]
          : [standby.terminationImminent(), instance.terminationImminent()],
      );
      const agent = await instance.agentRow();
      // Whichever instance is the primary is being taken, and one standby is launching.
      expect([instance.id, standby.id]).toContain(agent.instanceId);
      expect(agent.pendingTerminationInstance).toBe(agent.instanceId);
      const [next, ...others] = await active(instance);
      expect([next?.status, others.length]).toEqual(['launching', 0]);
      expect(await notices(instance)).toHaveLength(2);
      const third = instance.successor({ az: next!.az });
      expect((await instance.putReplica(next!.id, third.id)).body.status).toBe('promoted');
      expect((await instance.agentRow()).instanceId).toBe(third.id);
    }
  });
});

describe('a notice while a switch is under way', () => {
  it('makes the standby take over, then the switch’s instance, and leaves nothing over', async () => {
    const { instance, standby } = await withStandby();
    await instance.queueSwitch(poolIn(instance, 'b'));
    const [command] = (await instance.pendingCommands()).body;
    const next = instance.successor({ az: 'us-east-1b' });
    expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
    expect((await instance.agentRow()).status).toBe('switching');
    await next.register();
    await instance.switchReport(next);
    await instance.executed(command.id);
    expect(await instance.agentRow()).toMatchObject({ instanceId: next.id, status: 'online' });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'zombie' });
    rig.pass(300);
    await next.heartbeat();
    expect((await standby.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: standby.id }]);
  });
});

describe('a standby whose primary falls silent', () => {
  it('takes over by itself, and is no longer a standby', async () => {
    const { instance, id, standby } = await withStandby();
    rig.pass(121);
    await standby.heartbeat();
    expect((await instance.agentRow()).instanceId).toBe(standby.id);
    expect((await instance.replicas()).find((row) => row.id === id)?.status).toBe('promoted');
    // So the next notice finds it as the primary.
    expect((await standby.terminationImminent()).body).toMatchObject({
      success: false,
      replica_id: expect.any(String),
    });
    expect((await instance.agentRow()).pendingTerminationInstance).toBe(standby.id);
  });
});
