import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
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

const { primary, launch, active } = failoverScenes(
  () => rig,
  () => tenant,
);

const prices = { 'us-east-1a': 0.05, 'us-east-1b': 0.04, 'us-east-1c': 0.03 };

/** A standby launch that its agent has claimed, and the instance that it started. */
async function claimed(signal: 'rebalance-recommendation' | 'termination-notice') {
  const instance = await primary();
  await instance.emergency(signal);
  const [wanted] = (await instance.listReplicas('launching')).body.replicas;
  return { instance, id: wanted.id as string, standby: instance.successor({ az: wanted.az }) };
}
const toTerminate = async (instance: TestInstance) =>
  (await instance.instancesToTerminate()).body.instances.map((row: { instance_id: string }) => row.instance_id);

describe('a launch whose response is lost', () => {
  it('still goes to the poll that claimed it', async () => {
    const instance = await primary();
    await instance.emergency('termination-notice');
    rig.faults.inject({
      error: 'InternalServerErrorException',
      when: 'after',
      sql: /update `replica_instances`/,
      times: 1,
    });
    const { status, body } = await instance.listReplicas('launching');
    rig.faults.clear();
    expect([status, body.total]).toEqual([200, 1]);
    expect((await instance.listReplicas('launching')).body.total).toBe(0);
  });

  it('goes to one of several polls', async () => {
    const instance = await primary();
    await instance.emergency('termination-notice');
    rig.faults.inject({
      error: 'InternalServerErrorException',
      when: 'after',
      sql: /update `replica_instances`/,
      times: 1,
    });
    const answers = await Promise.all(Array.from({ length: 6 }, () => instance.listReplicas('launching')));
    rig.faults.clear();
    expect(answers.map(({ status, body }) => [status, body.total]).toSorted()).toEqual([
      ...Array.from({ length: 5 }, () => [200, 0]),
      [200, 1],
    ]);
  });
});

describe('a launch whose report is lost (R5)', () => {
  it('is bound to the instance that registers in its pool, which becomes the standby', async () => {
    const { instance, id, standby } = await claimed('rebalance-recommendation');
    expect((await standby.register()).status).toBe(200);
    expect(await active(instance)).toMatchObject([{ id, instanceId: standby.id, status: 'syncing' }]);
    expect(await instance.events('agent_second_instance')).toEqual([]);
    await instance.replicaStatus(id, 'ready');
    expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
  });

  it('is bound once: a report that still comes changes nothing', async () => {
    const { instance, id, standby } = await claimed('rebalance-recommendation');
    await standby.register();
    expect(await instance.putReplica(id, standby.id)).toMatchObject({ status: 200, body: { status: 'syncing' } });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'running_replica', isActive: true });
  });

  it('has its instance take over at once if EC2 takes the primary', async () => {
    const { instance, standby } = await claimed('termination-notice');
    await standby.register();
    expect(await instance.agentRow()).toMatchObject({ instanceId: standby.id, primaryCause: 'failover' });
    expect((await standby.heartbeat()).status).toBe(200);
  });

  it('has its instance terminated if it was given up before', async () => {
    const { instance, id, standby } = await claimed('rebalance-recommendation');
    for (let minute = 0; minute < 11; minute += 1) {
      rig.pass(60);
      await instance.heartbeat();
      await rig.runJob('coordinate-replicas');
    }
    expect(await instance.replicas()).toMatchObject([{ id, status: 'failed' }, {}]);
    await standby.register();
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', terminationConfirmed: false });
    expect(await toTerminate(instance)).toEqual([standby.id]);
  });

  it('is not bound to an instance of another pool, or of another agent', async () => {
    const { instance } = await claimed('rebalance-recommendation');
    const elsewhere = instance.successor({ az: 'us-east-1d' });
    await elsewhere.register();
    const onDemand = instance.successor({ mode: 'ondemand', az: 'us-east-1c' });
    await onDemand.register();
    const other = await primary('abc', { type: instance.facts.type });
    await other.successor({ az: 'us-east-1c' }).register();
    expect(await active(instance)).toMatchObject([{ instanceId: null, status: 'launching' }]);
    expect(await instance.events('agent_second_instance')).toHaveLength(2);
  });

  it('never replaces an instance that was reported', async () => {
    const instance = await primary();
    await instance.emergency('rebalance-recommendation');
    const { id, standby } = await launch(instance);
    const second = instance.successor({ az: standby.facts.az });
    await second.register();
    expect(await active(instance)).toMatchObject([{ id, instanceId: standby.id }]);
    expect(await second.row()).toMatchObject({ instanceStatus: 'running_replica' });
  });
});

describe('a standby whose image has no agent', () => {
  it('is launched three times and no more, and the tenant is told why', async () => {
    const instance = await primary();
    await instance.request('POST', '/manual-replica/enable');
    for (let minute = 0; minute < 180; minute += 1) {
      rig.pass(60);
      await instance.heartbeat();
      if (minute % 5 === 0) await instance.report(0.1, prices);
      const [wanted] = (await instance.listReplicas('launching')).body.replicas;
      if (wanted) {
        await instance.putReplica(wanted.id, instance.successor().id);
        await instance.replicaStatus(wanted.id, 'ready');
      }
      await rig.runJob('expire-agents');
      await rig.runJob('coordinate-replicas');
    }
    expect((await instance.replicas()).map(({ status, failureCause }) => [status, failureCause])).toEqual(
      [1, 2, 3].map(() => ['failed', 'unheard']),
    );
    expect(await instance.events('standbys_stopped')).toMatchObject([{ severity: 'error', notify: true }]);
    await instance.request('POST', '/manual-replica/disable');
    await instance.request('POST', '/manual-replica/enable');
    expect(await active(instance)).toHaveLength(1);
  }, 60_000);

  it('is not confused with one that was heard from and fell silent', async () => {
    const instance = await primary();
    await instance.request('POST', '/manual-replica/enable');
    const { standby } = await launch(instance);
    rig.pass(30);
    await standby.heartbeat();
    for (let minute = 0; minute < 12; minute += 1) {
      rig.pass(60);
      await instance.heartbeat();
      if (minute % 5 === 0) await instance.report(0.1, prices);
      await rig.runJob('expire-agents');
      await rig.runJob('coordinate-replicas');
    }
    expect(await instance.replicas()).toMatchObject([{ status: 'failed', failureCause: 'silent' }, { isActive: true }]);
  });
});

