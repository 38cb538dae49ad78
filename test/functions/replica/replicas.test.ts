import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Answer, Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

const prices = { 'us-east-1a': 0.05, 'us-east-1b': 0.04, 'us-east-1c': 0.03 };

let types = 0;
/** A Spot primary of a new type in zone a, with fresh prices; `manual` is protocol 9.8's manual mode. */
async function primary({ manual = true, ...facts } = {}): Promise<TestInstance> {
  const instance = await rig.primary({ type: `r${++types}.large`, mode: 'spot', ...facts }, tenant);
  await instance.report(0.1, prices);
  if (manual) await instance.set({ autoSwitchEnabled: false, manualReplicaEnabled: true });
  return instance;
}
const poolIn = (instance: TestInstance, zone: string) => `${instance.facts.type}.us-east-1${zone}`;

/** An instance that waits beside another agent's live primary. */
async function waiting(beside?: TestInstance): Promise<TestInstance> {
  const instance = (beside ?? (await primary())).successor();
  await instance.register();
  return instance;
}

/** A primary with a standby; `launching` is one without an instance. */
async function withStandby(status: 'launching' | 'syncing' | 'ready' = 'ready') {
  const instance = await primary();
  const { body } = await instance.createReplica();
  const id = body.replica_id as string;
  const standby = instance.successor({ az: 'us-east-1c' });
  if (status !== 'launching') await instance.putReplica(id, standby.id);
  if (status === 'ready') await instance.replicaStatus(id, 'ready');
  return { instance, id, standby };
}
const replicaOf = async (instance: TestInstance, id: string) =>
  (await instance.replicas()).find((row) => row.id === id)!;
const idsOf = ({ body }: Answer) => body.replicas.map((replica: { id: string }) => replica.id);
const terminable = async (instance: TestInstance) =>
  (await instance.instancesToTerminate()).body.instances.map((row: { instance_id: string }) => row.instance_id);

/** Everything of an agent that a call could change. */
const all = async (instance: TestInstance) => ({
  agent: await instance.agentRow(),
  instances: await instance.instances(),
  replicas: await instance.replicas(),
});
async function expectNoChange(instance: TestInstance, call: () => Promise<Answer>) {
  const before = await all(instance);
  const answer = await call();
  expect(await all(instance)).toEqual(before);
  return answer;
}

