import { randomBytes, randomUUID } from 'node:crypto';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { confirmTaken } from '../../../functions/core/termination/confirm-taken.ts';
import { runTime } from '../../../functions/shared/run-time.ts';
import { detailTypes } from '../../../functions/spot-events/ec2-events.ts';
import type { Fault } from '../../../local/aws/data-api/faults.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { sizes } from '../../support/run/sizes.ts';
import { ec2Event } from '../../support/scenes/ec2-event.ts';

// No job runs in this file: notices work without any schedule.

const account = '123456789012';
let rig: Rig;
let tenant: Tenant;
/** What the function logged for each batch: the number of events by outcome. */
let said: Record<string, number>[] = [];
/** How many Data API calls its last batch took. */
let calls = 0;

beforeAll(async () => {
  vi.spyOn(console, 'info').mockImplementation((line: string) => {
    const { message, counts, dataApiCalls } = JSON.parse(line);
    if (message !== 'handled events') return;
    said.push(counts);
    calls = dataApiCalls;
  });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  // Long enough for one retry of a call, so that a lasting fault gets a response soon.
  rig = await Rig.start({ DATA_API_RETRY_MS: '120', POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_DEV: 'true' });
  tenant = await tenantOf(account);
});
afterEach(() => rig.faults.clear());
afterAll(async () => {
  await rig.stop();
  vi.restoreAllMocks();
});

const tenantOf = (account: string | undefined): Promise<Tenant> => rig.tenant({ aws_account_id: account });

const newInstanceId = () => `i-0${randomBytes(8).toString('hex')}`;

interface Said {
  /** How many seconds ago the event happened. */
  readonly ago?: number;
  readonly account?: string;
  readonly [field: string]: unknown;
}

/** An event as EventBridge delivers it. */
function event(type: string, detail: object, { ago = 0, ...fields }: Said = {}) {
  const at = new Date(rig.clock.now().getTime() - ago * 1000);
  return { ...ec2Event({ account, type, detail, at }), ...fields };
}
const at = (seconds: number) => new Date(rig.clock.now().getTime() + seconds * 1000).toISOString();
const warning = (instance: { id: string }, fields?: Said) =>
  event(detailTypes.interruption, { 'instance-id': instance.id, 'instance-action': 'terminate' }, fields);
const recommendation = (instance: { id: string }, fields?: Said) =>
  event(detailTypes.rebalance, { 'instance-id': instance.id }, fields);
const change = (instance: { id: string }, state: string, fields?: Said) =>
  event(detailTypes.stateChange, { 'instance-id': instance.id, state }, fields);

/** @returns the number of events by outcome, redeliveries included */
async function post(...events: unknown[]): Promise<Record<string, number>> {
  said = [];
  await rig.controlPlane.postEvents(events);
  const total: Record<string, number> = {};
  for (const [effect, n] of said.flatMap((counts) => Object.entries(counts))) total[effect] = (total[effect] ?? 0) + n;
  return total;
}

let types = 0;
/** A Spot primary with two other pools to go to. */
async function primary(of = tenant): Promise<TestInstance> {
  const instance = await rig.primary({ type: `s${++types}.large`, mode: 'spot' }, of);
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03, 'us-east-1c': 0.04 });
  return instance;
}

/** Creates a standby by a rebalance recommendation, up to this status. @returns its replica and instance */
async function standbyOf(instance: TestInstance, upTo: 'launching' | 'syncing' | 'ready' = 'ready') {
  const { body } = await instance.emergency('rebalance-recommendation');
  const id = newInstanceId();
  if (upTo !== 'launching') await instance.putReplica(body.replica_id, id);
  if (upTo === 'ready') await instance.replicaStatus(body.replica_id, 'ready');
  return { id, replicaId: body.replica_id as string };
}

const notices = async (instance: TestInstance) =>
  (await instance.interruptions()).filter(({ signalType }) => signalType === 'termination-notice');
const count = async (instance: TestInstance, type: string) => (await instance.events(type)).length;

