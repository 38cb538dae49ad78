import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const allOff = {
  enabled: false,
  auto_switch_enabled: false,
  auto_terminate_enabled: false,
  terminate_wait_seconds: 0,
  replica_enabled: false,
  replica_count: 0,
  manual_replica_enabled: false,
};

describe('register (A1): a new agent', () => {
  it.each([
    ['version 4 without a public address (defect 12)', { version: '4.0.0' }, { public_ip: null }],
    ['version 4 with a public address', { version: '4.0.0' }, { public_ip: '54.1.2.3' }],
    ['version 3.2, which sends neither mode nor addresses', { version: '3.2.0' }, {}],
    ['one that could not ask its instance', { type: 'unknown' }, { mode: 'unknown', ami_id: 'unknown' }],
  ])('of %s registers', async (_, facts, body) => {
    const instance = rig.instance(await rig.tenant(), facts);
    const answer = await instance.register(body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ client_id: instance.tenant.id, config: { enabled: true } });
    expect(answer.body.message).toBeUndefined();
    expect(await instance.row()).toMatchObject({
      instanceStatus: 'running_primary',
      isPrimary: true,
      isActive: true,
      spotPrice: null,
      ondemandPrice: null,
    });
    expect(await instance.agentRow()).toMatchObject({ status: 'online', epoch: 1, instanceId: instance.id });
  });

  it('gets a handle made of agent id and instance id, which every later request uses', async () => {
    const instance = await rig.primary();
    expect(instance.handle).toMatch(/^[0-9a-f-]{36}~i-[0-9a-f]{16}$/);
    expect((await instance.heartbeat()).status).toBe(200);
  });

  it.each([
    [undefined, '0.99900'],
    [99.95, '0.99950'],
    ['none', null],
  ])('has the availability target of its tenant, which was created with %s: %s', async (asked, expected) => {
    const tenant = await rig.tenant({ default_availability_target: asked });
    const instance = await rig.primary({}, tenant);
    expect(await instance.agentRow()).toMatchObject({ availabilityTarget: expected, limitsSet: false });
  });

  it("starts with its tenant's default settings", async () => {
    const tenant = await rig.tenant();
    await rig.db
      .updateTable('clients')
      .set({ defaultAutoSwitchEnabled: false, defaultAutoTerminate: false, defaultTerminateWaitSeconds: 45 })
      .where('id', '=', tenant.id)
      .execute();
    const { body } = await rig.instance(tenant).register();
    expect(body.config).toMatchObject({
      enabled: true,
      auto_switch_enabled: false,
      auto_terminate_enabled: false,
      terminate_wait_seconds: 45,
      min_savings_percent: 15,
      risk_threshold: 0.3,
      max_switches_per_week: 10,
      min_pool_duration_hours: 2,
    });
  });

  it('is announced to its tenant, once', async () => {
    const instance = await rig.primary();
    await instance.register();
    expect(await instance.events()).toMatchObject([{ eventType: 'agent_registered', severity: 'info', notify: true }]);
  });

  it('on spot is in the pool of its type and zone, which is added if it is new', async () => {
    const instance = await rig.primary({ mode: 'spot', type: 'r6g.large', az: 'eu-west-1c', region: 'eu-west-1' });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'spot', currentPoolId: 'r6g.large.eu-west-1c' });
    const pool = rig.db.selectFrom('spotPools').selectAll().where('id', '=', 'r6g.large.eu-west-1c');
    expect(await pool.executeTakeFirst()).toMatchObject({ poolName: 'r6g.large (eu-west-1c)', latestPrice: null });
  });

  it('on demand is in no pool', async () => {
    const instance = await rig.primary({ mode: 'ondemand' });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'ondemand', currentPoolId: null });
  });

  it('of two instances that start together has one primary, and the other waits (defect 10)', async () => {
    const first = rig.instance(await rig.tenant());
    const second = first.successor();
    await Promise.all([first.register(), second.register()]);
    expect(second.agentId).toBe(first.agentId);
    const instances = Object.values(await first.instances());
    expect(instances.map((row) => row.instanceStatus).sort()).toEqual(['running_primary', 'running_replica']);
  });
});

