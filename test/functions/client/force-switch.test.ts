import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
async function primary(): Promise<TestInstance> {
  const instance = await rig.primary({ type: `f${++types}.large`, mode: 'spot' });
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04, 'us-east-1c': 0.03 });
  return instance;
}
const pool = (instance: TestInstance, zone: string) => `${instance.facts.type}.us-east-1${zone}`;
const force = (instance: TestInstance, body: unknown, id = instance.id) =>
  rig.request('POST', `/api/client/instances/${id}/force-switch`, { token: instance.tenant.token, body });

describe('a forced switch (C17)', () => {
  it('is queued ahead of the engine’s switches, and the tenant is notified', async () => {
    const instance = await primary();
    const answer = await force(instance, { target: 'pool', pool_id: pool(instance, 'b') });
    expect(answer).toMatchObject({ status: 200, body: { success: true, command_id: expect.any(String) } });
    expect(answer.calls).toBeLessThanOrEqual(8);
    expect(await instance.commands()).toMatchObject([
      {
        id: answer.body.command_id,
        priority: 75,
        createdBy: 'manual',
        triggerType: 'manual',
        targetPoolId: pool(instance, 'b'),
        terminateWaitSeconds: 300,
      },
    ]);
    expect(await instance.events('manual_switch_requested')).toMatchObject([{ notify: true, severity: 'warning' }]);
    expect((await instance.pendingCommands()).body).toMatchObject([{ priority: 75, target_mode: 'spot' }]);
  });

  it.each([
    ['ondemand', { target: 'ondemand' }, null],
    ['the cheapest pool with a fresh price', { target: 'spot' }, 'c'],
    ['a pool by its name', { target: 'spot', poolId: 'b' }, 'b'],
  ])('goes to %s', async (_, body, zone) => {
    const instance = await primary();
    const named = 'poolId' in body ? { ...body, poolId: pool(instance, 'b') } : body;
    expect((await force(instance, named)).status).toBe(200);
    const targetPoolId = zone && pool(instance, zone);
    expect(await instance.commands()).toMatchObject([{ targetMode: zone ? 'spot' : 'ondemand', targetPoolId }]);
  });

  it('ignores settings, limits and gates', async () => {
    const instance = await primary();
    await instance.set({ autoSwitchEnabled: false, maxSwitchesPerDay: 0, autoTerminateEnabled: false });
    expect((await force(instance, { target: 'ondemand' })).status).toBe(200);
    expect(await instance.commands()).toMatchObject([{ terminateWaitSeconds: 0 }]);
  });

  it('replaces a switch that was not fetched yet', async () => {
    const instance = await primary();
    await instance.queueSwitch(pool(instance, 'b'));
    await force(instance, { target: 'ondemand' });
    const byStatus = Object.fromEntries((await instance.commands()).map((row) => [row.status, row.targetMode]));
    expect(byStatus).toEqual({ cancelled: 'spot', pending: 'ondemand' });
  });

  it('is queued once when several are forced at the same time', async () => {
    const instance = await primary();
    const targets = [{ target: 'ondemand' }, { target: 'spot' }, { target: 'pool', pool_id: pool(instance, 'b') }];
    const answers = await Promise.all(targets.map((body) => force(instance, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await instance.commands()).filter(({ status }) => status === 'pending')).toHaveLength(1);
  });

  it('defect: it promised another instance type; what agents cannot do is listed as ignored', async () => {
    const instance = await primary();
    const answer = await force(instance, { target: 'ondemand', new_instance_type: 'm5.24xlarge' });
    expect(answer.body.ignored).toEqual(['new_instance_type']);
    expect((await force(instance, { target: 'spot' })).body).not.toHaveProperty('ignored');
  });

  it('waits for an offline agent for a day', async () => {
    const instance = await primary();
    await instance.heartbeat('offline');
    expect((await force(instance, { target: 'ondemand' })).body.message).toContain('offline');
    rig.pass(24 * 3600 - 60);
    await rig.runJob('sweep-commands');
    expect(await instance.commands()).toMatchObject([{ status: 'pending' }]);
    rig.pass(60);
    await rig.runJob('sweep-commands');
    expect(await instance.commands()).toMatchObject([{ status: 'expired' }]);
  });

  it.each<[string, object, string]>([
    ['no target', {}, 'target'],
    ['an unknown target', { target: 'moon' }, 'target'],
    ['a pool without its name', { target: 'pool' }, 'pool_id'],
    ['a pool of another type', { target: 'pool', pool_id: 'm5.large.us-east-1a' }, 'pool_id'],
    ['a pool that nobody knows', { target: 'spot', pool_id: 'x.y' }, 'pool_id'],
  ])('is refused for %s', async (_, body, field) => {
    const instance = await primary();
    expect(await force(instance, body)).toMatchObject({
      status: 400,
      body: { details: { [field]: [expect.any(String)] } },
    });
    expect(await instance.commands()).toEqual([]);
  });

  it('is refused to the pool where the instance already is, and when no price is fresh', async () => {
    const instance = await primary();
    const here = { target: 'pool', pool_id: pool(instance, 'a') };
    expect(await force(instance, here)).toMatchObject({
      status: 400,
      body: { details: { target: [expect.any(String)] } },
    });
    rig.pass(16 * 60);
    expect(await force(instance, { target: 'spot' })).toMatchObject({
      status: 400,
      body: { code: 'no_suitable_pool' },
    });
  });

  it('is a 409 while the agent carries out a switch', async () => {
    const instance = await primary();
    await instance.queueSwitch(pool(instance, 'b'));
    const [command] = (await instance.pendingCommands()).body;
    expect(await force(instance, { target: 'ondemand' })).toMatchObject({
      status: 409,
      body: { code: 'command_in_flight' },
    });
    // The successor is still starting: a second switch would launch another one.
    await instance.executed(command.id);
    expect((await force(instance, { target: 'ondemand' })).status).toBe(409);
    rig.pass(15 * 60 + 1);
    expect((await force(instance, { target: 'ondemand' })).status).toBe(200);
  });

  it('is a 409 while EC2 reclaims the instance and a command to leave it is queued', async () => {
    const instance = await rig.primary({ type: 'lonely.large', mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.05 });
    await instance.emergency('termination-notice');
    expect(await instance.commands()).toMatchObject([{ priority: 100, status: 'pending' }]);
    expect((await force(instance, { target: 'spot' })).status).toBeGreaterThanOrEqual(400);
    expect(await force(instance, { target: 'ondemand' })).toMatchObject({ status: 409 });
    expect(await instance.commands()).toMatchObject([{ priority: 100, status: 'pending' }]);
  });

  it('is a 409 for an instance that is not the primary, and names the primary', async () => {
    const instance = await primary();
    const standby = instance.successor({ az: 'us-east-1b' });
    await standby.register();
    expect(await force(instance, { target: 'ondemand' }, standby.id)).toMatchObject({
      status: 409,
      body: { code: 'instance_not_primary', primary_instance_id: instance.id },
    });
  });

  it('defect: a disabled agent was sent a command that it never fetches; it is a 409 with a hint', async () => {
    const instance = await primary();
    await instance.set({ enabled: false });
    expect(await force(instance, { target: 'ondemand' })).toMatchObject({
      status: 409,
      body: { code: 'agent_not_enabled', hint: expect.any(String) },
    });
    await instance.set({ status: 'deleted' });
    expect(await force(instance, { target: 'ondemand' })).toMatchObject({
      status: 409,
      body: { code: 'agent_deleted' },
    });
  });
});
