import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../support/machine.ts';
import { Rig, type Tenant } from '../../support/rig.ts';

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

let types = 0;
async function primary(): Promise<Machine> {
  const machine = await rig.primary({ type: `x${++types}.large`, mode: 'spot' }, tenant);
  await machine.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  return machine;
}

const enable = (machine: Machine) => machine.request('POST', '/manual-replica/enable');
const disable = (machine: Machine) => machine.request('POST', '/manual-replica/disable');
const status = async (machine: Machine) => (await machine.request('GET', '/sef-status')).body;

describe('manual replicas (X22, X23)', () => {
  it('are turned on with auto-switch off, in one change, and the first standby is entered at once', async () => {
    const machine = await primary();
    const answer = await enable(machine);
    expect(answer).toMatchObject({ status: 200, body: { success: true, changed: true } });
    expect(answer.calls).toBeLessThanOrEqual(8);
    expect(await machine.agentRow()).toMatchObject({ manualReplicaEnabled: true, autoSwitchEnabled: false });
    expect(await machine.replicas()).toMatchObject([{ replicaType: 'manual', status: 'launching' }]);
    expect((await machine.config()).body).toMatchObject({ replica_count: 1, config_version: 2 });
  });

  it('are turned on once by several calls at once', async () => {
    const machine = await primary();
    const answers = await Promise.all([enable(machine), enable(machine), enable(machine)]);
    expect(answers.map(({ body }) => body.changed).sort()).toEqual([false, false, true]);
    expect(await machine.replicas()).toHaveLength(1);
    expect((await machine.agentRow()).configVersion).toBe(2);
  });

  it('withdraw what the engine has queued and nobody has fetched', async () => {
    const machine = await primary();
    await machine.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.01 });
    rig.pass(60);
    await rig.runJob('decide');
    expect(await machine.commands()).toMatchObject([{ status: 'pending', triggerType: 'model' }]);
    await enable(machine);
    expect(await machine.commands()).toMatchObject([{ status: 'cancelled' }]);
  });

  it('are turned off with the standby that was kept, while an emergency’s stays', async () => {
    const machine = await primary();
    await enable(machine);
    const emergency = await machine.addReplica({ replicaType: 'automatic-rebalance' });
    expect((await disable(machine)).body.changed).toBe(true);
    const replicas = await machine.replicas();
    expect(replicas.find(({ id }) => id === emergency)?.status).toBe('launching');
    expect(replicas.find(({ replicaType }) => replicaType === 'manual')?.status).toBe('terminated');
    expect((await disable(machine)).body.changed).toBe(false);
  });
});

describe('what a console asks and does (X24, X25, X15)', () => {
  it('makes the standby the primary, when there is one', async () => {
    const machine = await primary();
    expect((await machine.request('POST', '/manual-switch')).status).toBe(404);
    await enable(machine);
    expect((await machine.request('POST', '/manual-switch')).status).toBe(404); // it has no machine yet
    const [replica] = await machine.replicas();
    const standby = machine.successor({ az: 'us-east-1b' });
    await machine.putReplica(replica!.id, standby.id);
    expect((await machine.request('POST', '/manual-switch')).body).toMatchObject({ new_instance_id: standby.id });
    expect((await machine.agentRow()).instanceId).toBe(standby.id);
  });

  it('tells an emergency from a standby that is kept', async () => {
    const machine = await primary();
    await enable(machine);
    expect(await status(machine)).toMatchObject({ manual_replica_enabled: true, emergency_mode_active: false });
    await machine.terminationImminent();
    const during = (await machine.request('GET', '/emergency-status')).body;
    expect(during).toMatchObject({ emergency_mode_active: true, last_emergency_event: { failover_completed: false } });
  });
});