/** Everything of an agent that an event can change. */
async function everything(instance: TestInstance) {
  const { agentId } = instance;
  const [agent, instances, replicas, interruptions, events, commands] = await Promise.all([
    instance.agentRow(),
    instance.instances(),
    instance.replicas(),
    instance.interruptions(),
    instance.events(),
    instance.commands(),
  ]);
  return { agentId, agent, instances, replicas, interruptions, events, commands };
}

/** Expects exactly one failover, by whichever ways and however often the notice came. */
async function expectOneFailover(instance: TestInstance, successor: string, epoch: number) {
  const instances = await instance.instances();
  expect(Object.values(instances).filter(({ isPrimary }) => isPrimary)).toMatchObject([{ id: successor }]);
  expect(instances[instance.id]).toMatchObject({ isPrimary: false, isActive: false });
  expect(await instance.agentRow()).toMatchObject({
    instanceId: successor,
    epoch: epoch + 1,
    interruptionHandledCount: 1,
    pendingTerminationInstance: null,
  });
  expect(await notices(instance)).toMatchObject([
    { instanceId: instance.id, failoverCompleted: true, success: true, responseAction: expect.any(String) },
  ]);
  expect(await count(instance, 'failover_completed')).toBe(1);
  expect(await count(instance, 'termination_notice')).toBeLessThanOrEqual(1);
  expect(await instance.switches()).toMatchObject([{ oldInstanceId: instance.id, newInstanceId: successor }]);
}

describe('an interruption warning', () => {
  it('lets the standby take over at once, two minutes before the end', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    const at = rig.pass(60);
    expect(await post(warning(instance, { ago: 2 }))).toEqual({ promoted: 1 });
    // One call reads the instance's owner and agent; then a transaction of eight calls takes the lock, or gives way.
    expect(calls).toBe(9);
    await expectOneFailover(instance, standby.id, epoch);
    expect(await notices(instance)).toMatchObject([
      {
        detectedAt: new Date(at.getTime() - 2000),
        terminationTime: new Date(at.getTime() + 118_000),
        poolId: instance.pool,
        replicaId: standby.replicaId,
        failoverTimeMs: 2000,
      },
    ]);
  });

  it.each([
    ['when it says', 90],
    ['two minutes later, where it does not say when', undefined],
  ])('of an interruptible capacity reservation works like Spot’s: the instance ends %s', async (_, seconds) => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const end = seconds && { 'instance-termination-time': at(seconds) };
    const detail = { 'instance-id': instance.id, 'instance-action': 'terminate', azId: 'use1-az1', ...end };
    expect(await post(event(detailTypes.reservation, detail))).toEqual({ promoted: 1 });
    expect(await instance.agentRow()).toMatchObject({ instanceId: standby.id, primaryCause: 'failover' });
    const terminationTime = new Date(rig.clock.now().getTime() + (seconds ?? 120) * 1000);
    expect(await notices(instance)).toMatchObject([{ terminationTime, failoverCompleted: true }]);
  });

  it('lets the first instance that comes up take over, if there is no standby yet', async () => {
    const instance = await primary();
    const { epoch } = await instance.agentRow();
    expect(await post(warning(instance))).toEqual({ pending: 1 });
    const launching = await instance.request('GET', '/replicas?status=launching');
    expect(launching.body.replicas).toHaveLength(1);
    const next = newInstanceId();
    rig.pass(20);
    expect((await instance.putReplica(launching.body.replicas[0].id, next)).body).toMatchObject({ status: 'promoted' });
    await expectOneFailover(instance, next, epoch);
  });

  it('sends the agent to on-demand if there is no other pool', async () => {
    const instance = await rig.primary({ type: `s${++types}.large`, mode: 'spot' }, tenant);
    await instance.report(0.1, { 'us-east-1a': 0.05 });
    expect(await post(warning(instance), warning(instance))).toEqual({ 'on-demand': 2 });
    expect(await instance.commands()).toMatchObject([{ targetMode: 'ondemand', priority: 100, status: 'pending' }]);
  });

  it('is acted on with auto-switch off', async () => {
    const instance = await primary();
    await instance.set({ autoSwitchEnabled: false });
    expect(await post(warning(instance))).toEqual({ pending: 1 });
  });

  it("gives up a standby when it is the standby's instance, and leaves the primary", async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    expect(await post(warning(standby), warning(standby))).toEqual({ 'standby-lost': 2 });
    expect(await instance.replicas()).toMatchObject([{ id: standby.replicaId, status: 'failed' }]);
    expect(await instance.agentRow()).toMatchObject({ instanceId: instance.id, pendingTerminationInstance: null });
    expect(await count(instance, 'standby_interrupted')).toBe(1);
  });

  it('of both instances at once has neither take over from the other', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    await Promise.all([post(warning(instance)), post(warning(standby))]);
    const instances = Object.values(await instance.instances());
    expect(instances.filter(({ isPrimary }) => isPrimary)).toHaveLength(1);
    const { instanceId, pendingTerminationInstance } = await instance.agentRow();
    // Whichever came first, the instance that is now the primary is known to be ending.
    expect([instance.id, standby.id]).toContain(instanceId);
    const launching = (await instance.replicas()).filter(({ status }) => status === 'launching');
    expect(launching).toHaveLength(1);
    expect(pendingTerminationInstance).toBe(instanceId);
  });

  it('while a switch is under way has one outcome, whichever instance comes up first', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
    expect((await instance.pendingCommands()).body).toHaveLength(1);
    expect(await post(warning(instance))).toEqual({ promoted: 1 });
    await expectOneFailover(instance, standby.id, epoch);
    const successor = instance.successor({ az: 'us-east-1b' });
    await successor.register();
    const primaries = Object.values(await instance.instances()).filter(({ isPrimary }) => isPrimary);
    expect(primaries).toHaveLength(1);
    expect(await count(instance, 'failover_completed')).toBe(1);
  });
});