describe('register (A1): refusals', () => {
  it.each([
    'logical_agent_id',
    'instance_id',
    'instance_type',
    'region',
    'az',
  ])('without %s is a 400', async (field) => {
    const answer = await rig.instance(await rig.tenant()).register({ [field]: undefined });
    expect(answer).toMatchObject({ status: 400, body: { error: 'Validation failed' } });
    expect(answer.body.details).toHaveProperty(field);
  });

  it.each([
    ['logical_agent_id', 255],
    ['instance_id', 64],
    ['instance_type', 64],
    ['region', 32],
    ['hostname', 255],
    ['ami_id', 64],
    ['agent_version', 32],
    ['private_ip', 45],
    ['public_ip', 45],
  ])('with a %s longer than %i characters is a 400; exactly as long is accepted', async (field, max) => {
    const instance = rig.instance(await rig.tenant());
    expect((await instance.register({ [field]: 'é'.repeat(max + 1) })).status).toBe(400);
    expect((await instance.register({ [field]: 'é'.repeat(max) })).status).toBe(200);
  });

  it('with a wrong token is a 401; the heartbeat of agent None that follows is a 404', async () => {
    const tenant = await rig.tenant();
    const stranger = rig.instance({ ...tenant, token: 'token-of-nobody' });
    expect(await stranger.register()).toMatchObject({ status: 401, body: { error: 'Invalid client token' } });
    expect(stranger.handle).toBe('None');
    expect((await rig.instance(tenant).heartbeat()).status).toBe(404);
  });

  it('of an instance that another tenant has registered is a 409, and leaves no agent behind', async () => {
    const owner = await rig.primary();
    const other = rig.instance(await rig.tenant(), { instanceId: owner.id });
    expect(await other.register()).toMatchObject({ status: 409, body: { code: 'instance_of_another_client' } });
    const agents = rig.db.selectFrom('agents').select('id').where('clientId', '=', other.tenant.id);
    expect(await agents.execute()).toEqual([]);
    expect(await owner.row()).toMatchObject({ isPrimary: true, agentId: owner.agentId });
  });
});

describe('register (A1): the API at the root of the host', () => {
  it('is reached without a path prefix; with one the response is a 404', async () => {
    const tenant = await rig.tenant();
    const call = { token: tenant.token, body: {} };
    expect((await rig.request('POST', '/api/agents/register', call)).status).toBe(400);
    expect(await rig.request('POST', '/prod/api/agents/register', call)).toMatchObject({
      status: 404,
      body: { error: 'Not found' },
    });
  });
});

describe('register (A1): an instance of a known agent', () => {
  it('that is the primary updates what is known about it and comes back online', async () => {
    const instance = await rig.primary();
    await instance.heartbeat('offline');
    const { body } = await instance.register({ hostname: 'new-host', agent_version: '4.0.1' });
    expect(body.config.enabled).toBe(true);
    expect(await instance.agentRow()).toMatchObject({
      status: 'online',
      hostname: 'new-host',
      agentVersion: '4.0.1',
      epoch: 1,
    });
  });

  it('that does not know its mode keeps the stored one', async () => {
    const instance = await rig.primary({ mode: 'spot' });
    await instance.register({ mode: 'unknown' });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'spot', currentPoolId: 'm5.large.us-east-1a' });
    expect(await instance.row()).toMatchObject({ currentMode: 'spot', currentPoolId: 'm5.large.us-east-1a' });
  });

  it('that is new replaces a silent primary, which becomes a zombie', async () => {
    const old = await rig.primary();
    const next = old.successor();
    rig.pass(91);
    expect((await next.register()).body).not.toHaveProperty('message');
    expect(next.agentId).toBe(old.agentId);
    expect(await old.instances()).toMatchObject({
      [old.id]: { instanceStatus: 'zombie', isPrimary: false, isActive: false, zombieAt: rig.clock.now() },
      [next.id]: { instanceStatus: 'running_primary', isPrimary: true },
    });
    expect(await old.agentRow()).toMatchObject({ instanceId: next.id, epoch: 2 });
  });

  it('that replaces another updates the agent’s hostname, addresses and version', async () => {
    const old = await rig.primary();
    rig.pass(91);
    await old.successor({ version: '3.2.0' }).register({ hostname: 'next', private_ip: '10.0.0.2' });
    expect(await old.agentRow()).toMatchObject({
      hostname: 'next',
      privateIp: '10.0.0.2',
      publicIp: null,
      agentVersion: '3.2.0',
    });
  });

  it('that is new waits beside a primary heard from within 90 s, and its tenant is warned', async () => {
    const old = await rig.primary();
    const second = old.successor();
    rig.pass(90);
    const { body } = await second.register();
    expect(body.config).toMatchObject(allOff);
    expect(body.message).toContain(old.id);
    expect(await old.instances()).toMatchObject({
      [old.id]: { isPrimary: true },
      [second.id]: { instanceStatus: 'running_replica', isPrimary: false },
    });
    expect(await old.events('agent_second_instance')).toMatchObject([{ severity: 'warning', notify: true }]);
    expect((await second.pendingCommands()).body).toEqual([]);
    expect((await second.config()).body).toMatchObject(allOff);
  });

  it.each([
    'zombie',
    'terminated',
    'running_replica',
  ] as const)('that is %s changes nothing and is told to do nothing', async (instanceStatus) => {
    const primary = await rig.primary();
    const other = primary.successor();
    await other.register();
    await rig.db
      .updateTable('instances')
      .set({ instanceStatus, isActive: instanceStatus === 'running_replica' })
      .where('id', '=', other.id)
      .execute();
    const before = await primary.agentRow();
    rig.pass(300);
    const { status, body } = await other.register();
    expect(status).toBe(200);
    expect(body.config).toMatchObject(allOff);
    expect(body.message).toBeTruthy();
    expect({ ...(await primary.agentRow()), version: before.version }).toEqual(before);
    expect(await other.row()).toMatchObject({ instanceStatus, isPrimary: false });
  });

  it('that was deleted is online again but stays disabled until a user enables it', async () => {
    const instance = await rig.primary();
    await instance.set({ status: 'deleted', enabled: false });
    const { body } = await instance.register();
    expect(body.config.enabled).toBe(false);
    expect(await instance.agentRow()).toMatchObject({ status: 'online', enabled: false });
  });

  it('that registers under another logical id of the same tenant leaves the agent that had it', async () => {
    const first = await rig.primary();
    const second = rig.instance(first.tenant, { instanceId: first.id });
    await second.register();
    expect(second.agentId).not.toBe(first.agentId);
    expect(await second.row()).toMatchObject({ agentId: second.agentId, isPrimary: true });
    expect(await first.agentRow()).toMatchObject({ instanceId: null, status: 'offline' });
  });

  it('that registers under another logical id leaves the work that it has not done', async () => {
    const first = await rig.primary();
    await first.set({ restartOverheadSeconds: 600 });
    rig.pass(3600);
    await first.request('POST', '/heartbeat', { status: 'online', remaining_work_seconds: 3600 });
    rig.pass(1800);
    await first.heartbeat();
    await rig.instance(first.tenant, { instanceId: first.id }).register();
    expect(await first.agentRow()).toMatchObject({ instanceId: null, remainingWorkSeconds: 1800 });
  });
});

