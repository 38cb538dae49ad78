import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pool = 'm5.large.us-east-1b';
const spot = { mode: 'spot', az: 'us-east-1b' } as const;
const at = (seconds: number) => new Date(rig.clock.now().getTime() + seconds * 1000);

/** A primary that was told to switch to a spot pool, and the instance it launches for that. */
async function told(facts = {}, wait = 300) {
  const old = await rig.primary(facts);
  await old.set({ terminateWaitSeconds: wait });
  await old.report(0.096, { 'us-east-1b': 0.03 });
  await old.queueSwitch(pool);
  const { body } = await old.pendingCommands();
  return { old, next: old.successor(spot), commandId: body[0].id as string };
}

/** A finished switch: the zombie and the new primary. */
async function switched(facts = {}) {
  const old = await rig.primary(facts);
  const next = old.successor(spot);
  await old.switchReport(next);
  next.handle = `${old.agentId}~${next.id}`;
  return { old, next };
}

describe('switch-report (A7)', () => {
  it('makes the old instance a zombie and the new one the primary, and records the switch (defect 7)', async () => {
    const { old, next, commandId } = await told();
    await next.register();
    rig.pass(45);
    const report = { prices: { on_demand: 0.096, new_spot: 0.031 }, trigger: 'manual' };
    expect(await old.switchReport(next, report)).toMatchObject({ status: 200, body: { success: true } });
    await old.executed(commandId);
    expect(await old.instances()).toMatchObject({
      [old.id]: { instanceStatus: 'zombie', isPrimary: false, isActive: false },
      [next.id]: {
        instanceStatus: 'running_primary',
        isPrimary: true,
        isActive: true,
        currentMode: 'spot',
        currentPoolId: pool,
        lastSwitchAt: rig.clock.now(),
      },
    });
    expect(await old.switches()).toMatchObject([
      {
        clientId: old.tenant.id,
        commandId,
        oldInstanceId: old.id,
        newInstanceId: next.id,
        oldMode: 'ondemand',
        newMode: 'spot',
        newPoolId: pool,
        ondemandPrice: '0.096000',
        newSpotPrice: '0.031000',
        savingsImpact: '0.065000',
        eventTrigger: 'manual',
        triggerType: 'manual',
        initiatedAt: at(-40),
        instanceLaunchedAt: at(-38),
        instanceReadyAt: at(-3),
        trafficSwitchedAt: at(-3),
        oldTerminatedAt: null,
        totalDurationSeconds: 37,
        downtimeSeconds: 0,
        inferred: false,
      },
    ]);
    expect(await old.agentRow()).toMatchObject({
      status: 'online',
      instanceId: next.id,
      az: 'us-east-1b',
      currentMode: 'spot',
      currentPoolId: pool,
      lastSwitchAt: rig.clock.now(),
    });
    expect(await old.commands()).toMatchObject([{ status: 'completed', success: true, newInstanceId: next.id }]);
    expect(await old.events('switch_completed')).toMatchObject([
      { severity: 'info', notify: true, message: expect.stringContaining('$0.0650 an hour') },
    ]);
  });

  it.each([
    ['from spot to spot', 'spot', 'spot', { old_spot: 0.05, new_spot: 0.03 }, '0.020000'],
    ['from spot to on-demand, which costs more', 'spot', 'ondemand', { old_spot: 0.05 }, '-0.046000'],
    ['from on-demand to spot', 'ondemand', 'spot', { new_spot: 0.03 }, '0.066000'],
    ['with a price that is not known, which is not nothing', 'spot', 'spot', { old_spot: 0.05 }, null],
  ] as const)('%s saves the difference between the hourly prices', async (_, from, to, prices, savingsImpact) => {
    const old = await rig.primary({ mode: from });
    await old.switchReport(old.successor({ mode: to, az: 'us-east-1b' }), { prices });
    expect(await old.switches()).toMatchObject([{ savingsImpact }]);
  });

  it('with a termination time of the old instance marks that as terminated', async () => {
    const old = await rig.primary();
    await old.switchReport(old.successor(spot), { terminated: true });
    expect(await old.row()).toMatchObject({ instanceStatus: 'terminated', terminatedAt: rig.clock.now() });
    expect(await old.switches()).toMatchObject([{ oldTerminatedAt: rig.clock.now() }]);
  });

  it('with the alternative key names means the same', async () => {
    const old = await rig.primary();
    const next = old.successor(spot);
    await old.switchReport(next, {
      prices: null,
      pricing: { on_demand: 0.096, new_spot: 0.03 },
      timing: {
        initiated_at: at(-40).toISOString().replace('Z', '+00:00'),
        ami_created_at: at(-39).toISOString(),
        instance_launched_at: at(-38).toISOString(),
        instance_ready_at: at(-3).toISOString(),
        old_terminated_at: at(0).toISOString(),
      },
      command_id: 'c-1',
    });
    expect(await old.switches()).toMatchObject([
      {
        commandId: 'c-1',
        savingsImpact: '0.066000',
        initiatedAt: at(-40),
        amiCreatedAt: at(-39),
        instanceLaunchedAt: at(-38),
        instanceReadyAt: at(-3),
        oldTerminatedAt: at(0),
      },
    ]);
  });

  it('of version 3.2 is accepted without a launch time, with nulls and with the snapshot it used', async () => {
    const old = await rig.primary({ version: '3.2.0' });
    await old.switchReport(old.successor(spot), {
      snapshot: { used: true, snapshot_id: 'snap-1', volume_id: 'vol-1' },
      timing: {
        switch_initiated_at: at(-40).toISOString(),
        new_instance_ready_at: at(-3).toISOString(),
        traffic_switched_at: at(-3).toISOString(),
        old_instance_terminated_at: null,
      },
    });
    expect(await old.switches()).toMatchObject([
      { snapshotUsed: true, snapshotId: 'snap-1', volumeId: 'vol-1', initiatedAt: at(-40), oldTerminatedAt: null },
    ]);
    expect(await old.row()).toMatchObject({ instanceStatus: 'zombie' });
  });

  it.each([
    ['cannot be read', 'last tuesday'],
    ['is more than a day in the future', '2031-01-01T00:00:00Z'],
  ])('uses server time for one that %s, and keeps the original value', async (_, claimed) => {
    const old = await rig.primary();
    await old.switchReport(old.successor(spot), { timing: { switch_initiated_at: claimed } });
    const [row] = await old.switches();
    expect(row!.initiatedAt).toEqual(rig.clock.now());
    expect(JSON.stringify(row!.timingData)).toContain(claimed);
  });

  it('that is repeated changes nothing and records no event', async () => {
    const { old, next } = await switched();
    const before = { agent: await old.agentRow(), instances: await old.instances(), switches: await old.switches() };
    rig.pass(10);
    expect((await old.switchReport(next)).status).toBe(200);
    expect(await old.agentRow()).toEqual(before.agent);
    expect(await old.instances()).toEqual(before.instances);
    expect(await old.switches()).toEqual(before.switches);
    expect(await old.events('switch_completed')).toHaveLength(1);
  });

  it('of a replaced instance is believed: its new instance takes the place of the current primary', async () => {
    const { old: first, next: second } = await switched();
    rig.pass(60);
    const third = first.successor();
    expect((await first.switchReport(third)).status).toBe(200);
    expect(await first.instances()).toMatchObject({
      [first.id]: { instanceStatus: 'zombie' },
      [second.id]: { instanceStatus: 'zombie' },
      [third.id]: { isPrimary: true },
    });
  });

  it('of the switch in progress is believed, however far the reporter’s clock is behind', async () => {
    const { next: instance } = await switched();
    rig.pass(60);
    await instance.queueSwitch(null);
    expect((await instance.pendingCommands()).body).toHaveLength(1);
    const after = instance.successor({ mode: 'ondemand' });
    await instance.switchReport(after, { timing: { switch_initiated_at: at(-445).toISOString() } });
    expect((await instance.agentRow()).instanceId).toBe(after.id);
    expect((await after.row()).instanceStatus).toBe('running_primary');
  });

  it('of a switch that a later one has overtaken makes its new instance a zombie', async () => {
    const first = await rig.primary();
    const second = first.successor();
    const third = first.successor();
    rig.pass(600);
    await first.switchReport(third);
    const early = { timing: { switch_initiated_at: at(-300).toISOString() } };
    expect((await first.switchReport(second, early)).status).toBe(200);
    expect(await first.instances()).toMatchObject({
      [second.id]: { instanceStatus: 'zombie', isPrimary: false },
      [third.id]: { isPrimary: true },
    });
    expect(await first.switches()).toHaveLength(2);
  });

  it('never revives a terminated instance', async () => {
    const { old, next } = await switched();
    await next.switchReport(old.successor(), { terminated: true });
    rig.pass(60);
    await old.switchReport(next, { old_instance: { instance_id: 'i-somebody' } });
    expect(await next.row()).toMatchObject({ instanceStatus: 'terminated', isPrimary: false });
  });

  it('raises the epoch once', async () => {
    const { old, next } = await told();
    await next.register();
    await old.switchReport(next);
    expect(await old.agentRow()).toMatchObject({ epoch: 2 });
  });

  it.each([
    {},
    { new_instance: {} },
    { new_instance: { instance_id: '' } },
    { new_instance: null },
  ])('without the new instance is a 400: %j', async (body) => {
    const old = await rig.primary();
    expect((await old.request('POST', '/switch-report', body)).status).toBe(400);
  });

  it.each([
    true,
    false,
  ])('that names an instance of another agent (of the same tenant: %s) changes nothing', async (same) => {
    const old = await rig.primary();
    const other = await rig.primary({}, same ? old.tenant : undefined);
    expect((await old.switchReport(other)).status).toBe(409);
    expect(await old.row()).toMatchObject({ isPrimary: true });
    expect(await other.row()).toMatchObject({ isPrimary: true, agentId: other.agentId });
    expect(await old.switches()).toEqual([]);
  });
});