describe('R1: somebody wants a standby', () => {
  it('gets one in the cheapest other pool, for the agent to launch', async () => {
    const instance = await primary();
    const { status, body, calls } = await instance.createReplica({ created_by: 'ui', tags: { team: 'web' } });
    expect(status).toBe(201);
    expect(calls).toBeLessThanOrEqual(8);
    expect(body).toMatchObject({
      success: true,
      instance_id: null,
      hourly_cost: 0.03,
      status: 'launching',
      pool: { id: poolIn(instance, 'c'), az: 'us-east-1c', region: 'us-east-1', instance_type: instance.facts.type },
    });
    expect(await instance.replicas()).toMatchObject([
      {
        id: body.replica_id,
        instanceId: null,
        replicaType: 'manual',
        status: 'launching',
        isActive: true,
        parentInstanceId: instance.id,
        hourlyCost: '0.030000',
        createdBy: 'ui',
        tags: { team: 'web' },
      },
    ]);
    expect((await instance.config()).body).toMatchObject({ replica_count: 1 });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['excluded zones', { exclude_zones: ['us-east-1c'] }, 'b'],
    ['a pool by name', { pool_id: 'us-east-1b' }, 'b'],
    ['a pool by its other name', { target_pool_id: 'us-east-1b' }, 'b'],
    ['a price that is just met', { max_hourly_cost: 0.03 }, 'c'],
    ['nulls, which are nothing', { pool_id: null, exclude_zones: null, max_hourly_cost: null, tags: null }, 'c'],
  ])('follows %s', async (_, wish, zone) => {
    const instance = await primary();
    const named = Object.entries(wish).map(([key, value]) =>
      key.endsWith('pool_id') && value ? [key, `${instance.facts.type}.${value}`] : [key, value],
    );
    const { status, body } = await instance.createReplica(Object.fromEntries(named));
    expect([status, body.pool?.id]).toEqual([201, poolIn(instance, zone)]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['too cheap a wish', { max_hourly_cost: 0.029 }],
    ['all other zones excluded', { exclude_zones: ['us-east-1b', 'us-east-1c'] }],
  ])('finds no suitable pool for %s, and says what would help', async (_, wish) => {
    const instance = await primary();
    const { status, body } = await expectNoChange(instance, () => instance.createReplica(wish));
    expect([status, body.code]).toEqual([400, 'no_suitable_pool']);
    expect(body.hint).toEqual(expect.any(String));
  });

  it.each([
    [15 * 60, 201],
    [15 * 60 + 1, 400],
  ])('counts prices that are %i s old: %i', async (age, status) => {
    const instance = await primary();
    rig.pass(age);
    expect((await instance.createReplica()).status).toBe(status);
  });

  it('refuses a pool of another type, and one that is not there', async () => {
    const [instance, other] = [await primary(), await primary()];
    const mismatch = await instance.createReplica({ pool_id: poolIn(other, 'b') });
    expect(mismatch).toMatchObject({
      status: 400,
      body: { code: 'pool_mismatch', agent_type: instance.facts.type, pool_type: other.facts.type },
    });
    expect(await instance.createReplica({ pool_id: poolIn(instance, 'z') })).toMatchObject({
      status: 404,
      body: { code: 'pool_not_found' },
    });
    expect(await instance.replicas()).toEqual([]);
  });

  it('refuses a standby if manual mode is off, a second one, and one that nobody would launch', async () => {
    const off = await primary({ manual: false });
    expect(await off.createReplica()).toMatchObject({ status: 400, body: { code: 'manual_mode_off', hint: /./ } });
    const { instance } = await withStandby('launching');
    expect(await instance.createReplica()).toMatchObject({
      status: 400,
      body: { code: 'replica_exists', current_count: 1, max_allowed: 1, note: expect.any(String) },
    });
    const gone = await primary();
    await gone.heartbeat('offline');
    expect(await gone.createReplica()).toMatchObject({ status: 404, body: { code: 'agent_not_found' } });
    expect([await off.replicas(), await gone.replicas()]).toEqual([[], []]);
  });

  it('creates one for eight calls at once', async () => {
    const instance = await primary();
    const answers = await Promise.all(Array.from({ length: 8 }, () => instance.createReplica()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(400)]);
    expect(await instance.replicas()).toHaveLength(1);
  });

  it('is open to the admin, but not to other tenants', async () => {
    const instance = await primary();
    const { token } = await rig.tenant();
    const path = `/api/agents/${instance.agentId}/replicas`;
    expect((await rig.request('POST', path, { token, body: {} })).status).toBe(404);
    expect((await rig.asAdmin('POST', path, {})).status).toBe(201);
  });
});

describe('R1: an agent has launched one on command', () => {
  const adopt = (instance: TestInstance, instanceId: string, extra = {}) =>
    instance.createReplica({
      pool_id: poolIn(instance, 'b'),
      instance_id: instanceId,
      replica_type: 'manual',
      parent_instance_id: instance.id,
      status: 'launching',
      ...extra,
    });

  it('takes the instance that was wanted', async () => {
    const instance = await primary();
    const standby = instance.successor({ az: 'us-east-1b' });
    const { status, body, calls } = await adopt(instance, standby.id);
    expect([status, body.status, body.instance_id]).toEqual([201, 'syncing', standby.id]);
    expect(calls).toBeLessThanOrEqual(8);
    expect(await instance.replicas()).toMatchObject([
      { id: body.replica_id, instanceId: standby.id, status: 'syncing', launchedAt: rig.clock.now() },
    ]);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'running_replica', isPrimary: false, isActive: true });
    expect(idsOf(await instance.listReplicas('launching'))).toEqual([]);
  });

  it.each<[string, (instance: TestInstance) => Promise<unknown>]>([
    ['manual mode is off', (instance) => instance.set({ manualReplicaEnabled: false })],
    ['there is one already', (instance) => instance.createReplica()],
    ['the agent is offline and has one', (m) => m.createReplica().then(() => m.heartbeat('offline'))],
  ])('enters for termination an instance that is not wanted, as %s', async (_, prepare) => {
    const instance = await primary();
    await prepare(instance);
    const { status, body } = await adopt(instance, 'i-unwanted'.concat(instance.id.slice(2)));
    expect([status, body.status]).toEqual([201, 'terminated']);
    expect(body.replica_id).toEqual(expect.any(String));
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([body.replica_id]);
    expect(await terminable(instance)).toEqual([body.instance_id]);
  });

  it.each([true, false])('enters it once, however often it is reported (wanted: %s)', async (wanted) => {
    const instance = await primary({ manual: wanted });
    const standby = instance.successor();
    const first = await adopt(instance, standby.id);
    const again = await Promise.all([adopt(instance, standby.id), adopt(instance, standby.id)]);
    for (const { status, body } of again)
      expect([status, body.replica_id, body.status]).toEqual([201, first.body.replica_id, first.body.status]);
    expect(await instance.replicas()).toHaveLength(1);
  });

  it('does not bring back an instance that is to be terminated', async () => {
    const instance = await primary();
    const next = instance.successor();
    await instance.switchReport(next);
    await next.register();
    await next.set({ autoSwitchEnabled: false, manualReplicaEnabled: true });
    expect((await adopt(next, instance.id)).body.status).toBe('terminated');
    expect((await instance.row()).instanceStatus).toBe('zombie');
  });

  it('refuses instances of other agents and tenants and the primary itself, changing nothing', async () => {
    const [instance, neighbour, stranger] = [await primary(), await primary(), await rig.primary({ mode: 'spot' })];
    for (const other of [neighbour, stranger, instance, await waiting(), await waiting(stranger)]) {
      const theirs = await all(other);
      const { status } = await expectNoChange(instance, () => adopt(instance, other.id));
      expect(status).toBe(409);
      expect(await all(other)).toEqual(theirs);
    }
  });

  it('refuses the standby of another agent', async () => {
    const [instance, { instance: other, standby }] = [await primary(), await withStandby()];
    expect((await expectNoChange(other, () => adopt(instance, standby.id))).status).toBe(409);
    expect(await instance.replicas()).toEqual([]);
  });

  it('gets no server error for odd pools and types', async () => {
    const instance = await primary();
    for (const pool_id of ['x'.repeat(127), '.', 'nodot', `a.${'z'.repeat(120)}`])
      expect((await adopt(instance, `i-${Math.random()}`, { pool_id })).status).toBeLessThan(500);
  });
});

