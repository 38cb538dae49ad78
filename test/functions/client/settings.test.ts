import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentSettings, settingChanges } from '../../../functions/core/agent/settings.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import fc from '../../support/fast-check.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

let types = 0;
/** A primary on Spot whose pools have prices. */
async function primary(facts = {}): Promise<TestInstance> {
  const instance = await rig.primary({ type: `s${++types}.large`, mode: 'spot', ...facts }, tenant);
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  return instance;
}

const post = (agent: TestInstance, what: string, body: unknown) =>
  rig.request('POST', `/api/client/agents/${agent.agentId}/${what}`, { token: agent.tenant.token, body });
const configure = (agent: TestInstance, body: unknown) => post(agent, 'config', body);

/** What the console's form sends: all four settings, whichever was changed. */
const form = {
  terminateWaitMinutes: 5,
  autoSwitchEnabled: true,
  manualReplicaEnabled: false,
  autoTerminateEnabled: true,
};
const manual = { ...form, autoSwitchEnabled: false, manualReplicaEnabled: true };

describe('enabling and disabling an agent (C5)', () => {
  it('changes the agent’s config, and disabling cancels commands that were not fetched', async () => {
    const agent = await primary();
    await agent.queueSwitch(`${agent.facts.type}.us-east-1b`);
    const off = await post(agent, 'toggle-enabled', { enabled: false });
    expect(off).toMatchObject({ status: 200, body: { success: true, enabled: false } });
    expect(await agent.commands()).toMatchObject([{ status: 'cancelled', message: 'the agent was disabled' }]);
    expect((await agent.config()).body).toMatchObject({ enabled: false, config_version: 2 });
    expect(await agent.events('agent_toggled')).toMatchObject([{ message: expect.stringContaining('agent: off') }]);
    await post(agent, 'toggle-enabled', { enabled: true });
    expect((await agent.config()).body).toMatchObject({ enabled: true, config_version: 3 });
  });

  it('defect: a missing field meant "disabled" in one place and "enabled" in another; it is a 400', async () => {
    const answer = await post(await primary(), 'toggle-enabled', {});
    expect(answer).toMatchObject({ status: 400, body: { details: { enabled: [expect.any(String)] } } });
  });

  it('does not bring a deleted agent back', async () => {
    const agent = await primary();
    await agent.set({ status: 'deleted' });
    expect(await post(agent, 'toggle-enabled', { enabled: true })).toMatchObject({
      status: 409,
      body: { code: 'agent_deleted' },
    });
  });
});