describe('inferred switches (9.6)', () => {
  it('complete a switch whose old instance was gone before it could report, without an alarm', async () => {
    const { old, next, commandId } = await told({ version: '3.2.0' }, 20);
    rig.pass(30);
    await next.register();
    await old.heartbeat('offline'); // the last heartbeat of an instance that terminates itself
    await next.report(0.096, { 'us-east-1b': 0.03 });
    for (let minute = 0; minute < 16; minute += 1) {
      rig.pass(60);
      await next.heartbeat();
      await rig.runJob('expire-agents');
      await rig.runJob('sweep-commands');
    }
    expect(await old.commands()).toMatchObject([{ id: commandId, status: 'completed', success: true, inferred: true }]);
    expect(await old.switches()).toMatchObject([
      {
        commandId,
        oldInstanceId: old.id,
        newInstanceId: next.id,
        ondemandPrice: '0.096000',
        newSpotPrice: '0.030000',
        savingsImpact: '0.066000',
        triggerType: 'manual',
        inferred: true,
      },
    ]);
    expect((await old.events()).filter((event) => event.severity !== 'info')).toEqual([]);
    expect(await old.agentRow()).toMatchObject({ status: 'online', instanceId: next.id });
    expect(await old.row()).toMatchObject({ instanceStatus: 'zombie' });
  });

  it('bind an instance that registers with the requested mode and zone, even while the old one is alive', async () => {
    const { old, next } = await told();
    await old.heartbeat();
    expect((await next.register()).body.config.enabled).toBe(true);
    expect(await old.commands()).toMatchObject([{ status: 'dispatched', newInstanceId: next.id }]);
    expect(await old.instances()).toMatchObject({
      [old.id]: { instanceStatus: 'zombie' },
      [next.id]: { isPrimary: true },
    });
  });

  it('bind an instance of version 3.2, which does not report its mode, as the requested one', async () => {
    const { old, next } = await told({ version: '3.2.0' });
    await next.register();
    expect(await old.commands()).toMatchObject([{ newInstanceId: next.id }]);
    expect(await old.agentRow()).toMatchObject({ currentMode: 'spot', currentPoolId: pool });
  });

  it.each([
    ['mode', { mode: 'ondemand', az: 'us-east-1b' }],
    ['zone', { mode: 'spot', az: 'us-east-1c' }],
  ] as const)('do not bind an instance of another %s', async (_, facts) => {
    const { old } = await told();
    await old.heartbeat();
    const stranger = old.successor(facts);
    expect((await stranger.register()).body.config.enabled).toBe(false);
    expect(await old.commands()).toMatchObject([{ newInstanceId: null }]);
    expect(await old.row()).toMatchObject({ isPrimary: true });
  });

  it('are replaced by the agent’s own report when that arrives late', async () => {
    const { old, next } = await told();
    await next.register();
    rig.pass(1200);
    await rig.runJob('sweep-commands');
    expect(await old.switches()).toMatchObject([{ inferred: true }]);
    await old.switchReport(next, { prices: { on_demand: 0.096, new_spot: 0.028 } });
    expect(await old.switches()).toMatchObject([{ inferred: false, savingsImpact: '0.068000' }]);
  });
});