describe('R2: the list', () => {
  it('has the active standbys, newest first, in the format that agents read', async () => {
    const { instance, id, standby } = await withStandby();
    rig.pass(60);
    const { body, calls } = await instance.listReplicas();
    expect(calls).toBe(1);
    expect(body).toMatchObject({
      total: 1,
      replicas: [
        {
          id,
          instance_id: standby.id,
          type: 'manual',
          status: 'ready',
          is_active: true,
          pool_id: poolIn(instance, 'c'),
          az: 'us-east-1c',
          pool: {
            id: poolIn(instance, 'c'),
            az: 'us-east-1c',
            instance_type: instance.facts.type,
            region: 'us-east-1',
          },
          sync_status: 'synced',
          state_transfer_progress: 100,
          cost: { hourly: 0.03, total: 0 },
          age_seconds: 60,
          tags: {},
        },
      ],
    });
    await instance.deleteReplica(id);
    rig.pass(1);
    const { body: next } = await instance.createReplica();
    expect(idsOf(await instance.listReplicas())).toEqual([next.replica_id]);
    expect(idsOf(await instance.request('GET', '/replicas?include_terminated=true'))).toEqual([next.replica_id, id]);
  });

  it('hands a launch out once in ten minutes, and to one of several polls', async () => {
    const { instance, id } = await withStandby('launching');
    const polls = await Promise.all(Array.from({ length: 4 }, () => instance.listReplicas('launching')));
    expect(polls.flatMap(idsOf)).toEqual([id]);
    rig.pass(599);
    expect(idsOf(await instance.listReplicas('launching'))).toEqual([]);
    rig.pass(1);
    expect(idsOf(await instance.listReplicas('launching'))).toEqual([id]);
    await instance.putReplica(id, instance.successor().id);
    rig.pass(601);
    expect(idsOf(await instance.listReplicas('launching'))).toEqual([]);
  });

  it('tells the primary alone what to launch and to terminate', async () => {
    const { instance, id, standby } = await withStandby('syncing');
    await standby.register();
    await instance.deleteReplica(id);
    for (const status of ['launching', 'terminated', 'ready'])
      expect((await standby.listReplicas(status)).body).toEqual({ replicas: [], total: 0 });
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([id]);
  });

  it.each(['syncing', 'ready', 'promoted', 'failed'])('filters for %s', async (status) => {
    const { instance, id } = await withStandby('syncing');
    if (status === 'promoted') await instance.promoteReplica(id);
    else await instance.replicaStatus(id, status);
    const path = `/api/agents/${instance.agentId}/replicas?status=`;
    const list = (wanted: string) => rig.request('GET', path + wanted, { token: tenant.token });
    expect(idsOf(await list(status))).toEqual([id]);
    for (const other of ['launching', 'syncing', 'ready', 'promoted'].filter((other) => other !== status))
      expect(idsOf(await list(other))).toEqual([]);
  });

  it('lists a failed one with its instance for termination, even without auto-terminate', async () => {
    const { instance, id, standby } = await withStandby('syncing');
    await instance.set({ autoTerminateEnabled: false });
    await instance.replicaStatus(id, 'failed', { error_message: 'it never came up' });
    expect((await instance.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: standby.id }]);
    await instance.replicaStatus(id, 'terminated');
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([]);
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'failed', terminationConfirmed: true });
  });
});

