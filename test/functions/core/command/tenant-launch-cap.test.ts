import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestInstance } from '../../../support/agents/test-instance.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

type Outcome = { readonly status: 'completed' | 'failed'; readonly message?: string };

/** Enters this many launches of the tenant that were handed out now, each to another agent that is not registered. */
async function launch(of: TestInstance, count: number, outcome: Outcome = { status: 'completed' }) {
  const now = rig.clock.now();
  const rows = Array.from({ length: count }, () => ({
    id: randomUUID(),
    clientId: of.tenant.id,
    agentId: randomUUID(),
    commandType: 'switch' as const,
    targetMode: 'ondemand' as const,
    ...outcome,
    createdBy: 'loop',
    triggerType: 'model',
    dispatchedAt: now,
    createdAt: now,
  }));
  await rig.db.insertInto('commands').values(rows).execute();
}
const capped = (of: TestInstance) =>
  rig.db
    .selectFrom('systemEvents')
    .selectAll()
    .where('clientId', '=', of.tenant.id)
    .where('eventType', '=', 'launch_cap_reached')
    .execute();

describe('a tenant whose agents launch without end', () => {
  it('gets no more launches until the hour is over, and one event; other tenants are served', async () => {
    const instance = await rig.primary({ mode: 'spot' });
    const other = await rig.primary({ mode: 'spot' });
    rig.pass(3601);
    for (const one of [instance, other]) await one.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
    // The tenant has one agent that is older than an hour. Ten launches that EC2 refused count as one.
    await launch(instance, 50);
    await launch(instance, 20, { status: 'failed', message: 'InsufficientInstanceCapacity: no spot capacity' });
    expect(await rig.runJob('cap-launches')).toMatchObject({ rows: 0 });
    await launch(instance, 1, { status: 'failed', message: 'InsufficientInstanceCapacity: no spot capacity' });
    for (const _ of ['', 'again']) expect(await rig.runJob('cap-launches')).toMatchObject({ rows: 1 });
    for (const one of [instance, other]) {
      await one.heartbeat();
      await one.queueSwitch(`${one.facts.type}.us-east-1b`);
      await one.emergency('rebalance-recommendation');
    }
    expect((await instance.pendingCommands()).body).toEqual([]);
    expect((await instance.listReplicas('launching')).body).toMatchObject({ total: 0 });
    expect((await other.pendingCommands()).body).toHaveLength(1);
    expect(await capped(instance)).toMatchObject([{ severity: 'error', notify: true, agentId: null }]);
    expect(await capped(other)).toEqual([]);
    rig.pass(3601);
    await rig.runJob('cap-launches');
    expect((await instance.pendingCommands()).body).toHaveLength(1);
  });

  it('is capped even if every launch brings a new agent', async () => {
    const first = await rig.primary({ mode: 'spot' });
    for (let n = 0; n < 30; n += 1) await rig.primary({ mode: 'spot' }, first.tenant);
    await launch(first, 51);
    expect(await rig.runJob('cap-launches')).toMatchObject({ rows: 1 });
  });

  it('may launch 50 times, plus twice for each agent that it has had for an hour', async () => {
    const first = await rig.primary({ mode: 'spot' });
    for (let n = 0; n < 29; n += 1) await rig.primary({ mode: 'spot' }, first.tenant);
    rig.pass(3601);
    await launch(first, 110);
    expect(await rig.runJob('cap-launches')).toMatchObject({ rows: 0 });
    await launch(first, 1);
    expect(await rig.runJob('cap-launches')).toMatchObject({ rows: 1 });
  });
});