describe('deferred termination (9.8) and instances-to-terminate (X3)', () => {
  const listed = async (instance: TestInstance) =>
    (await instance.instancesToTerminate()).body.instances.map((i: { instance_id: string }) => i.instance_id);

  it('lists a zombie to itself when its wait is over, and to the primary two minutes later', async () => {
    const { old, next } = await switched();
    const seen: Record<number, [unknown, unknown]> = {};
    let passed = 0;
    for (const seconds of [299, 300, 419, 420]) {
      rig.pass(seconds - passed);
      passed = seconds;
      seen[seconds] = [await listed(old), await listed(next)];
    }
    expect(seen).toEqual({
      299: [[], []],
      300: [[old.id], []],
      419: [[old.id], []],
      420: [[old.id], [old.id]],
    });
  });

  it('gives the reason, the time waited and the settings', async () => {
    const { old } = await switched();
    rig.pass(310);
    expect((await old.instancesToTerminate()).body).toEqual({
      instances: [
        {
          instance_id: old.id,
          instance_type: 'm5.large',
          az: 'us-east-1a',
          reason: 'zombie_timeout',
          seconds_waiting: 310,
        },
      ],
      auto_terminate_enabled: true,
      terminate_wait_seconds: 300,
    });
  });

  it('counts the wait from when the instance became a zombie, whatever it reports meanwhile (defect 16)', async () => {
    const { old } = await switched();
    for (let i = 0; i < 10; i += 1) {
      rig.pass(30);
      await old.heartbeat();
      await old.report(0.1, { 'us-east-1a': 0.05 });
    }
    expect(await listed(old)).toEqual([old.id]);
  });

  it('lists nothing when auto-terminate is off, and says that it is', async () => {
    const { old, next } = await switched();
    await old.set({ autoTerminateEnabled: false });
    rig.pass(3600);
    for (const instance of [old, next])
      expect((await instance.instancesToTerminate()).body).toMatchObject({
        instances: [],
        auto_terminate_enabled: false,
      });
  });

  it('never lists the primary, or another agent’s instance (defect 1)', async () => {
    const { old, next } = await switched();
    const other = await rig.primary({}, old.tenant);
    const foreign = await rig.primary();
    rig.pass(3600);
    expect(await listed(next)).toEqual([old.id]);
    expect(await listed(other)).toEqual([]);
    expect(await listed(foreign)).toEqual([]);
  });

  it('lists replicas that were terminated but not confirmed gone', async () => {
    const primary = await rig.primary();
    const replica = primary.successor();
    await replica.register();
    await rig.db
      .updateTable('instances')
      .set({ instanceStatus: 'terminated', isActive: false, terminatedAt: rig.clock.now() })
      .where('id', '=', replica.id)
      .execute();
    const { body } = await primary.instancesToTerminate();
    expect(body.instances).toMatchObject([{ instance_id: replica.id, reason: 'replica_terminated' }]);
  });

  it('never lists an instance again once it is confirmed gone', async () => {
    const { old, next } = await switched();
    rig.pass(600);
    expect(await old.terminationReport(old.id)).toMatchObject({ status: 200, body: { success: true } });
    rig.pass(3600);
    expect([await listed(old), await listed(next)]).toEqual([[], []]);
    expect(await old.row()).toMatchObject({
      instanceStatus: 'terminated',
      terminationConfirmed: true,
      isActive: false,
    });
    expect(await old.events('instance_terminated')).toHaveLength(1);
  });

  it('leaves five minutes between two attempts', async () => {
    const { old } = await switched();
    rig.pass(600);
    await old.terminationReport(old.id, false);
    rig.pass(299);
    expect(await listed(old)).toEqual([]);
    rig.pass(1);
    expect(await listed(old)).toEqual([old.id]);
    expect(await old.events('instance_termination_failed')).toMatchObject([{ severity: 'warning', notify: false }]);
  });

  it('gives up after twelve attempts, and warns once that the instance may still cost money', async () => {
    const { old, next } = await switched();
    for (let i = 0; i < 12; i += 1) {
      rig.pass(600);
      expect(await listed(next), `try ${i + 1}`).toEqual([old.id]);
      await next.terminationReport(old.id, false);
    }
    rig.pass(3600);
    expect(await listed(next)).toEqual([]);
    const failures = await old.events('instance_termination_failed');
    expect(failures).toHaveLength(12);
    expect(failures.filter((event) => event.notify)).toMatchObject([{ severity: 'error' }]);
  });
});