describe('the settings of an agent (C7)', () => {
  it('are stored, in either spelling, and raise config_version by one', async () => {
    const agent = await primary();
    const answer = await configure(agent, {
      terminate_wait_minutes: 7,
      auto_terminate_enabled: false,
      minSavingsPercent: 20.5,
      risk_threshold: 0.25,
      max_switches_per_week: 4,
      maxSwitchesPerDay: 1,
      min_pool_duration_hours: 6,
    });
    expect(answer).toMatchObject({ status: 200, body: { auto_switch_enabled: true, manual_replica_enabled: false } });
    expect(await agent.agentRow()).toMatchObject({
      terminateWaitSeconds: 420,
      autoTerminateEnabled: false,
      minSavingsPercent: '20.50',
      riskThreshold: '0.25',
      maxSwitchesPerWeek: 4,
      maxSwitchesPerDay: 1,
      minPoolDurationHours: 6,
      configVersion: 2,
    });
    expect(await agent.events('agent_config_updated')).toHaveLength(1);
  });

  it('change nothing when sent again unchanged', async () => {
    const agent = await primary();
    await configure(agent, { ...form, min_savings_percent: 15, risk_threshold: 0.3 });
    expect((await agent.agentRow()).configVersion).toBe(1);
    expect(await agent.events('agent_config_updated')).toEqual([]);
  });

  it('have a wait of at least a minute: to prevent termination, auto-terminate has to be off', async () => {
    const agent = await primary();
    await configure(agent, { ...form, terminateWaitMinutes: 0 });
    expect((await agent.agentRow()).terminateWaitSeconds).toBe(60);
  });

  it.each([
    [{ terminateWaitMinutes: -1 }, 'terminateWaitMinutes'],
    [{ terminateWaitMinutes: 1441 }, 'terminateWaitMinutes'],
    [{ terminateWaitMinutes: 1.5 }, 'terminateWaitMinutes'],
    [{ min_savings_percent: 100.1 }, 'min_savings_percent'],
    [{ riskThreshold: 1.01 }, 'riskThreshold'],
    [{ max_switches_per_week: 101 }, 'max_switches_per_week'],
    [{ min_pool_duration_hours: 169 }, 'min_pool_duration_hours'],
    [{ autoSwitchEnabled: 'yes' }, 'autoSwitchEnabled'],
    [{ availability_target: 99.5 }, 'availability_target'],
    [{ availability_form: 'month' }, 'availability_form'],
    [{ deadline: 'tomorrow' }, 'deadline'],
    [{ deadline: '2027-03-02T14:00:00' }, 'deadline'],
    [{ remaining_work_seconds: -1 }, 'remaining_work_seconds'],
    [{ remainingWorkSeconds: 90 * 86_400 + 1 }, 'remainingWorkSeconds'],
    [{ restart_overhead_seconds: 14_401 }, 'restart_overhead_seconds'],
    [{ disruption_windows: { time_zone: 'Mars/Olympus', windows: [] } }, 'disruption_windows.time_zone'],
    [
      { disruption_windows: { windows: [{ days: ['mon'], from: '24:00', to: '04:00' }] } },
      'disruption_windows.windows.0.from',
    ],
    [{ ...form, manualReplicaEnabled: true }, 'manualReplicaEnabled'],
    [{}, 'body'],
    [{ nothing_we_know: 1 }, 'body'],
  ])('are refused as %j, which changes nothing', async (body, field) => {
    const agent = await primary();
    const before = await agent.agentRow();
    const answer = await configure(agent, body);
    expect(answer).toMatchObject({ status: 400, body: { details: { [field]: [expect.any(String)] } } });
    expect(await agent.agentRow()).toEqual(before);
  });

  it('have an availability target and disruption windows; C21 shows the next five windows', async () => {
    const agent = await primary();
    const windows = [{ days: ['sat', 'sun'], from: '22:00', to: '04:00' }];
    await configure(agent, {
      availability_target: 99.95,
      availabilityForm: 'rolling',
      disruption_windows: { time_zone: 'Europe/Berlin', windows },
    });
    const row = await agent.agentRow();
    expect(row).toMatchObject({
      availabilityTarget: '0.99950',
      availabilityForm: 'rolling',
      limitsSet: false,
      configVersion: 2,
    });
    const shown = await rig.request('GET', `/api/client/agents/${agent.agentId}`, { token: tenant.token });
    expect(shown.body).toMatchObject({
      availabilityTarget: 99.95,
      availabilityForm: 'rolling',
      disruptionWindows: { timeZone: 'Europe/Berlin', windows },
    });
    expect(shown.body.nextDisruptionWindows).toHaveLength(5);
    // Sending the same values again changes nothing.
    await configure(agent, { availabilityTarget: 99.95, disruptionWindows: { timeZone: 'Europe/Berlin', windows } });
    expect((await agent.agentRow()).configVersion).toBe(2);
    await configure(agent, { availabilityTarget: 'none', disruption_windows: { windows: [] } });
    expect(await agent.agentRow()).toMatchObject({
      availabilityTarget: null,
      disruptionWindows: null,
      configVersion: 3,
    });
  });

  it('have a job’s remaining work and deadline; C21 shows how much work is left', async () => {
    const agent = await primary();
    const deadline = new Date(rig.clock.now().getTime() + 20 * 3_600_000).toISOString();
    await configure(agent, { deadline, remaining_work_seconds: 36_000, restartOverheadSeconds: 300 });
    expect(await agent.agentRow()).toMatchObject({
      deadline: new Date(deadline),
      remainingWorkSeconds: 36_000,
      remainingWorkAt: rig.clock.now(),
      restartOverheadSeconds: 300,
      limitsSet: false,
      configVersion: 2,
    });
    rig.pass(600);
    await agent.heartbeat();
    const shown = await rig.request('GET', `/api/client/agents/${agent.agentId}`, { token: tenant.token });
    // The instance had just registered, so the first 300 s were restart overhead.
    expect(shown.body).toMatchObject({ deadline, remainingWorkSeconds: 35_700, restartOverheadSeconds: 300 });
    await configure(agent, { deadline, restart_overhead_seconds: 300 });
    expect((await agent.agentRow()).configVersion).toBe(2);
    await configure(agent, { deadline: 'none' });
    expect(await agent.agentRow()).toMatchObject({ deadline: null, remainingWorkSeconds: 36_000, configVersion: 3 });
  });

  it.each([-1, 0, 91 * 86_400])('are refused with a deadline %i s away, and nothing changes', async (seconds) => {
    const agent = await primary();
    const before = await agent.agentRow();
    const deadline = new Date(rig.clock.now().getTime() + seconds * 1000).toISOString();
    const answer = await configure(agent, { deadline, remaining_work_seconds: 60 });
    expect(answer).toMatchObject({ status: 400, body: { details: { deadline: [expect.stringContaining(deadline)] } } });
    expect(await agent.agentRow()).toEqual(before);
  });

  it('become the agent’s own limits once one is changed, but not when a form resends them unchanged', async () => {
    const agent = await primary();
    await configure(agent, { ...form, min_savings_percent: 15, max_switches_per_week: 10 });
    expect(await agent.agentRow()).toMatchObject({ limitsSet: false });
    await configure(agent, { max_switches_per_week: 3 });
    expect(await agent.agentRow()).toMatchObject({ limitsSet: true });
  });

  it('defect: the response echoed the request; it shows what is stored', async () => {
    const agent = await primary();
    const answer = await configure(agent, { manualReplicaEnabled: true });
    expect(answer.body).toEqual({ success: true, auto_switch_enabled: false, manual_replica_enabled: true });
  });
});