describe('a rebalance recommendation', () => {
  it('creates one standby, by whichever ways it comes', async () => {
    const instance = await primary();
    const answers = await Promise.all([
      instance.emergency('rebalance-recommendation'),
      post(recommendation(instance), recommendation(instance)),
      post(recommendation(instance)),
    ]);
    expect(answers[0]!.body).toMatchObject({ success: true });
    expect(await instance.replicas()).toMatchObject([{ status: 'launching', replicaType: 'automatic-rebalance' }]);
    expect(await instance.interruptions()).toMatchObject([{ signalType: 'rebalance-recommendation' }]);
    expect(await count(instance, 'rebalance_recommendation')).toBe(1);
  });

  it('is ignored if auto-switch is off', async () => {
    const instance = await primary();
    await instance.set({ autoSwitchEnabled: false });
    const before = await everything(instance);
    expect(await post(recommendation(instance))).toEqual({ not_wanted: 1 });
    expect(await everything(instance)).toEqual(before);
  });

  it('and a warning in the same second cause one failover', async () => {
    const instance = await primary();
    const { epoch } = await instance.agentRow();
    await Promise.all([post(recommendation(instance)), post(warning(instance))]);
    const active = (await instance.replicas()).filter(({ isActive }) => isActive);
    expect(active).toHaveLength(1);
    const next = newInstanceId();
    await instance.putReplica(active[0]!.id, next);
    await expectOneFailover(instance, next, epoch);
  });
});

