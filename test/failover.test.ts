import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coordinateReplicas } from '../functions/replica/coordinator.ts';
import type { Machine } from './support/machine.ts';
import { Rig, type Tenant } from './support/rig.ts';

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

let types = 0;
/** A spot primary in zone a, of a type of its own, that knows the prices of the zones given. */
async function primary(zones = 'abc', facts = {}): Promise<Machine> {
  const machine = await rig.primary({ type: `f${++types}.large`, mode: 'spot', ...facts }, tenant);
  await machine.report(0.1, Object.fromEntries([...zones].map((zone, i) => [`us-east-1${zone}`, 0.05 - i / 100])));
  return machine;
}
const poolIn = (machine: Machine, zone: string) => `${machine.facts.type}.us-east-1${zone}`;

/** The launch that the primary is asked for, carried out: the machine runs and its agent has registered. */
async function launch(machine: Machine, status: 'syncing' | 'ready' = 'ready') {
  const [wanted] = (await machine.listReplicas('launching')).body.replicas;
  const standby = machine.successor({ az: wanted.az });
  await machine.putReplica(wanted.id, standby.id);
  await standby.register();
  if (status === 'ready') await machine.replicaStatus(wanted.id, 'ready');
  return { id: wanted.id as string, standby };
}

/** A primary whose standby a rebalance recommendation has asked for. */
async function withStandby(status: 'syncing' | 'ready' = 'ready') {
  const machine = await primary();
  await machine.emergency('rebalance-recommendation');
  return { machine, ...(await launch(machine, status)) };
}

const coordinate = () => rig.runJob('coordinate-replicas');
const active = async (machine: Machine) => (await machine.replicas()).filter((row) => row.isActive);
const notices = async (machine: Machine) =>
  (await machine.interruptions()).filter((row) => row.signalType === 'termination-notice');
const count = async (machine: Machine, type: string) => (await machine.events(type)).length;

/** What was asked of the Data API: one transaction. */
async function inOneTransaction<T>(act: () => Promise<T>): Promise<T> {
  const operations: string[] = [];
  rig.controlPlane.dataApi.onCall = ({ operation }) => void operations.push(operation);
  try {
    const result = await act();
    expect([operations[0], operations.at(-1)]).toEqual(['BeginTransaction', 'CommitTransaction']);
    expect(operations.filter((operation) => operation === 'BeginTransaction')).toHaveLength(1);
    return result;
  } finally {
    rig.controlPlane.dataApi.onCall = undefined;
  }
}

/** One failover from `old` to `standby` has taken place, and is told of once. */
async function expectFailedOver(old: Machine, standby: Machine) {
  expect(await old.agentRow()).toMatchObject({
    instanceId: standby.id,
    epoch: 2,
    currentPoolId: standby.pool,
    interruptionHandledCount: 1,
    lastInterruptionSignal: 'termination-notice',
    lastTerminationNoticeAt: expect.any(Date),
    lastFailoverAt: expect.any(Date),
    pendingTerminationAt: null,
    pendingTerminationInstance: null,
  });
  expect(await standby.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary' });
  expect((await old.row()).isPrimary).toBe(false);
  expect((await old.replicas()).filter((row) => row.instanceId === standby.id)).toMatchObject([{ status: 'promoted' }]);
  expect(await notices(old)).toMatchObject([
    { instanceId: old.id, failoverCompleted: true, replicaReady: true, success: true, poolId: old.pool },
  ]);
  expect(await old.switches()).toMatchObject([
    { oldInstanceId: old.id, newInstanceId: standby.id, triggerType: 'emergency' },
  ]);
  expect(await old.events('failover_completed')).toMatchObject([{ notify: true, severity: 'warning' }]);
}

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

  it('is refused where moves are not wanted; a notice is not (contract 17, 8)', async () => {
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

  it('goes to the next pool after a launch that failed, then to on-demand, by the coordinator', async () => {
    const machine = await primary();
    await machine.emergency('termination-notice');
    await machine.terminationImminent();
    for (const zone of ['c', 'b']) {
      const [wanted] = (await machine.listReplicas('launching')).body.replicas;
      expect(wanted.az).toBe(`us-east-1${zone}`);
      await machine.replicaStatus(wanted.id, 'failed', { error_message: 'InsufficientInstanceCapacity' });
      await coordinate();
      await coordinate();
    }
    expect(await active(machine)).toEqual([]);
    expect(await machine.commands()).toMatchObject([{ targetMode: 'ondemand', status: 'pending', priority: 100 }]);
    expect((await machine.replicas()).length).toBe(2);
    expect(await notices(machine)).toHaveLength(1);
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
      expect((await standby.terminationImminent()).body.success).toBe(false);
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
      await Promise.all([next.heartbeat(), standby.heartbeat()]);
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
        await Promise.all([machine.heartbeat(), standby.heartbeat()]);
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

  it('leaves the standby alone otherwise: emergency replicas survive (contract 17, 14)', async () => {
    const { machine, id, standby } = await withStandby();
    for (const mode of [{ autoSwitchEnabled: false, manualReplicaEnabled: true }, { manualReplicaEnabled: false }]) {
      await machine.set(mode);
      rig.pass(60);
      await Promise.all([machine.heartbeat(), standby.heartbeat()]);
      await coordinate();
      expect(await active(machine)).toMatchObject([{ id, status: 'ready' }]);
    }
  });
});

describe('the coordinator', () => {
  const manual = { autoSwitchEnabled: false, manualReplicaEnabled: true };

  it('keeps exactly one standby in manual mode, under all that asks for one (contract 17, 7)', async () => {
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
    const { machine, standby } = await withStandby();
    for (const [seconds, standbys] of [
      [599, 1],
      [1, 0],
    ] as const) {
      rig.pass(seconds);
      await machine.heartbeat();
      await coordinate();
      expect(await active(machine)).toHaveLength(standbys);
    }
    expect((await machine.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: standby.id }]);
  });

  it('backs off after launches that failed: no storm of them', async () => {
    const machine = await primary('ac');
    await machine.set(manual);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await machine.heartbeat();
      if (minutes % 5 === 0) await machine.report(0.1, { 'us-east-1a': 0.05, 'us-east-1c': 0.03 });
      await coordinate();
      const [wanted] = (await machine.listReplicas('launching')).body.replicas;
      if (wanted) await machine.replicaStatus(wanted.id, 'failed', { error_message: 'no capacity' });
      rig.pass(60);
    }
    // 1 + 2 + 4 + 8 + 16 + 30 minutes apart.
    expect((await machine.replicas()).length).toBeLessThanOrEqual(6);
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

describe('the health job (contract 17, 16)', () => {
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
