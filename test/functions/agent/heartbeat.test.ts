import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cheaperEnvironment } from '../../../local/fleet/agents/loops.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

describe('heartbeat (A2) of the primary', () => {
  it('records the time', async () => {
    const instance = await rig.primary();
    const now = rig.pass(30);
    expect(await instance.heartbeat()).toMatchObject({ status: 200, body: { success: true } });
    expect(await instance.agentRow()).toMatchObject({ status: 'online', lastHeartbeatAt: now });
    expect(await instance.row()).toMatchObject({ lastSeenAt: now });
  });

  it('of version 3.2 is assigned to the instance named in monitored_instances', async () => {
    const instance = await rig.primary({ version: '3.2.0' });
    const now = rig.pass(30);
    expect((await instance.heartbeat()).status).toBe(200);
    expect((await instance.row()).lastSeenAt).toEqual(now);
  });

  it('with a bare agent id, as agents without handles send it, counts for the primary if it names that', async () => {
    const instance = await rig.primary();
    const handle = instance.handle;
    instance.handle = instance.agentId;
    const now = rig.pass(30);
    expect((await instance.heartbeat()).status).toBe(200);
    expect((await instance.agentRow()).lastHeartbeatAt).toEqual(now);
    instance.handle = handle;
  });

  it('updates type, mode and zone, and keeps the stored value of what is null or missing', async () => {
    const instance = await rig.primary({ mode: 'spot' });
    await instance.request('POST', '/heartbeat', { instance_type: null, az: null, mode: 'spot' });
    expect(await instance.agentRow()).toMatchObject({ instanceType: 'm5.large', currentPoolId: 'm5.large.us-east-1a' });
    await instance.request('POST', '/heartbeat', { mode: 'ondemand', az: 'us-east-1c' });
    expect(await instance.agentRow()).toMatchObject({ currentMode: 'ondemand', currentPoolId: null, az: 'us-east-1c' });
    await instance.request('POST', '/heartbeat', { mode: 'spot', az: 'us-east-1c', instance_type: 'm5.large' });
    expect(await instance.row()).toMatchObject({ currentMode: 'spot', currentPoolId: 'm5.large.us-east-1c' });
  });

  it('warns the tenant on going offline, informs it on coming back, and repeats neither', async () => {
    const instance = await rig.primary();
    for (const status of ['offline', 'offline', 'online', 'online']) {
      rig.pass(30);
      await instance.heartbeat(status);
    }
    const said = (await instance.events()).slice(1);
    expect(said).toMatchObject([
      { eventType: 'agent_offline', severity: 'warning', notify: true },
      { eventType: 'agent_online', severity: 'info', notify: true },
    ]);
  });

  it.each(['disabled', 'error'])('can set the status to %s', async (status) => {
    const instance = await rig.primary();
    await instance.heartbeat(status);
    expect(await instance.agentRow()).toMatchObject({ status });
  });

  it('can report the remaining work, also with a status change; another instance cannot', async () => {
    const instance = await rig.primary();
    const tell = (remaining_work_seconds: unknown, status = 'online') =>
      instance.request('POST', '/heartbeat', { status, remaining_work_seconds });
    const told = async () => {
      const { remainingWorkSeconds, remainingWorkAt } = await instance.agentRow();
      return [remainingWorkSeconds, remainingWorkAt];
    };
    await instance.heartbeat();
    expect(await told()).toEqual([null, null]);
    const first = rig.pass(30);
    expect((await tell(3599.2)).status).toBe(200);
    expect(await told()).toEqual([3600, first]);
    rig.pass(30);
    await instance.heartbeat();
    await tell(null);
    expect(await told()).toEqual([3600, first]);
    const then = rig.pass(30);
    await tell(1800, 'error');
    expect(await told()).toEqual([1800, then]);
    const other = instance.successor();
    await other.register();
    await rig.request('POST', `/api/agents/${instance.agentId}~${other.id}/heartbeat`, {
      token: instance.tenant.token,
      body: { status: 'online', remaining_work_seconds: 5 },
    });
    expect(await told()).toEqual([1800, then]);
    for (const nonsense of [-1, 90 * 86_400 + 1, '3600', Number.NaN.toString(), {}]) {
      const { status, body } = await tell(nonsense);
      expect([status, Object.keys(body.details)]).toEqual([400, ['remaining_work_seconds']]);
    }
    expect(await told()).toEqual([1800, then]);
  });

  it('cannot set the status to deleted', async () => {
    const instance = await rig.primary();
    expect((await instance.heartbeat('deleted')).status).toBe(400);
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
  });

  it('that says online during a switch leaves the agent switching', async () => {
    const instance = await rig.primary();
    await instance.report(0.1, { 'us-east-1b': 0.03 });
    await instance.queueSwitch('m5.large.us-east-1b');
    await instance.pendingCommands();
    await instance.heartbeat();
    expect(await instance.agentRow()).toMatchObject({ status: 'switching' });
  });

  it('that says offline during a switch is the old instance ending, not an outage (defect 20)', async () => {
    const instance = await rig.primary();
    await instance.report(0.1, { 'us-east-1b': 0.03 });
    await instance.queueSwitch('m5.large.us-east-1b');
    await instance.pendingCommands();
    await instance.heartbeat('offline');
    expect(await instance.agentRow()).toMatchObject({ status: 'switching' });
    expect(await instance.events('agent_offline')).toEqual([]);
  });

  it.each([
    [599, 'online'],
    [600, 'offline'],
  ])('offline %i s after a switch, from an instance that is not named, means %s', async (seconds, status) => {
    const old = await rig.primary();
    const next = old.successor();
    await old.switchReport(next);
    rig.pass(seconds);
    const bare = { token: old.tenant.token, body: { status: 'offline', monitored_instances: [] } };
    expect((await rig.request('POST', `/api/agents/${old.agentId}/heartbeat`, bare)).status).toBe(200);
    expect(await old.agentRow()).toMatchObject({ status });
  });
});