describe('a change of state', () => {
  it.each(['shutting-down', 'terminated', 'stopping', 'stopped'])('to %s of the primary is a notice', async (state) => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    rig.pass(5);
    expect(await post(change(instance, state))).toEqual({ promoted: 1 });
    await expectOneFailover(instance, standby.id, epoch);
    const gone = state === 'terminated';
    expect(await instance.row()).toMatchObject({
      instanceStatus: gone ? 'terminated' : 'zombie',
      terminationConfirmed: gone,
      terminatedAt: gone || state === 'shutting-down' ? rig.clock.now() : null,
    });
  });

  it('after a warning adds only when the instance ended, and that it is gone', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    await post(warning(instance));
    rig.pass(120);
    const terminatedAt = rig.clock.now(); // EC2 stops billing
    expect(await post(change(instance, 'shutting-down'))).toEqual({ 'shutting-down': 1 });
    expect(await instance.row()).toMatchObject({ instanceStatus: 'zombie', terminatedAt });
    rig.pass(30);
    expect(await post(change(instance, 'terminated'), change(instance, 'terminated'))).toEqual({ confirmed: 2 });
    expect(await instance.row()).toMatchObject({
      instanceStatus: 'terminated',
      terminationConfirmed: true,
      terminatedAt,
    });
    expect(await count(instance, 'instance_terminated')).toBe(1);
    await expectOneFailover(instance, standby.id, epoch);
  });

  it('to shutting-down dates the end, also if a job confirms it before EC2 does', async () => {
    const instance = await primary();
    await standbyOf(instance);
    await post(warning(instance));
    rig.pass(130);
    const terminatedAt = rig.clock.now();
    await post(change(instance, 'shutting-down'));
    rig.pass(70);
    const unlimited = runTime(() => Number.POSITIVE_INFINITY);
    await confirmTaken(rig.db, unlimited, rig.clock.now());
    expect(await instance.row()).toMatchObject({ instanceStatus: 'terminated', terminatedAt });
  });

  it('of a primary that nobody replaces yet counts as one notice, however many changes follow', async () => {
    const instance = await primary();
    expect(await post(change(instance, 'shutting-down'))).toEqual({ pending: 1 });
    rig.pass(30);
    expect(await post(change(instance, 'terminated'))).toEqual({ pending: 1 });
    expect(await notices(instance)).toHaveLength(1);
    expect(await instance.replicas()).toHaveLength(1);
    expect(await instance.row()).toMatchObject({ isPrimary: true });
  });

  it.each(['pending', 'running', 'rebooting', 'a state to come'])('to %s is ignored', async (state) => {
    const instance = await primary();
    const before = await everything(instance);
    expect(await post(change(instance, state))).toEqual({ nothing: 1 });
    expect(await everything(instance)).toEqual(before);
  });

  it("of the standby's instance gives the standby up", async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    expect(await post(change(standby, 'terminated'))).toEqual({ 'standby-lost': 1 });
    expect(await instance.replicas()).toMatchObject([{ status: 'failed', terminationConfirmed: true }]);
    expect((await instance.instances())[standby.id]).toMatchObject({ instanceStatus: 'terminated' });
    expect(await instance.agentRow()).toMatchObject({ instanceId: instance.id });
  });

  it('of a primary that a switch is replacing is part of the switch', async () => {
    const instance = await primary();
    await instance.queueSwitch(`${instance.facts.type}.us-east-1b`);
    const [command] = (await instance.pendingCommands()).body;
    const before = await everything(instance);
    expect(await post(change(instance, 'shutting-down'))).toEqual({ nothing: 1 });
    expect(await everything(instance)).toEqual(before);
    // Also when its agent has reported success, and the successor has yet to register.
    await instance.executed(command.id);
    expect(await post(change(instance, 'terminated'))).toEqual({ nothing: 1 });
    expect(await notices(instance)).toEqual([]);
  });
});

