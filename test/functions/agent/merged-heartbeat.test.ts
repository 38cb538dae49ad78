import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beatSeconds, nextBeat } from '../../../functions/agent/agenda.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pool = 'm5.large.us-east-1b';

/** Imports prices of these zones, as our own collector does with those from EC2. */
const collect = (type: string) =>
  rig.asAdmin('POST', '/api/admin/prices', {
    prices: ['us-east-1a', 'us-east-1b'].map((az) => ({
      instance_type: type,
      az,
      price: 0.03,
      at: rig.clock.now().toISOString(),
    })),
  });

/** A primary for which nothing is pending. */
async function steady(facts = {}): Promise<TestInstance> {
  const instance = await rig.primary({ version: '4.1.0', ...facts });
  await collect(instance.facts.type);
  return instance;
}

const nothing = { commands: [], replicas: [], instances: [] };
const quiet = { ...nothing, config_version: 1, report_prices: false, next_seconds: beatSeconds.steady };

/** The rows that heartbeats change. */
const rows = async (instance: TestInstance) => ({ agent: await instance.agentRow(), instance: await instance.row() });

describe('a merged heartbeat (A2) of a primary for which nothing is pending', () => {
  it('is one Data API call, records the time like any other, and makes the agent due for a decision', async () => {
    const instance = await steady({ mode: 'spot' });
    const now = rig.pass(150);
    expect(await instance.merged()).toMatchObject({ status: 200, calls: 1, body: { success: true, merged: quiet } });
    expect(await rows(instance)).toMatchObject({
      agent: { lastHeartbeatAt: now, pricedAt: now, beatSeconds: 150, currentMode: 'spot' },
      instance: { lastSeenAt: now },
    });
  });

  it('asks for price reports while no other source has sent prices in the last 15 minutes', async () => {
    const instance = await rig.primary({ version: '4.1.0', type: 'unpriced.large' });
    const { body } = await instance.merged();
    expect(body.merged).toEqual({ ...quiet, report_prices: true });
    expect((await instance.agentRow()).pricedAt).toBeNull();
    await collect('unpriced.large');
    expect((await instance.merged()).body.merged).toEqual(quiet);
    rig.pass(15 * 60 + 1);
    expect((await instance.merged()).body.merged.report_prices).toBe(true);
  });

  it('of a disabled agent has nothing to tell either, once the agent knows that it is disabled', async () => {
    const instance = await steady();
    await rig.request('POST', `/api/client/agents/${instance.agentId}/toggle-enabled`, {
      token: instance.tenant.token,
      body: { enabled: false },
    });
    expect((await instance.merged()).body.merged).toMatchObject({
      config_version: 2,
      config: { enabled: false },
      next_seconds: beatSeconds.underWay,
    });
    const heard = { status: 'disabled', config_version: 2 };
    await instance.merged(heard);
    expect(await instance.merged(heard)).toMatchObject({ calls: 1, body: { merged: { ...quiet, config_version: 2 } } });
  });
});

it('a merged heartbeat whose statement keeps hitting deadlocks reads first, and succeeds', async () => {
  const instance = await steady();
  rig.faults.inject({
    error: 'DatabaseErrorException:1213',
    when: 'before',
    sql: /LEFT JOIN instances AS x/,
    times: 50,
  });
  const { status, body } = await instance.merged();
  rig.faults.clear();
  expect({ status, merged: body.merged }).toEqual({ status: 200, merged: quiet });
});