describe('auto-switch and manual replicas', () => {
  it('turn each other off, and a standby is requested at once', async () => {
    const agent = await primary();
    const on = await configure(agent, manual);
    expect(on.calls).toBeLessThanOrEqual(9); // docs/adr/0046
    expect(await agent.agentRow()).toMatchObject({ autoSwitchEnabled: false, manualReplicaEnabled: true });
    expect(await agent.replicas()).toMatchObject([{ replicaType: 'manual', status: 'launching' }]);
    await configure(agent, { autoSwitchEnabled: true });
    expect(await agent.agentRow()).toMatchObject({ autoSwitchEnabled: true, manualReplicaEnabled: false });
    expect(await agent.replicas()).toMatchObject([{ status: 'terminated' }]);
  });

  it('cancel what the engine has queued, but not what a person has, when auto-switch is turned off', async () => {
    const agent = await primary();
    await agent.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.01 });
    rig.pass(60);
    await rig.runJob('decide');
    await configure(agent, { autoSwitchEnabled: false });
    expect(await agent.commands()).toMatchObject([{ status: 'cancelled', triggerType: 'model' }]);
    const other = await primary();
    await other.queueSwitch(`${other.facts.type}.us-east-1b`);
    await configure(other, { autoSwitchEnabled: false });
    expect(await other.commands()).toMatchObject([{ status: 'pending', triggerType: 'manual' }]);
  });

  it('defect 14: saving the form ended emergency standbys; it ends manual ones only, on a change only', async () => {
    const agent = await primary();
    const emergency = await agent.addReplica({ replicaType: 'automatic-rebalance' });
    await configure(agent, form);
    expect(await agent.replicas()).toMatchObject([{ id: emergency, status: 'launching' }]);
    const kept = await primary();
    await configure(kept, manual);
    const alarm = await kept.addReplica({ replicaType: 'automatic-rebalance' });
    await configure(kept, form);
    const statuses = Object.fromEntries((await kept.replicas()).map((row) => [row.replicaType, row.status]));
    expect(statuses).toEqual({ manual: 'terminated', 'automatic-rebalance': 'launching' });
    expect((await kept.replicas()).find(({ id }) => id === alarm)!.status).toBe('launching');
  });

  it('create one standby, however many requests arrive at once (defect 18)', async () => {
    const agent = await primary();
    const asked = [
      configure(agent, manual),
      configure(agent, manual),
      post(agent, 'settings', { replica_enabled: true }),
      agent.request('POST', '/manual-replica/enable'),
      rig.runJob('coordinate-replicas'),
    ];
    await Promise.all(asked);
    expect((await agent.replicas()).filter(({ isActive }) => isActive)).toHaveLength(1);
    expect(await agent.agentRow()).toMatchObject({ autoSwitchEnabled: false, manualReplicaEnabled: true });
  });

  it('do not include manual replicas for version 3, which launches no standbys', async () => {
    const agent = await primary({ version: '3.2.0' });
    expect(await configure(agent, manual)).toMatchObject({ status: 400, body: { code: 'agent_too_old' } });
    expect((await agent.agentRow()).autoSwitchEnabled).toBe(true);
  });

  it('are never both on, whatever is requested in whatever order', () => {
    const settings = { autoSwitchEnabled: true, manualReplicaEnabled: false } as AgentSettings;
    const flag = fc.option(fc.boolean(), { nil: undefined });
    const asked = fc.record({ autoSwitchEnabled: flag, manualReplicaEnabled: flag });
    fc.assert(
      fc.property(fc.array(asked), (requests) => {
        let now = settings;
        for (const request of requests) {
          try {
            now = { ...now, ...settingChanges(now, request) } as AgentSettings;
          } catch {
            expect(request).toMatchObject({ autoSwitchEnabled: true, manualReplicaEnabled: true });
          }
          expect(now.autoSwitchEnabled && now.manualReplicaEnabled).toBe(false);
        }
      }),
    );
  });
});