describe('one notice, reported by the agent and by EventBridge', () => {
  const agentTells = async (instance: TestInstance) => {
    await instance.emergency('termination-notice');
    return instance.terminationImminent();
  };
  const eventsTell = (instance: TestInstance) =>
    post(...Array.from({ length: 5 }, () => warning(instance, { ago: 1 })));
  const orders = {
    'agent first': async (instance: TestInstance) => {
      await agentTells(instance);
      rig.pass(3);
      await eventsTell(instance);
    },
    'EventBridge first': async (instance: TestInstance) => {
      await eventsTell(instance);
      rig.pass(3);
      await agentTells(instance);
    },
    'at once': (instance: TestInstance) =>
      Promise.all([
        agentTells(instance),
        ...Array.from({ length: 5 }, (_, i) => post(warning(instance, { ago: i % 3 }))),
        agentTells(instance),
      ]),
  };

  /** Concurrent reports may arrive in any order, so they are tried more often. */
  const triesOf = (order: string) => (order === 'at once' ? 4 : 1);

  it.each(
    Object.entries(orders),
  )('%s, five times over, causes one failover to a ready standby', async (order, tell) => {
    for (let i = 0; i < triesOf(order); i += 1) {
      const instance = await primary();
      const standby = await standbyOf(instance);
      const { epoch } = await instance.agentRow();
      await tell(instance);
      await expectOneFailover(instance, standby.id, epoch);
      expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: standby.id });
    }
  });

  it.each(
    Object.entries(orders).flatMap(([order, tell]) =>
      (['none', 'launching'] as const).map((standby) => ({ order, tell, standby })),
    ),
  )('$order, five times over, causes one failover with standby: $standby', async ({ order, tell, standby }) => {
    for (let i = 0; i < triesOf(order); i += 1) {
      const instance = await primary();
      if (standby === 'launching') await standbyOf(instance, 'launching');
      const { epoch } = await instance.agentRow();
      await tell(instance);
      expect(await notices(instance)).toHaveLength(1);
      expect(await count(instance, 'termination_notice')).toBe(1);
      const active = (await instance.replicas()).filter(({ isActive }) => isActive);
      expect(active).toHaveLength(1);
      const next = newInstanceId();
      await instance.putReplica(active[0]!.id, next);
      await expectOneFailover(instance, next, epoch);
      expect((await instance.terminationImminent()).body).toMatchObject({ success: true, new_instance_id: next });
    }
  });
});

describe('time', () => {
  it.each([0, 1, 30, 119, 300, 600])('a warning that comes %i s late is acted on', async (ago) => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    rig.pass(900);
    expect(await post(warning(instance, { ago }))).toEqual({ promoted: 1 });
    await expectOneFailover(instance, standby.id, epoch);
  });

  it.each([30, 119, 300])('a warning that comes %i s after the agent’s report adds nothing', async (late) => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    await instance.terminationImminent();
    rig.pass(late);
    expect(await post(warning(instance, { ago: late }))).toEqual({ promoted: 1 });
    await expectOneFailover(instance, standby.id, epoch);
  });

  it.each([
    ['warning', (instance: TestInstance) => warning(instance, { ago: 601 })],
    ['recommendation', (instance: TestInstance) => recommendation(instance, { ago: 601 })],
    ['change of state', (instance: TestInstance) => change(instance, 'stopped', { ago: 601 })],
  ])('a %s that is more than ten minutes old is recorded once, and not acted on', async (_, stale) => {
    const instance = await primary();
    await standbyOf(instance);
    rig.pass(900);
    const { events: _events, ...before } = await everything(instance);
    const message = stale(instance);
    expect(await post(message, message)).toEqual({ stale: 2 });
    expect(await post(message)).toEqual({ stale: 1 });
    const { events, ...after } = await everything(instance);
    expect(after).toEqual(before);
    expect(events.filter(({ eventType }) => eventType === 'stale_notice')).toHaveLength(1);
  });

  it('of the first delivery counts: a redelivered message decides as the first did', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    const first = rig.pass(60);
    const body = JSON.stringify(warning(instance, { ago: 500 }));
    rig.pass(400);
    const attributes = { ApproximateFirstReceiveTimestamp: String(first.getTime()) };
    const Records = [{ messageId: '1', body, attributes }];
    expect(await rig.controlPlane.invoke('spot-events', { Records })).toEqual({ batchItemFailures: [] });
    await expectOneFailover(instance, standby.id, epoch);
    expect(await instance.agentRow()).toMatchObject({ lastFailoverAt: first });
  });

  it('of an event from the future is replaced by our own', async () => {
    const instance = await primary();
    const now = rig.clock.now();
    await post(warning(instance, { ago: -7200 }));
    expect(await notices(instance)).toMatchObject([
      { detectedAt: now, terminationTime: new Date(now.getTime() + 120_000) },
    ]);
  });
});

