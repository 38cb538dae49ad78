import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';

// Agents without LOGICAL_AGENT_ID use their instance's id as their logical id.

let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant();
});
afterAll(() => rig.stop());

const prices = { 'us-east-1a': 0.05, 'us-east-1b': 0.03 };
let types = 0;
const named = (facts = {}) => {
  const id = `i-0${randomBytes(8).toString('hex')}`;
  return { instanceId: id, logicalId: id, mode: 'spot', ...facts } as const;
};
async function unnamed(): Promise<TestInstance> {
  const instance = await rig.primary(named({ type: `u${++types}.large` }), tenant);
  await instance.report(0.1, prices);
  return instance;
}
/** A switch in progress on `old`: the command's id and the successor. */
async function underWay(old: TestInstance) {
  await old.queueSwitch(`${old.facts.type}.us-east-1b`);
  const [command] = (await old.pendingCommands()).body;
  return { commandId: command.id as string, next: old.successor(named({ az: 'us-east-1b' })) };
}
const agents = () => rig.db.selectFrom('agents').selectAll().where('clientId', '=', tenant.id).execute();

describe('the successor of an agent without a logical id', () => {
  it.each([
    'registers first',
    'is reported first',
  ])('inherits the old agent’s settings and history when it %s', async (order) => {
    const old = await unnamed();
    await old.set({ maxSwitchesPerDay: 2, terminateWaitSeconds: 77 });
    const { commandId, next } = await underWay(old);
    rig.pass(60);
    if (order === 'registers first') await next.register();
    expect((await old.switchReport(next)).status).toBe(200);
    expect((await old.executed(commandId)).status).toBe(200);
    if (order !== 'registers first') await next.register();
    const agent = await next.agentRow();
    expect(agent).toMatchObject({
      status: 'online',
      instanceId: next.id,
      maxSwitchesPerDay: 2,
      terminateWaitSeconds: 77,
      lastSwitchAt: rig.clock.now(),
    });
    expect((await next.heartbeat()).status).toBe(200);
    expect(await next.switches()).toMatchObject([{ oldInstanceId: old.id, newInstanceId: next.id, inferred: false }]);
    expect(await next.instances()).toMatchObject({
      [old.id]: { instanceStatus: 'zombie', isPrimary: false },
      [next.id]: { isPrimary: true },
    });
    expect(await old.commands()).toMatchObject([{ id: commandId, status: 'completed', success: true }]);
  });

  it('owns the old instance, which is listed for termination even after its agent restarts', async () => {
    const old = await unnamed();
    const { next } = await underWay(old);
    await next.register();
    await old.switchReport(next);
    const ended = old.agentId;
    await old.register();
    expect(old.agentId).toBe(next.agentId);
    expect(await agents()).toContainEqual(expect.objectContaining({ id: ended, status: 'deleted' }));
    rig.pass(301);
    await next.heartbeat();
    expect((await old.instancesToTerminate()).body.instances).toMatchObject([{ instance_id: old.id }]);
  });

  it('is launched once: neither it nor the instance it replaced is told to switch again', async () => {
    const old = await unnamed();
    const running = [old];
    for (let round = 0; round < 6; round += 1) {
      rig.pass(310);
      for (const instance of running) {
        await instance.heartbeat();
        await instance.report(0.1, prices);
      }
      await rig.runJob('decide');
      for (const instance of [...running]) {
        const { body } = await instance.pendingCommands();
        if (!body[0]?.id) continue;
        const next = instance.successor(named({ az: 'us-east-1b' }));
        await next.register();
        await instance.switchReport(next);
        await instance.executed(body[0].id);
        running.push(next);
      }
    }
    expect(running).toHaveLength(2);
  });

  it('is never an instance of a named agent or another tenant, or one that no switch asked for', async () => {
    const old = await unnamed();
    const other = await rig.primary({ mode: 'spot', type: old.facts.type }, tenant);
    const stranger = await rig.primary({ ...named(), type: old.facts.type });
    await underWay(old);
    for (const theirs of [other, stranger]) {
      expect((await old.switchReport(theirs)).body).toMatchObject({ code: 'instance_of_another_client' });
      expect(await theirs.agentRow()).toMatchObject({ status: 'online', instanceId: theirs.id });
    }
    const idle = await unnamed();
    const neighbour = await unnamed();
    expect((await idle.switchReport(neighbour)).status).toBe(409);
    expect(await idle.agentRow()).toMatchObject({ status: 'online', instanceId: idle.id });
  });
});

it('counts a switch that succeeded even if its successor is never heard from', async () => {
  const old = await unnamed();
  const { commandId } = await underWay(old);
  const dispatchedAt = rig.clock.now();
  rig.pass(100);
  await old.executed(commandId);
  expect(await old.agentRow()).toMatchObject({ lastSwitchAt: dispatchedAt });
});
