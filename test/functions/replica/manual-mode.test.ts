import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
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
async function primary(): Promise<TestInstance> {
  const instance = await rig.primary({ type: `x${++types}.large`, mode: 'spot' }, tenant);
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  return instance;
}

const enable = (instance: TestInstance) => instance.request('POST', '/manual-replica/enable');
const disable = (instance: TestInstance) => instance.request('POST', '/manual-replica/disable');
const status = async (instance: TestInstance) => (await instance.request('GET', '/sef-status')).body;

describe('manual replicas (X22, X23)', () => {
  it('are turned on and auto-switch off in one change, and the first standby is created at once', async () => {
    const instance = await primary();
    const answer = await enable(instance);
    expect(answer).toMatchObject({ status: 200, body: { success: true, changed: true } });
    expect(answer.calls).toBeLessThanOrEqual(9); // docs/adr/0046
    expect(await instance.agentRow()).toMatchObject({ manualReplicaEnabled: true, autoSwitchEnabled: false });
    expect(await instance.replicas()).toMatchObject([{ replicaType: 'manual', status: 'launching' }]);
    expect((await instance.config()).body).toMatchObject({ replica_count: 1, config_version: 2 });
  });

  it('are turned on once by several calls at once', async () => {
    const instance = await primary();
    const answers = await Promise.all([enable(instance), enable(instance), enable(instance)]);
    expect(answers.map(({ body }) => body.changed).sort()).toEqual([false, false, true]);
    expect(await instance.replicas()).toHaveLength(1);
    expect((await instance.agentRow()).configVersion).toBe(2);
  });

  it('cancel a switch that the engine has queued and nobody has fetched', async () => {
    const instance = await primary();
    await instance.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.01 });
    rig.pass(60);
    await rig.runJob('decide');
    expect(await instance.commands()).toMatchObject([{ status: 'pending', triggerType: 'model' }]);
    await enable(instance);
    expect(await instance.commands()).toMatchObject([{ status: 'cancelled' }]);
  });

  it('are turned off together with the standby that they kept, while an emergency’s stays', async () => {
    const instance = await primary();
    await enable(instance);
    const emergency = await instance.addReplica({ replicaType: 'automatic-rebalance' });
    expect((await disable(instance)).body.changed).toBe(true);
    const replicas = await instance.replicas();
    expect(replicas.find(({ id }) => id === emergency)?.status).toBe('launching');
    expect(replicas.find(({ replicaType }) => replicaType === 'manual')?.status).toBe('terminated');
    expect((await disable(instance)).body.changed).toBe(false);
  });
});

describe('a console (X24, X25, X15)', () => {
  it('makes the standby the primary, when there is one', async () => {
    const instance = await primary();
    expect((await instance.request('POST', '/manual-switch')).status).toBe(404);
    await enable(instance);
    expect((await instance.request('POST', '/manual-switch')).status).toBe(404); // it has no instance yet
    const [replica] = await instance.replicas();
    const standby = instance.successor({ az: 'us-east-1b' });
    await instance.putReplica(replica!.id, standby.id);
    expect((await instance.request('POST', '/manual-switch')).body).toMatchObject({ new_instance_id: standby.id });
    expect((await instance.agentRow()).instanceId).toBe(standby.id);
  });

  it('can tell an emergency from a standby that is kept', async () => {
    const instance = await primary();
    await enable(instance);
    expect(await status(instance)).toMatchObject({ manual_replica_enabled: true, emergency_mode_active: false });
    await instance.terminationImminent();
    const during = (await instance.request('GET', '/emergency-status')).body;
    expect(during).toMatchObject({ emergency_mode_active: true, last_emergency_event: { failover_completed: false } });
  });
});