describe('an agent that does not ask for a merged heartbeat', () => {
  it.each([
    ['an unmodified one', {}],
    ['one that accepts nothing', { accepts: [] }],
    ['one that ends', { accepts: ['merged'], status: 'offline' }],
  ])('gets the plain response: %s', async (_, extra) => {
    const instance = await steady();
    await instance.queueSwitch(pool);
    const answer = await instance.request('POST', '/heartbeat', {
      status: 'online',
      instance_id: instance.id,
      ...extra,
    });
    expect(answer).toMatchObject({ status: 200, body: { success: true } });
    expect(Object.keys(answer.body)).toEqual(['success']);
    expect(await instance.commands()).toMatchObject([{ status: 'pending' }]);
    expect((await instance.agentRow()).beatSeconds).toBeNull();
  });

  it.each([
    [{ accepts: 'merged' }, 'accepts'],
    [{ accepts: ['everything'] }, '"merged"'],
    [{ accepts: ['merged'], config_version: 'new' }, 'config_version'],
    [{ accepts: ['merged'], config_version: -1 }, 'config_version'],
  ])('%j is refused with what would be valid, and changes nothing', async (bad, said) => {
    const instance = await steady();
    const before = await rows(instance);
    rig.pass(30);
    const answer = await instance.merged(bad);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(JSON.stringify(answer.body).replaceAll('\\', '')).toContain(said);
    expect(await rows(instance)).toEqual(before);
  });
});