describe('termination-report (X4)', () => {
  it.each([true, false])('of another agent’s instance (of the same tenant: %s) is a 404', async (same) => {
    const instance = await rig.primary();
    const { old } = await switched();
    const reporter = same ? await rig.primary({}, old.tenant) : instance;
    expect(await reporter.terminationReport(old.id)).toMatchObject({ status: 404 });
    expect(await old.row()).toMatchObject({ instanceStatus: 'zombie', terminationAttempts: 0 });
  });

  it('never ends the primary', async () => {
    const { old, next } = await switched();
    expect((await old.terminationReport(next.id)).status).toBe(200);
    expect(await next.row()).toMatchObject({ isPrimary: true, terminationConfirmed: false });
  });

  it('that is repeated changes nothing, not even if it then reports a failure', async () => {
    const { old } = await switched();
    await old.terminationReport(old.id);
    const row = await old.row();
    rig.pass(60);
    await old.terminationReport(old.id);
    await old.terminationReport(old.id, false);
    expect(await old.row()).toEqual(row);
  });

  it('without an instance is a 400', async () => {
    const instance = await rig.primary();
    expect((await instance.request('POST', '/termination-report', { success: true })).status).toBe(400);
  });
});

describe('termination (A8) and uninstall (X5)', () => {
  it('take the agent offline and mark the named instance as terminated', async () => {
    const instance = await rig.primary();
    const body = { reason: 'scaled in', instance_id: instance.id };
    expect(await instance.request('POST', '/termination', body)).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(await instance.agentRow()).toMatchObject({ status: 'offline', terminatedAt: rig.clock.now() });
    expect(await instance.row()).toMatchObject({ instanceStatus: 'terminated', isPrimary: false, isActive: false });
    expect(await instance.events('instance_terminated')).toMatchObject([
      { severity: 'warning', notify: true, message: expect.stringContaining('scaled in') },
    ]);
  });

  it('without a named instance leave the primary as it is; the next registration brings the agent back', async () => {
    const instance = await rig.primary();
    await instance.request('POST', '/termination');
    expect(await instance.row()).toMatchObject({ isPrimary: true });
    await instance.register();
    expect(await instance.agentRow()).toMatchObject({ status: 'online', terminatedAt: null });
  });

  it('of an instance that is not the primary do not take the agent offline', async () => {
    const { old, next } = await switched();
    await old.request('POST', '/termination', { instance_id: next.id });
    expect(await old.agentRow()).toMatchObject({ status: 'online', instanceId: next.id });
  });

  it('by uninstall take the agent of the named primary offline', async () => {
    const instance = await rig.primary();
    const body = { instance_id: instance.id, reason: 'user' };
    expect((await rig.request('POST', '/api/agents/uninstall', { token: instance.tenant.token, body })).status).toBe(
      200,
    );
    expect(await instance.agentRow()).toMatchObject({ status: 'offline' });
    expect(await instance.events('agent_uninstalled')).toHaveLength(1);
  });

  it.each([
    ['an instance nobody knows', 'i-nobody'],
    ['no instance', undefined],
  ])('by uninstall of %s are a 200 all the same', async (_, instance_id) => {
    const { token } = await rig.tenant();
    expect((await rig.request('POST', '/api/agents/uninstall', { token, body: { instance_id } })).status).toBe(200);
  });

  it('by uninstall of another tenant’s instance change nothing', async () => {
    const instance = await rig.primary();
    const { token } = await rig.tenant();
    const body = { instance_id: instance.id };
    expect((await rig.request('POST', '/api/agents/uninstall', { token, body })).status).toBe(200);
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
  });
});