describe('an agent that launches without end', () => {
  it('gets at most twelve launches an hour, and its tenant one event', async () => {
    const instance = await primary();
    const launched = {
      status: 'failed',
      launchClaimedAt: rig.clock.now(),
      replicaType: 'automatic-termination',
    } as const;
    for (let n = 0; n < 11; n += 1) await instance.addReplica({ ...launched, poolId: `elsewhere-${n}` });
    await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
    expect((await instance.pendingCommands()).body).toHaveLength(1);
    rig.pass(60);
    await instance.heartbeat();
    await instance.emergency('termination-notice');
    for (let poll = 0; poll < 3; poll += 1) {
      expect((await instance.listReplicas('launching')).body).toEqual({ replicas: [], total: 0 });
      rig.pass(30);
    }
    expect(await instance.events('launch_cap_reached')).toMatchObject([{ severity: 'error', notify: true }]);
    rig.pass(3600 - 150);
    expect((await instance.listReplicas('launching')).body.total).toBe(1);
  });

  it('is not one whose launches EC2 refused for lack of capacity: an emergency still gets its launch', async () => {
    const instance = await primary();
    const now = rig.clock.now();
    const message = 'InsufficientInstanceCapacity: no spot capacity';
    const refusedSwitch = { status: 'failed', commandType: 'switch', targetMode: 'ondemand', message } as const;
    const by = { createdBy: 'loop', triggerType: 'model', dispatchedAt: now, createdAt: now };
    for (let n = 0; n < 20; n += 1) {
      const of = { id: randomUUID(), clientId: instance.tenant.id, agentId: instance.agentId };
      await rig.db
        .insertInto('commands')
        .values({ ...of, ...refusedSwitch, ...by })
        .execute();
      await instance.addReplica({
        status: 'failed',
        failureCause: 'capacity',
        launchClaimedAt: now,
        replicaType: 'manual',
        poolId: `elsewhere-${n}`,
      });
    }
    await instance.emergency('termination-notice');
    expect((await instance.listReplicas('launching')).body.total).toBe(1);
    // A refusal that came with an instance, or without EC2's code, counts as before.
    await rig.db
      .updateTable('commands')
      .set({ message: 'Switch failed' })
      .where('agentId', '=', instance.agentId)
      .execute();
    await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
    expect((await instance.pendingCommands()).body).toEqual([]);
  });

  it('is one whose agent says so a hundred times', async () => {
    const instance = await primary();
    await instance.heartbeat();
    const message = 'An error occurred (InsufficientInstanceCapacity) when calling the RunInstances operation';
    let launches = 0;
    for (let n = 0; n < 130; n += 1) {
      await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
      const [command] = (await instance.pendingCommands()).body;
      if (!command) break;
      launches += 1;
      await instance.executed(command.id, { success: false, message });
    }
    expect(launches).toBe(120);
    expect(await instance.events('launch_cap_reached')).toMatchObject([{ severity: 'error', notify: true }]);
  });

  it('gets no switch either', async () => {
    const instance = await primary();
    const launched = { status: 'failed', launchClaimedAt: rig.clock.now() } as const;
    for (let n = 0; n < 12; n += 1) await instance.addReplica({ ...launched, poolId: `elsewhere-${n}` });
    await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
    expect((await instance.pendingCommands()).body).toEqual([]);
    expect(await instance.commands()).toMatchObject([{ status: 'pending' }]);
    rig.pass(3601);
    expect((await instance.pendingCommands()).body).toHaveLength(1);
  });
});

describe('launches that fail for a cause of the tenant’s own', () => {
  /** An agent of another tenant, whose launches were refused ten times in each of the two pools besides its own. */
  async function refused(code: string, type: string) {
    const instance = await rig.primary({ type, mode: 'spot' });
    await instance.report(0.1, prices);
    for (let n = 0; n < 20; n += 1) {
      const az = n % 2 ? 'us-east-1b' : 'us-east-1c';
      const id = await instance.addReplica({ poolId: `${type}.${az}`, az, launchClaimedAt: rig.clock.now() });
      const message = `An error occurred (${code}) when calling the RunInstances operation`;
      await instance.replicaStatus(id, 'failed', { error_message: message });
    }
    return instance;
  }

  it.each([
    ['UnauthorizedOperation', 0],
    ['MaxSpotInstanceCountExceeded', 0],
    ['InsufficientInstanceCapacity', 1],
  ])(
    '%s makes other tenants avoid the pool (1) or not (0): %i',
    async (code, isLeft) => {
      const theirs = await refused(code, `q${code.toLowerCase().slice(0, 12)}.large`);
      const instance = await rig.primary({ type: theirs.facts.type, mode: 'spot' }, tenant);
      await instance.report(0.1, prices);
      await instance.request('POST', '/manual-replica/enable');
      expect(await active(instance)).toHaveLength(1 - isLeft);
      // A notice gets its standby whatever happened to others.
      await instance.terminationImminent();
      expect(await active(instance)).toHaveLength(1);
      expect(await instance.commands()).toEqual([]);
    },
    30_000,
  );
});