describe('R3: somebody has a standby take over', () => {
  it('changes everything in one transaction of at most 8 calls, and one more for the audit log', async () => {
    const { instance, id, standby } = await withStandby();
    await standby.register();
    const { epoch } = await instance.agentRow();
    const { status, body, calls } = await instance.promoteReplica(id);
    expect(status).toBe(200);
    expect(calls).toBeLessThanOrEqual(9);
    expect(body).toMatchObject({ success: true, new_instance_id: standby.id, old_instance_id: instance.id });
    expect(await instance.agentRow()).toMatchObject({
      instanceId: standby.id,
      epoch: epoch + 1,
      az: 'us-east-1c',
      currentMode: 'spot',
      currentPoolId: poolIn(instance, 'c'),
      interruptionHandledCount: 0,
      lastFailoverAt: null,
    });
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'promoted', isActive: false });
    expect(await standby.row()).toMatchObject({ instanceStatus: 'running_primary', isPrimary: true });
    expect(await instance.row()).toMatchObject({ instanceStatus: 'zombie', zombieAt: rig.clock.now() });
    expect(await instance.switches()).toMatchObject([
      {
        oldInstanceId: instance.id,
        newInstanceId: standby.id,
        triggerType: 'manual',
        newPoolId: poolIn(instance, 'c'),
      },
    ]);
    expect(await instance.events('replica_promoted')).toMatchObject([{ notify: true }]);
    expect((await standby.config()).body.enabled).toBe(true);
    expect((await instance.config()).body.enabled).toBe(false);
  });

  it('is done once, and gets the same response when it is repeated', async () => {
    const { instance, id } = await withStandby();
    const answers = await Promise.all(Array.from({ length: 3 }, () => instance.promoteReplica(id)));
    rig.pass(5);
    for (const { status, body } of [...answers, await instance.promoteReplica(id)])
      expect([status, body]).toEqual([200, { ...answers[0]!.body, old_instance_id: instance.id }]);
    expect((await instance.agentRow()).epoch).toBe(2);
    expect(await instance.switches()).toHaveLength(1);
    expect(await instance.events('replica_promoted')).toHaveLength(1);
  });

  it('keeps the old primary as the next standby if asked to, and back again (defect 15)', async () => {
    const { instance, id, standby } = await withStandby();
    expect((await instance.promoteReplica(id, { demote_old_primary: true })).body.demoted).toBe(true);
    expect(await instance.row()).toMatchObject({ instanceStatus: 'running_replica', isActive: true, isPrimary: false });
    const [demoted] = (await instance.replicas()).filter((row) => row.isActive);
    expect(demoted).toMatchObject({ instanceId: instance.id, status: 'ready', replicaType: 'manual' });
    await instance.promoteReplica(demoted!.id, { demote_old_primary: true });
    expect((await instance.agentRow()).instanceId).toBe(instance.id);
    expect((await instance.replicas()).filter((row) => row.isActive)).toMatchObject([{ instanceId: standby.id }]);
  });

  it('refuses standbys without an instance, inactive or unknown, and while a switch is under way', async () => {
    const { instance, id } = await withStandby('launching');
    const promoted = () => expectNoChange(instance, () => instance.promoteReplica(id));
    expect(await promoted()).toMatchObject({
      status: 400,
      body: { code: 'replica_not_ready', current_status: 'launching', required_status: ['ready', 'syncing'] },
    });
    await instance.replicaStatus(id, 'ready');
    expect(await promoted()).toMatchObject({ status: 409, body: { code: 'replica_has_no_machine' } });
    await instance.deleteReplica(id);
    expect((await promoted()).status).toBe(404);
    expect((await instance.promoteReplica('nobody')).status).toBe(404);

    const busy = await withStandby();
    await busy.instance.set({ manualReplicaEnabled: false, autoSwitchEnabled: true });
    await busy.instance.queueSwitch(poolIn(busy.instance, 'b'));
    await busy.instance.pendingCommands();
    expect(await busy.instance.promoteReplica(busy.id)).toMatchObject({
      status: 409,
      body: { code: 'command_in_flight' },
    });
  });
});

