import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** A switch whose successor has registered, and whose agent has not reported yet. */
async function underWay() {
  const old = await rig.primary({ mode: 'spot' });
  await old.report(0.096, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
  await old.queueSwitch('m5.large.us-east-1b');
  const [command] = (await old.pendingCommands()).body;
  const next = old.successor({ az: 'us-east-1b' });
  rig.pass(30);
  await next.register();
  return { old, next, commandId: command.id as string };
}
const failed = { success: false, message: 'RequestLimitExceeded' };
const listed = async (instance: TestInstance) =>
  (await instance.instancesToTerminate()).body.instances.map((row: { instance_id: string }) => row.instance_id);

describe('a switch that fails after its successor registered', () => {
  it('makes the old instance the primary again when that reports the failure', async () => {
    const { old, next, commandId } = await underWay();
    await old.executed(commandId, failed);
    expect(await old.instances()).toMatchObject({
      [old.id]: { isPrimary: true, instanceStatus: 'running_primary', zombieAt: null, currentPoolId: old.pool },
      [next.id]: { isPrimary: false, instanceStatus: 'zombie' },
    });
    expect(await old.agentRow()).toMatchObject({
      instanceId: old.id,
      primaryCause: 'switch_undone',
      status: 'online',
      currentPoolId: old.pool,
    });
    expect(await old.commands()).toMatchObject([{ status: 'failed', success: false }]);
    expect(await old.events('command_failed')).toMatchObject([
      { notify: true, message: expect.stringContaining(`${old.id} is the primary again, in place of ${next.id}`) },
    ]);
    expect((await old.heartbeat()).status).toBe(200);
  });

  it('is undone once, however often the failure is reported', async () => {
    const { old, commandId } = await underWay();
    await Promise.all([1, 2, 3].map(() => old.executed(commandId, failed)));
    expect(await old.agentRow()).toMatchObject({ instanceId: old.id, epoch: 3 });
    expect(await old.events('command_failed')).toHaveLength(1);
  });

  it('has the successor terminated, in case it still runs, and never the restored primary', async () => {
    const { old, next, commandId } = await underWay();
    await old.executed(commandId, failed);
    for (let half = 0; half < 14; half += 1) {
      rig.pass(30);
      await old.heartbeat();
      expect(await listed(old)).not.toContain(old.id);
    }
    expect(await listed(old)).toEqual([next.id]);
  });

  it('reopens the interruption notice that it had closed, and requests a standby at once', async () => {
    const old = await rig.primary({ mode: 'spot', type: 'fs.large' });
    await old.report(0.096, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
    await old.queueSwitch('fs.large.us-east-1b');
    const [command] = (await old.pendingCommands()).body;
    await old.terminationImminent();
    const next = old.successor({ az: 'us-east-1b' });
    for (const { id } of (await old.replicas()).filter((row) => row.isActive)) await old.replicaStatus(id, 'failed');
    rig.pass(30);
    await next.register();
    expect(await old.interruptions()).toMatchObject([{ failoverCompleted: true }]);
    await old.executed(command.id, failed);
    expect(await old.interruptions()).toMatchObject([{ failoverCompleted: false, responseAction: 'switch-undone' }]);
    expect(await old.agentRow()).toMatchObject({
      instanceId: old.id,
      pendingTerminationInstance: old.id,
      interruptionHandledCount: 0,
    });
    expect((await old.replicas()).filter((row) => row.isActive)).toMatchObject([
      { status: 'launching', replicaType: 'automatic-termination', createdBy: 'coordinator' },
    ]);
  });

  it('is not undone if the successor reports the failure, or if a third instance has become the primary', async () => {
    const { old, next, commandId } = await underWay();
    await next.executed(commandId, failed);
    expect(await old.agentRow()).toMatchObject({ instanceId: next.id, epoch: 2 });
    const again = await underWay();
    rig.pass(100);
    const third = again.old.successor({ az: 'us-east-1c' });
    await third.register();
    await again.old.executed(again.commandId, failed);
    expect(await again.old.agentRow()).toMatchObject({ instanceId: third.id, epoch: 3 });
  });
});

describe('instances-to-terminate (X3)', () => {
  it('tells a replaced instance to terminate itself only while its successor is heard from', async () => {
    const { old, next, commandId } = await underWay();
    await old.switchReport(next);
    await old.executed(commandId);
    rig.pass(301);
    expect(await listed(old)).toEqual([]);
    await next.heartbeat();
    expect(await listed(old)).toEqual([old.id]);
  });
});