describe('a merged heartbeat hands out', () => {
  it('a command as A4 does, once, and asks the agent to come back soon', async () => {
    const instance = await steady();
    await instance.queueSwitch(pool);
    const { body } = await instance.merged();
    const [command] = body.merged.commands;
    expect(command).toMatchObject({ command_type: 'switch', target_mode: 'spot', target_pool_id: pool });
    expect(Object.keys(command).sort()).toEqual(
      'command_type created_at id instance_id priority target_mode target_pool_id terminate_wait_seconds'.split(' '),
    );
    expect(body.merged.next_seconds).toBe(beatSeconds.underWay);
    expect(await instance.commands()).toMatchObject([{ status: 'dispatched', dispatchedTo: instance.id }]);
    expect(await instance.agentRow()).toMatchObject({ status: 'switching', beatSeconds: beatSeconds.underWay });
    // During the switch there is nothing to hand out, and the agent sends heartbeats often.
    expect((await instance.merged()).body.merged).toMatchObject({ ...nothing, next_seconds: beatSeconds.underWay });
    expect((await instance.pendingCommands()).body).toEqual([]);
    await instance.executed(command.id, { success: false, message: 'no capacity' });
    expect(await instance.commands()).toMatchObject([{ status: 'failed' }]);
    expect((await instance.merged()).body.merged).toEqual(quiet);
  });

  it('a command to only one of many concurrent requests', async () => {
    const instance = await steady();
    await instance.queueSwitch(pool);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => (n % 2 ? instance.merged() : instance.pendingCommands())),
    );
    const handedOut = answers.flatMap(({ body }) => (Array.isArray(body) ? body : body.merged.commands));
    expect(handedOut).toHaveLength(1);
  });

  it('nothing that belongs to another tenant or another instance', async () => {
    const instance = await steady();
    await instance.queueSwitch(pool);
    const stranger = await steady();
    const foreign = await rig.request('POST', `/api/agents/${instance.handle}/heartbeat`, {
      token: stranger.tenant.token,
      body: { accepts: ['merged'], config_version: 1 },
    });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'agent_not_found' } });
    expect((await stranger.merged()).body.merged).toEqual(quiet);
    const beside = instance.successor({ az: 'us-east-1b', mode: 'spot' });
    await beside.register();
    expect((await beside.merged({ status: 'disabled' })).body.merged).toMatchObject(nothing);
    // Nor to a request whose path names only the agent and whose body names another instance.
    beside.handle = beside.agentId;
    expect((await beside.merged({ status: 'disabled' })).body.merged).toMatchObject(nothing);
    expect(await instance.commands()).toMatchObject([{ status: 'pending' }]);
  });

  it('a standby to launch as R2 does, claimed for ten minutes', async () => {
    const instance = await steady({ mode: 'spot' });
    await instance.emergency('rebalance-recommendation');
    const { merged } = (await instance.merged()).body;
    expect(merged).toMatchObject({ commands: [], next_seconds: beatSeconds.underWay });
    const [replica] = merged.replicas;
    expect(replica).toMatchObject({ status: 'launching', instance_id: null, pool: { instance_type: 'm5.large' } });
    expect((await instance.merged()).body.merged.replicas).toEqual([]);
    expect((await instance.listReplicas('launching')).body.replicas).toEqual([]);
    rig.pass(600);
    const again = (await instance.merged()).body.merged.replicas;
    expect(again).toMatchObject([{ id: replica.id }]);
    await instance.putReplica(replica.id, 'i-0123456789abcdef0');
    await instance.replicaStatus(replica.id, 'ready');
    // The standby waits for this instance to fall silent. Rare heartbeats would delay detecting that.
    await collect(instance.facts.type);
    expect((await instance.merged()).body.merged).toEqual({ ...quiet, next_seconds: beatSeconds.watched });
  });

  it('instances to terminate as X3 does, repeatedly until they are confirmed gone', async () => {
    const old = await steady();
    const next = old.successor();
    await old.switchReport(next);
    await next.register();
    rig.pass(300);
    await collect(old.facts.type);
    // While the primary is silent, its predecessor may be the last instance alive.
    expect((await old.merged({ status: 'disabled' })).body.merged.instances).toEqual([]);
    expect((await next.merged()).body.merged).toMatchObject({ instances: [], next_seconds: beatSeconds.watched });
    const itself = (await old.merged({ status: 'disabled' })).body.merged;
    expect(itself).toMatchObject({
      instances: [{ instance_id: old.id, reason: 'zombie_timeout', seconds_waiting: 300 }],
      next_seconds: beatSeconds.watched,
    });
    rig.pass(120);
    for (let i = 0; i < 2; i += 1) {
      const { merged } = (await next.merged()).body;
      expect(merged.instances).toEqual((await next.instancesToTerminate()).body.instances);
      expect(merged.instances).toMatchObject([{ instance_id: old.id }]);
    }
    await next.terminationReport(old.id);
    expect(await next.merged()).toMatchObject({ calls: 1, body: { merged: quiet } });
  });

  it('settings that the agent does not have yet, as A3 does', async () => {
    const instance = await steady();
    await instance.set({ configVersion: 7, minSavingsPercent: '20.00' });
    const { body } = await instance.merged();
    expect(body.merged).toMatchObject({ config_version: 7, next_seconds: beatSeconds.underWay });
    expect(body.merged.config).toEqual((await instance.config()).body);
    // The response was lost: the agent still sends version 1, and gets the settings again.
    expect((await instance.merged()).body.merged.config).toEqual(body.merged.config);
    expect((await instance.merged({ config_version: 7 })).body.merged).toEqual({ ...quiet, config_version: 7 });
    // An agent that has just started has no settings.
    expect((await instance.merged({ config_version: undefined })).body.merged.config).toEqual(body.merged.config);
  });

  it('a primary’s settings to an instance that was promoted, however often the response is lost', async () => {
    const old = await steady();
    const next = old.successor({ az: 'us-east-1b', mode: 'spot' });
    await next.register();
    rig.pass(121);
    await collect(old.facts.type);
    await next.merged({ status: 'disabled' }); // it takes over
    expect(await old.agentRow()).toMatchObject({ instanceId: next.id });
    await next.terminationReport(old.id); // so that nothing else is pending
    for (let lost = 0; lost < 3; lost += 1)
      expect((await next.merged({ status: 'disabled' })).body.merged).toMatchObject({
        config: { enabled: true },
        next_seconds: beatSeconds.underWay,
      });
    expect((await next.merged()).body.merged.config).toBeUndefined();
    expect((await old.merged()).body.merged.config).toMatchObject({ enabled: false });
  });

  it('nothing to a deleted agent, which gets a 404', async () => {
    const instance = await steady();
    await instance.set({ status: 'deleted' });
    expect((await instance.merged()).status).toBe(404);
  });
});