describe('R4: a standby is no longer wanted', () => {
  it('is listed for termination until it has been seen to go, and no longer (defect 9)', async () => {
    const instance = await primary();
    const { body: made } = await instance.createReplica();
    const { body: polled } = await instance.listReplicas('launching');
    expect(polled.replicas).toMatchObject([{ id: made.replica_id, instance_id: null }]);
    const standby = instance.successor({ az: polled.replicas[0].az });
    await instance.putReplica(made.replica_id, standby.id);
    await instance.replicaStatus(made.replica_id, 'ready', { sync_completed_at: rig.clock.now().toISOString() });
    const { status, body, calls } = await instance.deleteReplica(made.replica_id);
    expect([status, body]).toEqual([
      200,
      {
        success: true,
        message: expect.any(String),
        replica_id: made.replica_id,
        terminated_at: rig.clock.now().toISOString(),
      },
    ]);
    expect(calls).toBeLessThanOrEqual(8);
    expect(await standby.row()).toMatchObject({
      instanceStatus: 'terminated',
      isActive: false,
      terminationConfirmed: false,
    });
    for (let polls = 0; polls < 2; polls += 1) {
      expect((await instance.listReplicas('terminated')).body.replicas).toMatchObject([
        { id: made.replica_id, instance_id: standby.id, status: 'terminated' },
      ]);
      rig.pass(30);
    }
    const gone = { is_active: false, terminated_at: rig.clock.now().toISOString() };
    await instance.replicaStatus(made.replica_id, 'terminated', gone);
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([]);
    expect(await terminable(instance)).toEqual([]);
    expect(await standby.row()).toMatchObject({ terminationConfirmed: true });
    expect(await instance.events('replica_terminated')).toHaveLength(1);
  });

  it('is confirmed by a termination-report as well', async () => {
    const { instance, id, standby } = await withStandby();
    await instance.deleteReplica(id);
    expect(await terminable(instance)).toEqual([standby.id]);
    await instance.terminationReport(standby.id);
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([]);
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'terminated', terminationConfirmed: true });
  });

  it('is closed at once if nothing was launched', async () => {
    const { instance, id } = await withStandby('launching');
    await instance.deleteReplica(id);
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'terminated', terminationConfirmed: true });
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([]);
  });

  it('is refused the second time, with the time of the first, and for an unknown standby', async () => {
    const { instance, id } = await withStandby();
    const { body } = await instance.deleteReplica(id);
    rig.pass(10);
    expect(await instance.deleteReplica(id)).toMatchObject({
      status: 400,
      body: { code: 'replica_inactive', terminated_at: body.terminated_at },
    });
    expect((await instance.deleteReplica('nobody')).status).toBe(404);
    const other = await primary();
    expect((await other.deleteReplica(id)).status).toBe(404);
  });
});

