import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failoverScenes } from '../../support/failover-scenes.ts';
import { Rig, type Tenant } from '../../support/rig.ts';

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

describe('R8: EC2 may take the machine', () => {
  it('asks for a standby in the best other pool, once', async () => {
    const machine = await primary();
    const { status, body, calls } = await inOneTransaction(() => machine.emergency('rebalance-recommendation'));
    expect(status).toBe(201);
    expect(calls).toBeLessThanOrEqual(8);
    expect(body).toMatchObject({
      success: true,
      replica_instance_id: null,
      existing: false,
      pool: { id: poolIn(machine, 'c'), az: 'us-east-1c' },
      hourly_cost: 0.03,
      urgency: 'high',
    });
    const again = await Promise.all(Array.from({ length: 4 }, () => machine.emergency('rebalance-recommendation')));
    for (const answer of again)
      expect(answer).toMatchObject({
        status: 200,
        body: { success: true, replica_id: body.replica_id, existing: true },
      });
    expect(await machine.replicas()).toMatchObject([
      { replicaType: 'automatic-rebalance', status: 'launching', interruptionSignalType: 'rebalance-recommendation' },
    ]);
    expect(await machine.interruptions()).toMatchObject([
      { signalType: 'rebalance-recommendation', responseAction: 'created-replica', poolId: machine.pool },
    ]);
    expect(await machine.agentRow()).toMatchObject({
      emergencyReplicaCount: 1,
      lastInterruptionSignal: 'rebalance-recommendation',
      lastRebalanceRecommendationAt: rig.clock.now(),
      pendingTerminationAt: null,
    });
    expect(await count(machine, 'rebalance_recommendation')).toBe(1);
  });

  it('is one standby for two calls at once', async () => {
    const machine = await primary();
    const answers = await Promise.all([
      machine.emergency('rebalance-recommendation'),
      machine.emergency('termination-notice'),
      machine.terminationImminent(),
    ]);
    expect(answers.map(({ status }) => status < 300)).toEqual([true, true, true]);
    expect(await active(machine)).toHaveLength(1);
    expect(await notices(machine)).toHaveLength(1);
  });

  it('follows zones, and takes stale prices rather than none', async () => {
    const machine = await primary();
    rig.pass(3600);
    const wish = { exclude_zones: ['us-east-1c'], preferred_zones: ['us-east-1b'] };
    expect((await machine.emergency('rebalance-recommendation', wish)).body.pool.az).toBe('us-east-1b');
  });

  it('is refused where moves are not wanted; a notice is not', async () => {
    const machine = await primary();
    await machine.set({ autoSwitchEnabled: false });
    expect(await machine.emergency('rebalance-recommendation')).toMatchObject({
      status: 403,
      body: { code: 'auto_switch_disabled', reason: expect.any(String), hint: expect.any(String) },
    });
    expect([await machine.replicas(), await machine.interruptions()]).toEqual([[], []]);
    expect(await machine.emergency('termination-notice')).toMatchObject({
      status: 201,
      body: { success: true, urgency: 'critical' },
    });
  });

  it('does nothing for a machine that is not the primary, and refuses what is no signal', async () => {
    const { machine, standby } = await withStandby();
    const before = await machine.agentRow();
    for (const signal of ['rebalance-recommendation', 'termination-notice'] as const)
      expect(await standby.emergency(signal)).toMatchObject({ status: 200, body: { success: false } });
    expect(await machine.agentRow()).toEqual(before);
    expect((await machine.request('POST', '/create-emergency-replica', { signal_type: 'panic' })).status).toBe(400);
    const path = `/api/agents/${machine.handle}/create-emergency-replica`;
    const { token } = await rig.tenant();
    const body = { signal_type: 'termination-notice', instance_id: machine.id };
    expect((await rig.request('POST', path, { token, body })).status).toBe(404);
  });
});