describe('an agent that was told to come back later', () => {
  it.each([
    ['registers', 209, 'running_primary'],
    ['registers', 211, 'zombie'],
  ])('when a second instance %s after %i s, has the first one as %s', async (_, seconds, becomes) => {
    const instance = await steady();
    await instance.merged();
    rig.pass(seconds);
    await instance.successor().register();
    expect((await instance.row()).instanceStatus).toBe(becomes);
  });

  it.each([
    [239, false],
    [240, true],
  ])('and has been silent for %i s is replaced by the instance waiting beside it: %s', async (seconds, takesOver) => {
    const primary = await steady();
    await primary.merged();
    rig.pass(1);
    const standby = primary.successor({ az: 'us-east-1b', mode: 'spot' });
    await standby.register();
    rig.pass(seconds - 1);
    await standby.merged({ status: 'disabled' });
    expect((await standby.row()).isPrimary).toBe(takesOver);
  });

  it('comes more often while an instance that nobody asked for waits beside it, until that has gone', async () => {
    const primary = await steady();
    await primary.merged();
    const beside = primary.successor({ az: 'us-east-1b', mode: 'spot' });
    await beside.register();
    expect((await primary.merged()).body.merged.next_seconds).toBe(beatSeconds.watched);
    rig.pass(120);
    await beside.merged({ status: 'disabled' });
    expect((await beside.row()).isPrimary).toBe(true);
    await beside.terminationReport(primary.id);
    await primary.successor().register();
    const told = { ...quiet, next_seconds: beatSeconds.watched };
    expect((await beside.merged()).body.merged).toEqual(told);
    rig.pass(599);
    await collect(primary.facts.type);
    expect((await beside.merged()).body.merged).toEqual(told);
    rig.pass(1);
    expect(await beside.merged()).toMatchObject({ calls: 1, body: { merged: quiet } });
  });

  it('returns to its own schedule when it sends a plain heartbeat, restarts or is replaced', async () => {
    const instance = await steady();
    for (const act of [() => instance.heartbeat(), () => instance.register()]) {
      await instance.merged();
      expect((await instance.agentRow()).beatSeconds).toBe(beatSeconds.steady);
      await act();
      expect((await instance.agentRow()).beatSeconds).toBeNull();
    }
    await instance.merged();
    await instance.switchReport(instance.successor());
    expect((await instance.agentRow()).beatSeconds).toBeNull();
  });

  // These tests come last: from this job's first run on, silence counts only while the job keeps running.
  it.each([
    [beatSeconds.steady, 240],
    [beatSeconds.underWay, 120],
  ])('in %i s is marked offline after more than %i s of silence', async (told, silent) => {
    const instance = await steady();
    if (told === beatSeconds.underWay) await instance.set({ configVersion: 2 });
    expect((await instance.merged()).body.merged.next_seconds).toBe(told);
    rig.pass(silent);
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
    rig.pass(1);
    await rig.runJob('expire-agents');
    expect(await instance.agentRow()).toMatchObject({ status: 'offline' });
    expect(await instance.events('agent_marked_offline')).toHaveLength(1);
  });
});

describe('when to come back', () => {
  const idle = {
    standing: 'primary',
    isUpToDate: true,
    isCommanded: false,
    hasStandby: false,
    isStandbyComing: false,
    hasLeaving: false,
    isBeingTaken: false,
  } as const;

  it.each([
    ['nothing is to be done', {}, beatSeconds.steady],
    ['a command waits or is carried out', { isCommanded: true }, beatSeconds.underWay],
    ['a standby comes up', { hasStandby: true, isStandbyComing: true }, beatSeconds.underWay],
    ['EC2 takes the instance', { isBeingTaken: true }, beatSeconds.underWay],
    ['it has not heard of its settings', { isUpToDate: false }, beatSeconds.underWay],
    ['a standby is ready', { hasStandby: true }, beatSeconds.watched],
    ['an instance has to go', { hasLeaving: true }, beatSeconds.watched],
    ['it waits itself', { standing: 'replica', isUpToDate: false }, beatSeconds.watched],
    ['it was replaced', { standing: 'retired' }, beatSeconds.watched],
  ] as const)('while %s', (_, over, seconds) => {
    expect(nextBeat({ ...idle, ...over })).toBe(seconds);
  });
});