describe('R5: the agent has launched the instance', () => {
  it('binds it to the standby, which starts to sync, in one transaction of at most 8 calls', async () => {
    const { instance, id, standby } = await withStandby('launching');
    const { status, body, calls } = await instance.putReplica(id, standby.id);
    expect([status, body]).toEqual([
      200,
      { success: true, replica_id: id, instance_id: standby.id, status: 'syncing' },
    ]);
    expect(calls).toBeLessThanOrEqual(8);
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'syncing', launchedAt: rig.clock.now() });
    expect(await standby.row()).toMatchObject({
      instanceStatus: 'running_replica',
      currentMode: 'spot',
      currentPoolId: poolIn(instance, 'c'),
      clientId: tenant.id,
    });
    const before = await replicaOf(instance, id);
    rig.pass(10);
    expect((await instance.putReplica(id, standby.id)).status).toBe(200);
    expect(await replicaOf(instance, id)).toEqual(before);
  });

  it('takes one of several instances that are named at once, and has the others terminated', async () => {
    const instance = await primary();
    const id = await instance.addReplica();
    const launched = Array.from({ length: 4 }, () => instance.successor({ az: 'us-east-1z' }));
    const answers = await Promise.all(launched.map((standby) => instance.putReplica(id, standby.id)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    const taken = launched[answers.findIndex(({ status }) => status === 200)]!;
    expect(await replicaOf(instance, id)).toMatchObject({ instanceId: taken.id, status: 'syncing' });
    const surplus = launched.filter((standby) => standby !== taken).map((standby) => standby.id);
    expect((await terminable(instance)).toSorted()).toEqual(surplus.toSorted());
  });

  it('lets it wait beside the primary if it registers before the report', async () => {
    const { instance, id, standby } = await withStandby('launching');
    await standby.register();
    expect((await instance.putReplica(id, standby.id)).status).toBe(200);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'running_replica', isPrimary: false });
  });

  it.each(['deleted', 'failed'])('ends in its termination if the standby was %s meanwhile', async (end) => {
    const { instance, id, standby } = await withStandby('launching');
    if (end === 'deleted') await instance.deleteReplica(id);
    else await instance.replicaStatus(id, 'failed');
    await standby.register(); // it boots, and waits beside the primary
    const { status, body } = await instance.putReplica(id, standby.id);
    expect([status, body.status]).toEqual([200, end === 'deleted' ? 'terminated' : 'failed']);
    expect(await replicaOf(instance, id)).toMatchObject({ instanceId: standby.id, isActive: false });
    expect(idsOf(await instance.listReplicas('terminated'))).toEqual([id]);
    expect(await terminable(instance)).toEqual([standby.id]);
    expect((await instance.putReplica(id, standby.id)).status).toBe(200);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'terminated', isActive: false });
  });

  it.each([true, false])('refuses and lists a second instance (its agent registered: %s)', async (registers) => {
    const { instance, id, standby } = await withStandby('syncing');
    const surplus = instance.successor({ az: 'us-east-1c' });
    if (registers) await surplus.register();
    for (let tries = 0; tries < 2; tries += 1)
      expect(await instance.putReplica(id, surplus.id)).toMatchObject({
        status: 409,
        body: { code: 'replica_has_machine' },
      });
    expect((await replicaOf(instance, id)).instanceId).toBe(standby.id);
    expect(await surplus.row()).toMatchObject({ instanceStatus: 'terminated', terminationConfirmed: false });
    expect(await terminable(instance)).toEqual([surplus.id]);
    expect(await standby.row()).toMatchObject({ instanceStatus: 'running_replica', isActive: true });
  });

  it('refuses instances of others, the primary, zombies and other standbys, and changes nothing', async () => {
    const { instance: old, id: first } = await withStandby('launching');
    const lost = old.successor();
    await old.putReplica(first, lost.id);
    await old.deleteReplica(first);
    const instance = old.successor();
    await old.switchReport(instance);
    await instance.register();
    await instance.report(0.1, prices);
    const { body } = await instance.createReplica();
    const stranger = await rig.primary();
    const others = [await primary(), stranger, (await withStandby()).standby, await waiting(), await waiting(stranger)];
    for (const other of [instance, old, lost, ...others]) {
      const before = await other.row();
      const { status } = await expectNoChange(instance, () => instance.putReplica(body.replica_id, other.id));
      expect(status).toBe(409);
      expect(await other.row()).toEqual(before);
    }
  });

  it('refuses placeholders and knows no other agent’s standbys', async () => {
    const { instance, id } = await withStandby('launching');
    for (const instanceId of ['manual-1', '', `i-${'x'.repeat(70)}`])
      expect((await instance.putReplica(id, instanceId)).status).toBe(400);
    expect((await instance.request('PUT', `/replicas/${id}`, {})).status).toBe(400);
    const other = await primary();
    expect((await other.putReplica(id, 'i-1234')).status).toBe(404);
  });
});