describe('a notice, with a standby', () => {
  it.each(['ready', 'syncing'] as const)('that is %s: it takes over at once, in one transaction', async (status) => {
    const { machine, id, standby } = await withStandby(status);
    const announced = await machine.emergency('termination-notice');
    expect(announced).toMatchObject({ status: 200, body: { success: true, replica_id: id, existing: true } });
    expect(announced.calls).toBeLessThanOrEqual(8);
    rig.pass(1);
    const { status: code, body, calls } = await inOneTransaction(() => machine.terminationImminent());
    expect([code, body.success, body.new_instance_id, body.replica_id]).toEqual([200, true, standby.id, id]);
    expect(body.failover_time_ms).toBe(1000);
    expect(calls).toBeLessThanOrEqual(8);
    await expectFailedOver(machine, standby);
    expect(await active(machine)).toEqual([]);
    expect(await count(machine, 'termination_notice')).toBe(1);
  });

  it('takes over without any word before, in at most 8 calls', async () => {
    const { machine, standby } = await withStandby();
    const { body, calls } = await machine.terminationImminent();
    expect(body.success).toBe(true);
    expect(calls).toBeLessThanOrEqual(8);
    await expectFailedOver(machine, standby);
  });

  it('is answered the same, however often and by whichever way it is repeated', async () => {
    const { machine, standby } = await withStandby();
    const time = { termination_time: new Date(rig.clock.now().getTime() + 120_000).toISOString() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => machine.terminationImminent(time)));
    for (let restarts = 0; restarts < 2; restarts += 1) {
      rig.pass(10);
      expect((await machine.register()).body.config.enabled).toBe(false);
      expect(await machine.emergency('termination-notice', time)).toMatchObject({
        status: 200,
        body: { success: false },
      });
      // EventBridge tells no time: the agent's path and the other name different ones.
      answers.push(await machine.terminationImminent(time), await machine.terminationImminent());
    }
    for (const { status, body } of answers)
      expect([status, body.success, body.new_instance_id]).toEqual([200, true, standby.id]);
    await expectFailedOver(machine, standby);
    expect(await active(machine)).toEqual([]);
  });

  it('is one notice when R8 and R9 come at once', async () => {
    const { machine, standby } = await withStandby();
    await Promise.all([
      machine.emergency('termination-notice'),
      machine.terminationImminent(),
      machine.emergency('termination-notice'),
      machine.terminationImminent(),
    ]);
    await expectFailedOver(machine, standby);
    expect((await machine.terminationImminent()).body.success).toBe(true);
  });

  it('holds for an agent that is disabled, and where moves are not wanted', async () => {
    const { machine, standby } = await withStandby();
    await machine.set({ enabled: false, autoSwitchEnabled: false });
    await machine.heartbeat('disabled');
    expect((await machine.terminationImminent()).body.success).toBe(true);
    await expectFailedOver(machine, standby);
  });

  it.each([-600, 600, 3600])('holds where the agent’s clock is %i s off', async (skew) => {
    const { machine, standby } = await withStandby();
    const at = (seconds: number) => new Date(rig.clock.now().getTime() + (skew + seconds) * 1000).toISOString();
    const claims = { detected_at: at(0), termination_time: at(120) };
    await machine.emergency('termination-notice', { termination_time: at(120) });
    await machine.terminationImminent(claims);
    expect((await machine.terminationImminent(claims)).body).toMatchObject({ success: true });
    await expectFailedOver(machine, standby);
    expect((await notices(machine))[0]?.failoverTimeMs).toBe(0);
    // The pool is being emptied now, whenever the machine says that it was told.
    const other = await rig.primary({ type: machine.facts.type, mode: 'spot', az: 'us-east-1b' }, tenant);
    await other.report(0.1, { 'us-east-1a': 0.01, 'us-east-1b': 0.05, 'us-east-1c': 0.04 });
    expect((await other.emergency('rebalance-recommendation')).body.pool.az).toBe('us-east-1c');
  });

  it('takes the standby that the agent knows of', async () => {
    const { machine, id } = await withStandby('syncing');
    expect((await machine.terminationImminent({ replica_id: id })).body.replica_id).toBe(id);
  });

  it('works while the database is out for a call', async () => {
    const { machine, standby } = await withStandby();
    for (const when of ['before', 'after'] as const)
      rig.faults.inject({ error: 'InternalServerErrorException', when, operation: 'CommitTransaction' });
    expect((await machine.terminationImminent()).body.success).toBe(true);
    await expectFailedOver(machine, standby);
  });
});