describe('what the database refuses', () => {
  const refused = { errno: 1062 };

  it('is a second primary of an agent', async () => {
    const instance = await rig.primary();
    const second = instance.successor();
    await second.register();
    const promote = rig.db
      .updateTable('instances')
      .set({ isPrimary: true, instanceStatus: 'running_primary' })
      .where('id', '=', second.id);
    await expect(promote.execute()).rejects.toMatchObject(refused);
  });

  it.each(['zombie', 'terminated', 'running_replica'] as const)('is a primary that is %s', async (instanceStatus) => {
    const instance = await rig.primary();
    const change = rig.db.updateTable('instances').set({ instanceStatus }).where('id', '=', instance.id);
    await expect(change.execute()).rejects.toThrow(/ck_instances_(primary_runs|gone_is_inactive)/);
  });

  it('is an active zombie', async () => {
    const instance = await rig.primary();
    const change = rig.db
      .updateTable('instances')
      .set({ instanceStatus: 'zombie', isPrimary: false })
      .where('id', '=', instance.id);
    await expect(change.execute()).rejects.toThrow('ck_instances_gone_is_inactive');
  });

  it('is an agent with both auto-switch and manual replicas on', async () => {
    const instance = await rig.primary();
    await expect(instance.set({ manualReplicaEnabled: true, autoSwitchEnabled: true })).rejects.toThrow(
      'ck_agents_one_mode',
    );
  });

  it.each([
    ['manual', 'manual', refused],
    ['automatic-rebalance', 'automatic-termination', refused],
    ['manual', 'automatic-rebalance', undefined],
  ])('is an active %s replica beside an active %s one, unless they differ in kind', async (first, second, error) => {
    const instance = await rig.primary();
    const insert = (replicaType: string, id: string) =>
      rig.db
        .insertInto('replicaInstances')
        .values({
          id: `${instance.id}-${id}`,
          clientId: instance.tenant.id,
          agentId: instance.agentId,
          replicaType,
          poolId: 'm5.large.us-east-1b',
          instanceType: 'm5.large',
          region: 'us-east-1',
          az: 'us-east-1b',
          status: 'launching',
          createdAt: rig.clock.now(),
        })
        .execute();
    await insert(first, '1');
    if (error) await expect(insert(second, '2')).rejects.toMatchObject(error);
    else await insert(second, '2');
    await rig.db
      .updateTable('replicaInstances')
      .set({ status: 'terminated' })
      .where('id', '=', `${instance.id}-1`)
      .execute();
    await insert(first, '3'); // a terminated one makes room
  });
});