describe('heartbeat (A2) of an instance that is not the primary', () => {
  it('leaves status, type, mode and zone of its agent alone', async () => {
    const old = await rig.primary();
    const next = old.successor({ mode: 'spot', az: 'us-east-1b' });
    await old.switchReport(next);
    const before = await old.agentRow();
    rig.pass(30);
    for (const status of ['disabled', 'offline', 'online']) await old.heartbeat(status);
    expect(await old.agentRow()).toEqual(before);
    expect(await old.row()).toMatchObject({ instanceStatus: 'zombie', lastSeenAt: rig.clock.now() });
  });

  it.each([
    'zombie',
    'terminated',
  ] as const)('never brings a %s instance back, however long the primary is silent', async (status) => {
    const old = await rig.primary();
    const next = old.successor();
    await old.switchReport(next, { terminated: status === 'terminated' });
    rig.pass(3600);
    expect((await old.heartbeat()).status).toBe(200);
    expect(await old.instances()).toMatchObject({
      [old.id]: { instanceStatus: status },
      [next.id]: { isPrimary: true },
    });
  });

  it.each([
    [119, false],
    [120, true],
  ])('waiting beside a primary that has been silent for %i s takes over: %s', async (seconds, takesOver) => {
    const primary = await rig.primary();
    const standby = primary.successor({ az: 'us-east-1b', mode: 'spot' });
    await standby.register();
    rig.pass(seconds);
    await standby.heartbeat();
    expect(await primary.instances()).toMatchObject({
      [primary.id]: { instanceStatus: takesOver ? 'zombie' : 'running_primary' },
      [standby.id]: { isPrimary: takesOver },
    });
    expect(await primary.agentRow()).toMatchObject({ epoch: takesOver ? 2 : 1 });
    expect((await primary.events('agent_taken_over')).length).toBe(takesOver ? 1 : 0);
    // From then on, only the handle of the current primary gets full service.
    expect((await standby.config()).body.enabled).toBe(takesOver);
    expect((await primary.config()).body.enabled).toBe(!takesOver);
  });

  it('lets only one of two take over from a silent primary', async () => {
    const primary = await rig.primary();
    const standbys = [primary.successor(), primary.successor()];
    for (const standby of standbys) await standby.register();
    rig.pass(121);
    await Promise.all(standbys.map((standby) => standby.heartbeat()));
    expect(await primary.agentRow()).toMatchObject({ epoch: 2 });
  });

  it('that is unknown changes nothing', async () => {
    const primary = await rig.primary();
    const stranger = primary.successor();
    stranger.handle = `${primary.agentId}~${stranger.id}`;
    const before = await primary.agentRow();
    rig.pass(3600);
    expect((await stranger.heartbeat('offline')).status).toBe(200);
    expect(await primary.agentRow()).toEqual(before);
    expect(Object.keys(await primary.instances())).toEqual([primary.id]);
  });
});