describe('what is dropped', () => {
  const detail = (instance: TestInstance) => ({ 'instance-id': instance.id, 'instance-action': 'terminate' });
  it.each<[string, string, (instance: TestInstance) => unknown]>([
    ['malformed', 'text', () => 'not JSON'],
    ['malformed', 'an empty body', () => ''],
    ['malformed', 'a list', () => []],
    ['malformed', 'null', () => 'null'],
    ['malformed', 'no detail', (instance) => warning(instance, { detail: undefined })],
    ['malformed', 'no instance', () => event(detailTypes.interruption, { 'instance-action': 'terminate' })],
    ['malformed', 'no action', (instance) => event(detailTypes.interruption, { 'instance-id': instance.id })],
    ['malformed', 'no state', (instance) => event(detailTypes.stateChange, { 'instance-id': instance.id })],
    ['malformed', 'a state that is a number', (instance) => change(instance, 16 as never)],
    ['malformed', 'an instance by no id of EC2', () => warning({ id: "i-1' OR 1=1 -- \ud800" })],
    ['malformed', 'a very long id', () => warning({ id: `i-${'0'.repeat(100_000)}` })],
    ['malformed', 'no time', (instance) => warning(instance, { time: undefined })],
    ['malformed', 'no real time', (instance) => warning(instance, { time: '2026-02-30T00:00:00Z' })],
    ['malformed', 'a time before time', (instance) => warning(instance, { time: '0001-01-01T00:00:00Z' })],
    ['malformed', 'no account', (instance) => warning(instance, { account: undefined })],
    ['malformed', 'an account of letters', (instance) => warning(instance, { account: 'a'.repeat(12) })],
    ['malformed', 'no version', (instance) => warning(instance, { version: undefined })],
    ['future_version', 'version 1', (instance) => warning(instance, { version: '1' })],
    ['unknown_type', 'another type', (instance) => event('EC2 Fleet Error', detail(instance))],
    ['unknown_type', 'another source', (instance) => warning(instance, { source: 'com.example' })],
    ['unknown_instance', 'an instance that is nobody’s', () => warning({ id: newInstanceId() })],
    [
      'foreign_account',
      'an account that is not the tenant’s',
      (instance) => warning(instance, { account: '9'.repeat(12) }),
    ],
  ])('%s: %s', async (reason, _, make) => {
    const instance = await primary();
    const before = await everything(instance);
    const letters = rig.controlPlane.deadLetters.length;
    const other = await primary();
    // It does not hold up the other event of its batch.
    expect(await post(make(instance), warning(other))).toEqual({ [reason]: 1, pending: 1 });
    expect(await everything(instance)).toEqual(before);
    expect(rig.controlPlane.deadLetters).toHaveLength(letters);
  });

  it('an event from any account, if the tenant has named none', async () => {
    const instance = await primary(await tenantOf(undefined));
    expect(await post(warning(instance))).toEqual({ foreign_account: 1 });
  });

  it('an event from a tenant’s account about another tenant’s instance', async () => {
    const [theirs, ours] = [await tenantOf('2'.repeat(12)), await primary()];
    const instance = await primary(theirs);
    expect(await post(warning(instance), warning(ours, { account: '2'.repeat(12) }))).toEqual({ foreign_account: 2 });
  });

  it('an event about a deleted agent', async () => {
    const instance = await primary();
    await instance.set({ status: 'deleted' });
    expect(await post(warning(instance), recommendation(instance))).toEqual({ agent_not_found: 2 });
  });

  it.each([
    '12345678901',
    '1234567890123',
    'a'.repeat(12),
    123456789012,
  ])('an account ID %j of a new tenant', async (id) => {
    const body = { name: randomUUID(), aws_account_id: id };
    expect((await rig.asAdmin('POST', '/api/admin/clients/create', body)).status).toBe(400);
  });
});