describe('R6: the status of a standby', () => {
  it('becomes ready once', async () => {
    const { instance, id } = await withStandby('syncing');
    const { body, calls } = await instance.replicaStatus(id, 'ready');
    expect(body).toEqual({ success: true, replica_id: id, status: 'ready' });
    expect(calls).toBeLessThanOrEqual(8);
    const ready = await replicaOf(instance, id);
    expect(ready).toMatchObject({
      readyAt: rig.clock.now(),
      syncStatus: 'synced',
      stateTransferProgress: '100.00',
    });
    rig.pass(10);
    await instance.replicaStatus(id, 'ready');
    expect(await replicaOf(instance, id)).toEqual(ready);
  });

  it('can become failed, which notifies once and lists the instance for termination', async () => {
    const { instance, id, standby } = await withStandby('syncing');
    expect((await instance.replicaStatus(id, 'failed', { error_message: 'no capacity' })).body.status).toBe('failed');
    await instance.replicaStatus(id, 'failed', { error_message: 'again' });
    expect(await replicaOf(instance, id)).toMatchObject({ isActive: false, errorMessage: 'no capacity' });
    expect(await instance.events('replica_failed')).toMatchObject([{ notify: true, severity: 'warning' }]);
    expect(await terminable(instance)).toEqual([standby.id]);
    expect((await instance.config()).body.replica_count).toBe(0);
  });

  /** A standby's status, and what it can no longer become from there. */
  it.each<[string, string[]]>([
    ['terminated', ['launching', 'syncing', 'ready', 'failed']],
    ['failed', ['launching', 'syncing', 'ready', 'failed']],
    ['promoted', ['launching', 'syncing', 'ready', 'failed', 'terminated']],
    ['ready', ['launching', 'syncing', 'ready']],
    ['syncing', ['launching', 'syncing']],
  ])('cannot go from %s to a status that does not follow, and the response is 200', async (from, others) => {
    const { instance, id } = await withStandby(from === 'syncing' ? 'syncing' : 'ready');
    if (from === 'terminated') await instance.deleteReplica(id);
    if (from === 'failed') await instance.replicaStatus(id, 'failed');
    if (from === 'promoted') await instance.promoteReplica(id);
    rig.pass(5);
    for (const to of others)
      expect(await expectNoChange(instance, () => instance.replicaStatus(id, to)), to).toMatchObject({
        status: 200,
        body: { success: true, status: from },
      });
    if (from !== 'ready' && from !== 'syncing')
      expect((await expectNoChange(instance, () => instance.syncStatus(id, { status: 'ready' }))).status).toBe(200);
  });

  it('refuses unknown statuses, and knows no other agent’s standbys', async () => {
    const { instance, id } = await withStandby('syncing');
    for (const status of ['promoted', 'gone', '', null])
      expect((await instance.request('POST', `/replicas/${id}/status`, { status })).status).toBe(400);
    const other = await primary();
    expect((await other.replicaStatus(id, 'ready')).status).toBe(404);
    expect((await replicaOf(instance, id)).status).toBe('syncing');
  });
});

describe('R7: the progress of a standby', () => {
  it('makes it ready when all is transferred, the first time only', async () => {
    const { instance, id } = await withStandby('syncing');
    await instance.syncStatus(id, { state_transfer_progress: 40.5, sync_latency_ms: 12, sync_status: 'syncing' });
    expect(await replicaOf(instance, id)).toMatchObject({
      status: 'syncing',
      stateTransferProgress: '40.50',
      syncLatencyMs: 12,
      lastSyncAt: rig.clock.now(),
    });
    const done = await instance.syncStatus(id, { state_transfer_progress: 100, status: 'ready' });
    expect(done.calls).toBeLessThanOrEqual(8);
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'ready', readyAt: rig.clock.now() });
    const readyAt = rig.clock.now();
    rig.pass(10);
    await instance.syncStatus(id, { state_transfer_progress: 100 });
    expect(await replicaOf(instance, id)).toMatchObject({ status: 'ready', readyAt, lastSyncAt: rig.clock.now() });
  });

  it('refuses a body that says nothing, or something impossible', async () => {
    const { instance, id } = await withStandby('syncing');
    for (const body of [{}, { unknown: 1 }, { state_transfer_progress: 101 }, { sync_latency_ms: -1 }])
      expect((await instance.syncStatus(id, body)).status).toBe(400);
    expect((await instance.syncStatus('nobody', { sync_status: 'synced' })).status).toBe(404);
  });
});