describe('after a failover', () => {
  it('the old machine changes nothing, and the new one has full service', async () => {
    const { machine, id, standby } = await withStandby();
    await machine.terminationImminent();
    await standby.heartbeat();
    const before = { agent: await machine.agentRow(), standby: await standby.row() };
    rig.pass(5);
    await machine.register();
    await machine.heartbeat();
    await machine.heartbeat('offline');
    await machine.report(0.2, { 'us-east-1a': 0.01 });
    await machine.emergency('rebalance-recommendation');
    await machine.replicaStatus(id, 'failed');
    await machine.putReplica(id, machine.id);
    await machine.terminationReport(standby.id);
    expect((await machine.pendingCommands()).body).toEqual([]);
    expect((await machine.listReplicas('launching')).body.replicas).toEqual([]);
    const { version: _, ...agent } = before.agent;
    expect(await machine.agentRow()).toMatchObject(agent);
    expect(await standby.row()).toEqual(before.standby);

    expect((await standby.config()).body.enabled).toBe(true);
    await standby.heartbeat();
    await standby.report(0.1, { 'us-east-1a': 0.02, 'us-east-1c': 0.03 });
    expect(await machine.agentRow()).toMatchObject({ lastHeartbeatAt: rig.clock.now(), pricedAt: rig.clock.now() });
    await standby.queueSwitch(poolIn(standby, 'a'));
    expect((await standby.pendingCommands()).body).toHaveLength(1);
  });

  it('a switch that nobody has fetched is withdrawn: it was meant for the machine that is gone', async () => {
    const { machine, standby } = await withStandby();
    await machine.queueSwitch(poolIn(machine, 'b'));
    await machine.terminationImminent();
    expect(await machine.commands()).toMatchObject([
      { status: 'cancelled', newInstanceId: null, completedAt: rig.clock.now() },
    ]);
    expect((await standby.pendingCommands()).body).toEqual([]);
  });

  it('a late word of the switch that brought the old machine does not bring it back', async () => {
    const first = await primary();
    await first.queueSwitch(poolIn(first, 'b'));
    const [command] = (await first.pendingCommands()).body;
    const machine = first.successor({ az: 'us-east-1b' });
    await machine.register();
    await machine.emergency('rebalance-recommendation');
    const { standby } = await launch(machine);
    expect((await machine.terminationImminent()).body.success).toBe(true);
    rig.pass(60); // and its clock is ahead: by its own account the switch began after the failover
    await first.switchReport(machine);
    await first.executed(command.id);
    expect(await machine.agentRow()).toMatchObject({ instanceId: standby.id, epoch: 3 });
    expect((await machine.row()).instanceStatus).toBe('zombie');
    expect((await machine.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
  });

  it('the next notice is another failover', async () => {
    const { machine, standby } = await withStandby();
    await machine.terminationImminent();
    rig.pass(60);
    await standby.heartbeat();
    expect((await standby.emergency('termination-notice')).status).toBe(201);
    expect((await standby.terminationImminent()).body.success).toBe(false);
    const [wanted] = (await standby.listReplicas('launching')).body.replicas;
    expect(wanted.az).toBe('us-east-1b'); // zone a has just been taken, c is its own
    const third = standby.successor({ az: wanted.az });
    expect((await standby.putReplica(wanted.id, third.id)).body.status).toBe('promoted');
    expect(await machine.agentRow()).toMatchObject({ instanceId: third.id, epoch: 3, interruptionHandledCount: 2 });
    expect(await count(machine, 'failover_completed')).toBe(2);
    expect((await notices(machine)).every((row) => row.failoverCompleted)).toBe(true);
  });
});

describe('a notice, without a standby', () => {
  it('is pending until the machine is there: the PUT finishes it', async () => {
    const machine = await primary();
    expect((await machine.emergency('termination-notice')).status).toBe(201);
    const { status, body, calls } = await inOneTransaction(() => machine.terminationImminent());
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
    expect(await machine.agentRow()).toMatchObject({
      pendingTerminationInstance: machine.id,
      pendingTerminationAt: new Date(rig.clock.now().getTime() + 120_000),
    });
    rig.pass(20);
    const [wanted] = (await machine.listReplicas('launching')).body.replicas;
    const standby = machine.successor({ az: wanted.az });
    const put = await inOneTransaction(() => machine.putReplica(wanted.id, standby.id));
    expect(put).toMatchObject({ status: 200, body: { status: 'promoted' } });
    // The lock and the look before, which R5 needs for what it refuses.
    expect(put.calls).toBeLessThanOrEqual(9);
    await expectFailedOver(machine, standby);
    expect((await notices(machine))[0]?.failoverTimeMs).toBe(20_000);
    expect(await machine.putReplica(wanted.id, standby.id)).toMatchObject({
      status: 200,
      body: { status: 'promoted' },
    });
    expect((await machine.replicaStatus(wanted.id, 'ready')).body.status).toBe('promoted');
    expect((await machine.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
    expect((await standby.register()).body.config.enabled).toBe(true);
    await expectFailedOver(machine, standby);
  });

  it('arranges for one itself where R8 never came, or comes after it', async () => {
    const machine = await primary();
    const { body } = await machine.terminationImminent();
    expect(body).toMatchObject({ success: false, replica_id: expect.any(String) });
    const late = await machine.emergency('termination-notice');
    expect(late).toMatchObject({ status: 200, body: { success: true, replica_id: body.replica_id, existing: true } });
    expect((await machine.agentRow()).pendingTerminationInstance).toBe(machine.id);
    const { standby } = await launch(machine);
    await expectFailedOver(machine, standby);
    expect(await count(machine, 'termination_notice')).toBe(1);
  });

  it('is told of once, however often it comes', async () => {
    const machine = await primary();
    for (let times = 0; times < 3; times += 1) {
      await machine.emergency('termination-notice');
      expect((await machine.terminationImminent()).body.success).toBe(false);
      rig.pass(7);
    }
    expect(await notices(machine)).toHaveLength(1);
    expect(await count(machine, 'termination_notice')).toBe(1);
    expect(await active(machine)).toHaveLength(1);
    expect((await machine.agentRow()).emergencyReplicaCount).toBe(1);
  });

  it('loses no failover where PUT and notice come at once', async () => {
    for (let rounds = 0; rounds < 10; rounds += 1) {
      const machine = await primary();
      await machine.emergency('termination-notice');
      const [wanted] = (await machine.listReplicas('launching')).body.replicas;
      const standby = machine.successor({ az: wanted.az });
      await Promise.all([machine.putReplica(wanted.id, standby.id), machine.terminationImminent()]);
      await expectFailedOver(machine, standby);
    }
  });
});

describe('a machine that has taken over, and dies while it boots', () => {
  /** A failover that the PUT has finished; nobody has heard of the new machine yet. */
  async function failedOverAtPut(zones = 'abc') {
    const machine = await primary(zones);
    await machine.emergency('termination-notice');
    await machine.terminationImminent();
    rig.pass(15);
    const [wanted] = (await machine.listReplicas('launching')).body.replicas;
    const standby = machine.successor({ az: wanted.az });
    expect((await machine.putReplica(wanted.id, standby.id)).body.status).toBe('promoted');
    rig.pass(15);
    return { machine, standby, id: wanted.id as string };
  }
  const failed = { error_message: 'Waiter encountered a terminal failure state' };

  it('gives the role back to the one that still runs, and the next pool is tried at once', async () => {
    const { machine, standby, id } = await failedOverAtPut();
    const answer = await inOneTransaction(() => machine.replicaStatus(id, 'failed', failed));
    expect(answer).toMatchObject({ status: 200, body: { success: true, status: 'failed' } });
    expect(answer.calls).toBeLessThanOrEqual(11);
    expect(await machine.agentRow()).toMatchObject({
      instanceId: machine.id,
      epoch: 3,
      status: 'online',
      currentPoolId: machine.pool,
      pendingTerminationInstance: machine.id,
    });
    expect(await machine.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary', zombieAt: null });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', terminationConfirmed: false });
    expect(await notices(machine)).toMatchObject([{ failoverCompleted: false }]);
    expect(await machine.switches()).toMatchObject([{ success: false }]);
    expect(await machine.events('failover_undone')).toMatchObject([{ notify: true, severity: 'error' }]);

    expect((await machine.replicaStatus(id, 'failed', failed)).body.status).toBe('failed');
    expect((await machine.config()).body.enabled).toBe(true);
    const { standby: second } = await launch(machine);
    expect(second.facts.az).toBe('us-east-1b');
    expect(await machine.agentRow()).toMatchObject({ instanceId: second.id, epoch: 4, pendingTerminationAt: null });
    expect(await notices(machine)).toMatchObject([{ failoverCompleted: true }]);
    expect(await count(machine, 'failover_undone')).toBe(1);
  });

  it('goes on-demand where no pool is left', async () => {
    const { machine, id } = await failedOverAtPut('ac');
    await machine.replicaStatus(id, 'failed', failed);
    expect((await machine.pendingCommands()).body).toMatchObject([{ target_mode: 'ondemand', priority: 100 }]);
  });

  it('keeps the role once it has been heard of, whatever is said of it', async () => {
    const { machine, standby, id } = await failedOverAtPut();
    await standby.register();
    expect((await machine.replicaStatus(id, 'failed', failed)).body.status).toBe('promoted');
    expect((await machine.agentRow()).instanceId).toBe(standby.id);
  });

  it('is believed of the machine that it took over from, and of no other', async () => {
    const { machine, standby, id } = await failedOverAtPut();
    const [stranger, other] = [machine.successor(), await primary()];
    await stranger.register();
    stranger.handle = `${machine.agentId}~${other.id}`;
    for (const speaker of [stranger, standby]) {
      speaker.handle = speaker === standby ? `${machine.agentId}~${standby.id}` : speaker.handle;
      expect((await speaker.replicaStatus(id, 'failed', failed)).body.status).toBe('promoted');
    }
    expect((await machine.agentRow()).instanceId).toBe(standby.id);
  });
});

describe('no other pool', () => {
  it('leaves a switch alone that is under way', async () => {
    const machine = await primary('a');
    await machine.queueSwitch(null);
    await machine.pendingCommands();
    await machine.terminationImminent();
    expect(await machine.commands()).toMatchObject([{ status: 'dispatched' }]);
  });
});

describe('a notice for the standby', () => {
  it('gives it up, and changes nothing of the primary', async () => {
    const { machine, id, standby } = await withStandby();
    const before = await machine.agentRow();
    for (let times = 0; times < 3; times += 1) {
      expect((await standby.emergency('termination-notice')).body.success).toBe(false);
      expect((await standby.terminationImminent()).body).toMatchObject({ success: false, replica_id: id });
    }
    expect((await machine.replicas()).find((row) => row.id === id)).toMatchObject({ status: 'failed' });
    expect(await machine.agentRow()).toEqual(before);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', isActive: false });
    expect(await count(machine, 'standby_interrupted')).toBe(1);
    // Its pool has lost a machine: placement counts that.
    expect(await notices(machine)).toMatchObject([{ instanceId: standby.id, poolId: standby.pool, replicaId: id }]);
  });

  it('and for the primary at once: one coherent outcome', async () => {
    for (let rounds = 0; rounds < 8; rounds += 1) {
      const { machine, standby } = await withStandby();
      await Promise.all(
        rounds % 2 === 0
          ? [machine.terminationImminent(), standby.terminationImminent()]
          : [standby.terminationImminent(), machine.terminationImminent()],
      );
      const agent = await machine.agentRow();
      // Whichever is the primary is being taken away, and there is one standby to come.
      expect([machine.id, standby.id]).toContain(agent.instanceId);
      expect(agent.pendingTerminationInstance).toBe(agent.instanceId);
      const [next, ...others] = await active(machine);
      expect([next?.status, others.length]).toEqual(['launching', 0]);
      expect(await notices(machine)).toHaveLength(2);
      const third = machine.successor({ az: next!.az });
      expect((await machine.putReplica(next!.id, third.id)).body.status).toBe('promoted');
      expect((await machine.agentRow()).instanceId).toBe(third.id);
    }
  });
});

describe('a notice while a switch is under way', () => {
  it('has the standby take over; the switch’s machine follows, and nothing is left over', async () => {
    const { machine, standby } = await withStandby();
    await machine.queueSwitch(poolIn(machine, 'b'));
    const [command] = (await machine.pendingCommands()).body;
    const next = machine.successor({ az: 'us-east-1b' });
    expect((await machine.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
    expect((await machine.agentRow()).status).toBe('switching');
    await next.register();
    await machine.switchReport(next);
    await machine.executed(command.id);
    expect(await machine.agentRow()).toMatchObject({ instanceId: next.id, status: 'online' });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'zombie' });
    rig.pass(300);
    expect((await standby.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: standby.id }]);
  });
});

describe('a standby whose primary falls silent', () => {
  it('takes over by itself, and is no standby any more', async () => {
    const { machine, id, standby } = await withStandby();
    rig.pass(121);
    await standby.heartbeat();
    expect((await machine.agentRow()).instanceId).toBe(standby.id);
    expect((await machine.replicas()).find((row) => row.id === id)?.status).toBe('promoted');
    // So the next notice finds it as the primary that it is.
    expect((await standby.terminationImminent()).body).toMatchObject({
      success: false,
      replica_id: expect.any(String),
    });
    expect((await machine.agentRow()).pendingTerminationInstance).toBe(standby.id);
  });
});