describe('a database that fails', () => {
  it('hands back only the message that it failed, and a redelivery fails over once', async () => {
    const given = await Promise.all([1, 2, 3].map(async () => ({ instance: await primary(), epoch: 1 })));
    const standbys = [];
    for (const { instance } of given) standbys.push(await standbyOf(instance));
    rig.faults.inject({
      error: 'AccessDeniedException',
      when: 'before',
      sql: /insert into `spot_interruption_events`/i,
    });
    const attributes = { ApproximateFirstReceiveTimestamp: String(rig.clock.now().getTime()) };
    const messages = given.map(({ instance }, i) => ({
      messageId: `m${i}`,
      body: JSON.stringify(warning(instance)),
      attributes,
    }));
    const { batchItemFailures } = (await rig.controlPlane.invoke('spot-events', { Records: messages })) as {
      batchItemFailures: { itemIdentifier: string }[];
    };
    // They are handled concurrently: the fault strikes whichever comes first.
    expect(batchItemFailures).toHaveLength(1);
    const struck = messages.findIndex(({ messageId }) => messageId === batchItemFailures[0]!.itemIdentifier);
    expect(await notices(given[struck]!.instance)).toEqual([]);
    expect(await rig.controlPlane.invoke('spot-events', { Records: [messages[struck]] })).toEqual({
      batchItemFailures: [],
    });
    for (const [i, { instance, epoch }] of given.entries()) await expectOneFailover(instance, standbys[i]!.id, epoch);
  });

  const faults: Fault[] = [
    { error: 'InternalServerErrorException', when: 'before', operation: 'BeginTransaction', times: 3 },
    { error: 'InternalServerErrorException', when: 'before', operation: 'CommitTransaction' },
    { error: 'InternalServerErrorException', when: 'after', operation: 'CommitTransaction' },
    { error: 'InternalServerErrorException', when: 'after', operation: 'CommitTransaction', times: 2 },
    { error: 'DatabaseErrorException:1213', when: 'before', sql: /UPDATE agents AS a/i, times: 6 },
    { error: 'TransactionNotFoundException', when: 'before', sql: /insert into `switches`/i, times: 5 },
    { error: 'DatabaseResumingException', when: 'before', times: 5 },
    { error: 'AccessDeniedException', when: 'before', times: 3 },
    { error: 'StatementTimeoutException', when: 'before', sql: /from `agents` as `a`/i, times: 2 },
  ];
  it.each(faults)('$error $when $operation $sql: the failover happens, once', async (fault) => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    const letters = rig.controlPlane.deadLetters.length;
    rig.faults.inject(fault);
    const effects = await post(warning(instance));
    expect(effects).toMatchObject({ promoted: 1 });
    rig.faults.clear();
    await expectOneFailover(instance, standby.id, epoch);
    expect(rig.controlPlane.deadLetters).toHaveLength(letters);
  });

  it('for good has the whole message put on the dead-letter queue after twelve deliveries', async () => {
    const instance = await primary();
    const standby = await standbyOf(instance);
    const { epoch } = await instance.agentRow();
    rig.faults.inject({ error: 'AccessDeniedException', when: 'before', times: Number.POSITIVE_INFINITY });
    const message = warning(instance);
    expect(await post('not JSON', message)).toEqual({ malformed: 1, failed: 12 });
    rig.faults.clear();
    const letter = rig.controlPlane.deadLetters.at(-1)!;
    expect(JSON.parse(letter)).toEqual(message);
    await post(letter); // as an operator would redrive it
    await expectOneFailover(instance, standby.id, epoch);
  });
});

/** In a soak, as many as when a zone is lost. */
const atOnce = sizes.notices;