describe('a deleted agent', () => {
  it('is not resurrected by a heartbeat, which gets a 404 (defect 11)', async () => {
    const instance = await rig.primary();
    await instance.set({ status: 'deleted', enabled: false });
    for (const status of ['online', 'disabled', 'offline'])
      expect((await instance.heartbeat(status)).status, status).toBe(404);
    expect(await instance.agentRow()).toMatchObject({ status: 'deleted' });
  });

  it('is told by its config that it is disabled; a 404 would leave it running as before', async () => {
    const instance = await rig.primary();
    await instance.set({ status: 'deleted' });
    expect(await instance.config()).toMatchObject({ status: 200, body: { enabled: false } });
    expect((await instance.pendingCommands()).body).toEqual([]);
  });
});

describe('config (A3)', () => {
  it('gives the primary its settings as numbers and booleans', async () => {
    const instance = await rig.primary();
    await instance.set({ terminateWaitSeconds: 90, minSavingsPercent: '12.50', riskThreshold: '0.25' });
    expect((await instance.config()).body).toEqual({
      enabled: true,
      auto_switch_enabled: true,
      auto_terminate_enabled: true,
      terminate_wait_seconds: 90,
      replica_enabled: false,
      replica_count: 0,
      manual_replica_enabled: false,
      min_savings_percent: 12.5,
      risk_threshold: 0.25,
      max_switches_per_week: 10,
      min_pool_duration_hours: 2,
      config_version: 1,
    });
  });

  it('of an unknown agent is a 404', async () => {
    const instance = rig.instance(await rig.tenant());
    expect((await instance.config()).status).toBe(404);
  });
});

describe('an agent that is started with the variables of docs/deploy.md', () => {
  it('can miss one heartbeat before a second instance or the job takes it for silent', async () => {
    const instance = await rig.primary();
    await instance.heartbeat();
    // And the next one is a few seconds late.
    rig.pass(2 * cheaperEnvironment.HEARTBEAT_INTERVAL + 5);
    const second = instance.successor();
    await second.register();
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'online', instanceId: instance.id });
    expect(await second.row()).toMatchObject({ instanceStatus: 'running_replica' });
  });
});

describe('health job', () => {
  it('leaves an agent silent for 119 s online, and marks one silent for 121 s offline, once', async () => {
    const instance = await rig.primary();
    rig.pass(119);
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
    rig.pass(2);
    await rig.runJob('expire-agents');
    rig.pass(60);
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'offline' });
    expect(await instance.events('agent_marked_offline')).toMatchObject([{ severity: 'warning', notify: true }]);
  });

  it.each(['disabled', 'error'])('marks a silent agent offline even if it is %s', async (status) => {
    const instance = await rig.primary();
    await instance.heartbeat(status);
    rig.pass(121);
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'offline' });
  });
});