describe('the settings of older consoles (C6)', () => {
  it('defect: they could turn both modes on; they follow the same rules', async () => {
    const agent = await primary();
    const both = await post(agent, 'settings', { auto_switch_enabled: true, replica_enabled: true });
    expect(both.status).toBe(400);
    expect(await post(agent, 'settings', { replica_count: 1 })).toMatchObject({ status: 200, body: { success: true } });
    expect(await agent.agentRow()).toMatchObject({
      replicaEnabled: true,
      manualReplicaEnabled: true,
      autoSwitchEnabled: false,
    });
    await post(agent, 'settings', { autoSwitchEnabled: true });
    expect(await agent.agentRow()).toMatchObject({ manualReplicaEnabled: false, autoSwitchEnabled: true });
    await post(agent, 'settings', { auto_terminate_enabled: false });
    expect((await agent.instancesToTerminate()).body.auto_terminate_enabled).toBe(false);
  });

  it.each([{}, { replica_count: 2 }, { replica_count: 0, replica_enabled: true }])('refuse %j', async (body) => {
    expect((await post(await primary(), 'settings', body)).status).toBe(400);
  });
});

describe('deleting an agent (C8)', () => {
  const remove = (agent: TestInstance) =>
    rig.request('DELETE', `/api/client/agents/${agent.agentId}`, { token: agent.tenant.token });

  it('keeps its row, cancels its commands and hands it no more work', async () => {
    const agent = await primary();
    await agent.queueSwitch(`${agent.facts.type}.us-east-1b`);
    const answer = await remove(agent);
    expect(answer).toMatchObject({ status: 200, body: { success: true, agent_id: agent.agentId } });
    expect(answer.calls).toBeLessThanOrEqual(9);
    expect(await agent.agentRow()).toMatchObject({
      status: 'deleted',
      enabled: false,
      autoSwitchEnabled: false,
      manualReplicaEnabled: false,
      instanceId: agent.id,
    });
    expect(await agent.commands()).toMatchObject([{ status: 'cancelled' }]);
    expect(await agent.events('agent_deleted')).toMatchObject([{ notify: true, severity: 'warning' }]);
    expect((await agent.heartbeat()).status).toBe(404);
    expect((await agent.config()).body.enabled).toBe(false);
    expect((await agent.pendingCommands()).body).toEqual([]);
    expect((await agent.agentRow()).status).toBe('deleted');
  });

  it('is done once: a repeat is a 404', async () => {
    const agent = await primary();
    const answers = await Promise.all([remove(agent), remove(agent)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(await agent.events('agent_deleted')).toHaveLength(1);
  });

  it('defect: its instance, which runs on, was marked as terminated; it is only detached', async () => {
    const agent = await primary();
    await remove(agent);
    expect(await agent.row()).toMatchObject({
      instanceStatus: 'running_primary',
      isPrimary: false,
      isActive: false,
      detachedAt: rig.clock.now(),
      terminatedAt: null,
    });
  });

  it('has its standbys terminated by its own process while that still runs', async () => {
    const agent = await primary();
    await configure(agent, manual);
    const [standby] = await agent.replicas();
    const next = agent.successor({ az: 'us-east-1b' });
    await agent.putReplica(standby!.id, next.id);
    await remove(agent);
    expect((await agent.listReplicas('terminated')).body.replicas).toMatchObject([{ instance_id: next.id }]);
    const toTerminate = (await agent.instancesToTerminate()).body;
    expect(toTerminate).toMatchObject({ instances: [{ instance_id: next.id, reason: 'replica_terminated' }] });
    expect((await agent.listReplicas('launching')).body.replicas).toEqual([]);
    await agent.terminationReport(next.id);
    expect((await agent.instancesToTerminate()).body.instances).toEqual([]);
  });

  it('is undone when its process registers again: the agent is back on the same instance, but disabled', async () => {
    const agent = await primary();
    await remove(agent);
    rig.pass(60);
    expect((await agent.register()).body.config.enabled).toBe(false);
    expect(await agent.agentRow()).toMatchObject({ status: 'online', enabled: false, instanceId: agent.id });
    expect(await agent.row()).toMatchObject({ isPrimary: true, isActive: true, detachedAt: null });
    await post(agent, 'toggle-enabled', { enabled: true });
    expect((await agent.config()).body.enabled).toBe(true);
  });

  it('works for an agent that has no primary', async () => {
    const agent = await primary();
    await agent.request('POST', '/termination', { instance_id: agent.id });
    expect((await remove(agent)).status).toBe(200);
  });

  it('removes the agent from the lists of current agents and instances', async () => {
    const agent = await rig.primary();
    await remove(agent);
    const ask = async (path: string) =>
      (await rig.request('GET', `/api/client/${agent.tenant.id}${path}`, { token: agent.tenant.token })).body;
    expect(await ask('/agents')).toEqual([]);
    expect(await ask('/agents/history')).toMatchObject([{ status: 'deleted', terminatedAt: expect.any(String) }]);
    expect(await ask('/instances?status=active')).toEqual([]);
    expect(await ask('')).toMatchObject({ instances: 0, agentsTotal: 0 });
  });
});