describe(`${atOnce} instances at once`, () => {
  it('all fail over, and none is lost', async () => {
    const fleet = await seed(atOnce);
    const letters = rig.controlPlane.deadLetters.length;
    const began = performance.now();
    const effects = await post(...fleet.instances.map((id) => warning({ id })));
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${atOnce} notices decided in ${seconds.toFixed(1)} s, 10 batches of 10 at a time; ${JSON.stringify(effects)}`,
    );
    expect(effects.promoted).toBe(atOnce);
    expect(rig.controlPlane.deadLetters).toHaveLength(letters);
    const { clientId } = fleet;
    const primaries = await rig.db
      .selectFrom('instances as i')
      .innerJoin('agents as a', 'a.instanceId', 'i.id')
      .select('i.id')
      .where('i.clientId', '=', clientId)
      .where('i.isPrimary', '=', true)
      .execute();
    expect(primaries.map(({ id }) => id).toSorted()).toEqual(fleet.standbys.toSorted());
    const done = await rig.db
      .selectFrom('spotInterruptionEvents')
      .select('instanceId as id')
      .where('clientId', '=', clientId)
      .where('failoverCompleted', '=', true)
      .execute();
    expect(done.map(({ id }) => id).toSorted()).toEqual(fleet.instances.toSorted());
    const told = await rig.db
      .selectFrom('systemEvents')
      .select('id')
      .where('clientId', '=', clientId)
      .where('eventType', '=', 'failover_completed')
      .execute();
    expect(told).toHaveLength(atOnce);
  }, 180_000);
});

/** Inserts agents with a primary in one pool and a ready standby in another, directly into the tables. */
async function seed(size: number) {
  const { id: clientId } = await tenantOf(account);
  const now = rig.clock.now();
  const place = { clientId, instanceType: 'm5.large', region: 'us-east-1' };
  const fleet = Array.from({ length: size }, () => ({
    agentId: randomUUID(),
    instance: `i-0${randomBytes(8).toString('hex')}`,
    standby: `i-5${randomBytes(8).toString('hex')}`,
  }));
  for (let i = 0; i < size; i += 100) {
    const some = fleet.slice(i, i + 100);
    await rig.db
      .insertInto('agents')
      .values(
        some.map(({ agentId, instance }) => ({
          ...place,
          id: agentId,
          logicalAgentId: agentId,
          status: 'online' as const,
          instanceId: instance,
          az: 'us-east-1a',
          currentMode: 'spot' as const,
          currentPoolId: 'm5.large.us-east-1a',
          createdAt: now,
          updatedAt: now,
        })),
      )
      .execute();
    const rowOf = (agentId: string, id: string, isPrimary: boolean) => ({
      ...place,
      id,
      agentId,
      az: isPrimary ? 'us-east-1a' : 'us-east-1b',
      instanceStatus: isPrimary ? ('running_primary' as const) : ('running_replica' as const),
      isPrimary,
      currentMode: 'spot' as const,
      currentPoolId: `m5.large.us-east-1${isPrimary ? 'a' : 'b'}`,
      installedAt: now,
      createdAt: now,
    });
    await rig.db
      .insertInto('instances')
      .values(
        some.flatMap(({ agentId, instance, standby }) => [
          rowOf(agentId, instance, true),
          rowOf(agentId, standby, false),
        ]),
      )
      .execute();
    await rig.db
      .insertInto('replicaInstances')
      .values(
        some.map(({ agentId, standby }) => ({
          ...place,
          id: randomUUID(),
          agentId,
          instanceId: standby,
          replicaType: 'automatic-rebalance',
          poolId: 'm5.large.us-east-1b',
          az: 'us-east-1b',
          status: 'ready' as const,
          createdAt: now,
        })),
      )
      .execute();
  }
  return {
    clientId,
    instances: fleet.map(({ instance }) => instance),
    standbys: fleet.map(({ standby }) => standby),
  };
}

describe('the code that serves notices and agents', () => {
  it.each(['spot-events', 'replica', 'agent'])('contains no decision engine and no model: %s', async (name) => {
    const { metafile } = await build({
      entryPoints: [`functions/${name}/handler.ts`],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      write: false,
      metafile: true,
      logLevel: 'error',
    });
    const files = Object.keys(metafile.inputs);
    expect(files).toContain(`functions/core/failover/${name === 'agent' ? 'rebalance-recommendation' : 'notices'}.ts`);
    const engine = /^functions\/decision\/|^functions\/core\/decision\/(policy|log|decide-agents)|onnx|^layers\//;
    expect(files.filter((file) => engine.test(file))).toEqual([]);
  });
});