describe('other requests of an agent', () => {
  it('cleanup-report (A9) counts what was deleted, including the images’ snapshots', async () => {
    const instance = await rig.primary();
    const timestamp = rig.clock.now().toISOString().replace('Z', '+00:00');
    const body = {
      timestamp,
      snapshots: { type: 'snapshots', deleted: ['snap-1', 'snap-2'], failed: [{ id: 'snap-3', error: 'in use' }] },
      amis: {
        type: 'amis',
        deleted_amis: ['ami-1'],
        deleted_snapshots: ['snap-4'],
        failed: [],
        cutoff_date: timestamp,
      },
    };
    const counts = { deleted_snapshots: 3, deleted_amis: 1, failed_count: 1 };
    expect(await instance.request('POST', '/cleanup-report', body)).toMatchObject({
      status: 200,
      body: { success: true, ...counts },
    });
    await instance.request('POST', '/cleanup-report', body);
    const logs = rig.db.selectFrom('cleanupLogs').selectAll().where('agentId', '=', instance.agentId);
    expect(await logs.execute()).toMatchObject([
      {
        cleanupType: 'full',
        deletedSnapshotsCount: 3,
        deletedAmisCount: 1,
        failedCount: 1,
        cutoffDate: new Date(timestamp),
        executedAt: new Date(timestamp),
      },
    ]);
    expect(await instance.events('cleanup_completed')).toMatchObject([{ severity: 'info', metadata: counts }]);
    expect((await instance.agentRow()).lastCleanupAt).toEqual(new Date(timestamp));
  });

  it('cleanup-report (A9) of a cleanup that failed is recorded as a warning', async () => {
    const instance = await rig.primary();
    const snapshots = { type: 'snapshots', deleted: [], failed: [], error: "can't compare datetimes" };
    expect((await instance.request('POST', '/cleanup-report', { snapshots })).status).toBe(200);
    expect(await instance.events('cleanup_completed')).toMatchObject([{ severity: 'warning' }]);
  });

  it('cleanup-report (A9) of an unknown agent is a 404', async () => {
    const stranger = rig.instance(await rig.tenant());
    expect((await stranger.request('POST', '/cleanup-report', {})).status).toBe(404);
  });

  it('replica-config (A11) says whether to keep a standby, under the field names of both servers', async () => {
    const instance = await rig.primary();
    await instance.set({ replicaEnabled: true });
    await instance.addReplica();
    expect((await instance.request('GET', '/replica-config')).body).toEqual({
      enabled: true,
      count: 1,
      replica_enabled: true,
      replica_count: 1,
      manual_replica_enabled: false,
    });
  });

  it('the agent itself (X1) is a 404 only if unknown or deleted, because a 404 makes it uninstall itself', async () => {
    const instance = await rig.primary();
    for (const values of [{ enabled: false }, { status: 'offline' }, { instanceId: null }] as const) {
      await instance.set(values);
      expect((await instance.request('GET', '')).status).toBe(200);
    }
    expect((await instance.request('GET', '')).body).toMatchObject({ id: instance.agentId, status: 'offline' });
    await instance.set({ status: 'deleted' });
    expect((await instance.request('GET', '')).status).toBe(404);
  });

  it('health (X0) needs no credential, and queries the database at most once in 5 s', async () => {
    rig.pass(5);
    const ask = async () => {
      const { status, body, calls } = await rig.request('GET', '/health');
      return { status, database: (body as { database: string }).database, calls };
    };
    expect(await ask()).toEqual({ status: 200, database: 'connected', calls: 1 });
    rig.pass(4.999);
    expect(await ask()).toEqual({ status: 200, database: 'connected', calls: 0 });
    rig.pass(0.001);
    expect(await ask()).toEqual({ status: 200, database: 'connected', calls: 1 });
  });

  it('health (X0) is a 503 while the database is unavailable', async () => {
    rig.pass(5);
    const repair = rig.faults.inject({ error: 'DatabaseUnavailableException', when: 'before', times: Infinity });
    const answer = await rig.request('GET', '/health');
    repair();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^([5-9]|1[0-5])$/);
  });
});
