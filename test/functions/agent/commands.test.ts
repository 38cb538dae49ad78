import { randomUUID } from 'node:crypto';
import { type Insertable, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandTable } from '../../../functions/shared/schema.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import fc from '../../support/fast-check.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pool = 'm5.large.us-east-1b';

/** An on-demand primary whose agent has reported a spot pool to switch to. */
async function withPool(facts = {}): Promise<TestInstance> {
  const instance = await rig.primary(facts);
  await instance.report(0.1, { 'us-east-1b': 0.03 });
  return instance;
}

const insert = (instance: TestInstance, values: Partial<Insertable<CommandTable>>) =>
  rig.db
    .insertInto('commands')
    .values({
      id: randomUUID(),
      clientId: instance.tenant.id,
      agentId: instance.agentId,
      commandType: 'create_replica',
      targetMode: 'spot',
      targetPoolId: pool,
      status: 'pending',
      createdBy: 'manual',
      triggerType: 'manual',
      expiresAt: new Date(rig.clock.now().getTime() + 86_400_000),
      createdAt: rig.clock.now(),
      ...values,
    })
    .execute();

describe('issue-switch-command (A14)', () => {
  it('queues a switch and says what it queued', async () => {
    const instance = await withPool();
    const answer = await instance.queueSwitch(pool, { reason: 'cheaper', priority: 60 });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        success: true,
        agent_id: instance.agentId,
        target_mode: 'spot',
        target_pool_id: pool,
        reason: 'cheaper',
        auto_switch_enabled: true,
      },
    });
    expect(await instance.commands()).toMatchObject([
      { id: answer.body.command_id, commandType: 'switch', status: 'pending', priority: 60, createdBy: 'manual' },
    ]);
    expect(await instance.events('switch_issued')).toMatchObject([{ severity: 'info', notify: true }]);
  });

  it('has priority 25 and the reason "Manual command" by default', async () => {
    const instance = await withPool();
    await instance.queueSwitch(pool);
    expect(await instance.commands()).toMatchObject([{ priority: 25, reason: 'Manual command' }]);
  });

  it.each([
    [true, 120, 120],
    [true, 0, 300],
    [false, 120, 0],
  ])('of an agent with auto-terminate %s and a wait of %i s waits %i s', async (autoTerminateEnabled, terminateWaitSeconds, wait) => {
    const instance = await withPool();
    await instance.set({ autoTerminateEnabled, terminateWaitSeconds });
    await instance.queueSwitch(pool);
    expect(await instance.commands()).toMatchObject([{ terminateWaitSeconds: wait }]);
  });

  it('checks that the agent exists, is enabled and may switch, and only then checks the target', async () => {
    const instance = await withPool();
    const nowhere = 'm5.large.us-east-1z';
    await instance.set({ enabled: false, autoSwitchEnabled: false });
    expect(await instance.queueSwitch(nowhere)).toMatchObject({ status: 400, body: { error: 'Agent is disabled' } });
    await instance.set({ enabled: true });
    expect(await instance.queueSwitch(nowhere)).toMatchObject({ status: 403, body: { auto_switch_enabled: false } });
    expect((await instance.queueSwitch(nowhere)).body).toHaveProperty('hint');
    await instance.set({ autoSwitchEnabled: true });
    expect((await instance.queueSwitch(nowhere)).status).toBe(400);
    instance.handle = randomUUID();
    expect((await instance.queueSwitch(nowhere)).status).toBe(404);
  });

  it.each([
    ['no pool', {}],
    ['a pool nobody knows', { target_pool_id: 'm5.large.us-east-1z' }],
    ['a pool of another type', { target_pool_id: 'c5.large.us-east-1b' }],
    ['a pool of another region', { target_pool_id: 'm5.large.eu-west-1a' }],
  ])('to spot with %s is a 400', async (_, body) => {
    const instance = await withPool();
    await rig.primary({ mode: 'spot', type: 'c5.large', az: 'us-east-1b' });
    await rig.primary({ mode: 'spot', region: 'eu-west-1', az: 'eu-west-1a' });
    const answer = await instance.request('POST', '/issue-switch-command', { target_mode: 'spot', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toHaveProperty('target_pool_id');
    expect(await instance.commands()).toEqual([]);
  });

  it.each([
    ['on-demand', 'ondemand', null],
    ['its pool', 'spot', 'm5.large.us-east-1a'],
  ] as const)('to %s, where the agent is already, queues nothing and is a 200 saying so', async (_, mode, target) => {
    const instance = await rig.primary({ mode });
    expect(await instance.queueSwitch(target)).toMatchObject({
      status: 200,
      body: { success: false, current_mode: mode, current_pool_id: target },
    });
    expect(await instance.commands()).toEqual([]);
  });

  it('while another switch is open is a 409; of two concurrent ones, one is queued', async () => {
    const instance = await withPool();
    const statuses = (await Promise.all([instance.queueSwitch(pool), instance.queueSwitch(pool)])).map((a) => a.status);
    expect(statuses.sort()).toEqual([201, 409]);
    await instance.pendingCommands();
    expect((await instance.queueSwitch(pool)).status).toBe(409);
    expect(await instance.commands()).toHaveLength(1);
  });
});

describe('pending-commands (A4)', () => {
  it('hands a command out once, with every field that agents need (defect 2)', async () => {
    const instance = await withPool();
    const { body: queued } = await instance.queueSwitch(pool);
    const { status, body } = await instance.pendingCommands();
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        id: queued.command_id,
        command_type: 'switch',
        target_mode: 'spot',
        target_pool_id: pool,
        terminate_wait_seconds: 0,
        priority: 25,
        instance_id: instance.id,
        created_at: rig.clock.now().toISOString(),
      },
    ]);
    for (let i = 0; i < 80; i += 1) {
      rig.pass(15);
      expect((await instance.pendingCommands()).body).toEqual([]);
    }
    expect(await instance.agentRow()).toMatchObject({ status: 'switching' });
  });

  it.each([
    ['4.0.0', 0],
    ['3.2.0', 120],
  ])('tells version %s to wait %i s; instances-to-terminate defers it for version 4 (9.8)', async (version, wire) => {
    const instance = await withPool({ version });
    await instance.set({ terminateWaitSeconds: 120 });
    await instance.queueSwitch(pool);
    expect((await instance.pendingCommands()).body).toMatchObject([{ terminate_wait_seconds: wire }]);
    expect(await instance.commands()).toMatchObject([{ terminateWaitSeconds: 120 }]);
  });

  it('leases a command to the instance that took it, for its wait plus 15 minutes', async () => {
    const instance = await withPool();
    await instance.queueSwitch(pool);
    await instance.pendingCommands();
    expect(await instance.commands()).toMatchObject([
      {
        status: 'dispatched',
        dispatchedAt: rig.clock.now(),
        dispatchedTo: instance.id,
        leaseUntil: new Date(rig.clock.now().getTime() + (300 + 900) * 1000),
      },
    ]);
  });

  it('gives one command to only one of two instances that share a logical id', async () => {
    const instance = await withPool();
    const beside = instance.successor();
    await beside.register();
    await instance.queueSwitch(pool);
    const polls = Array.from({ length: 10 }, (_, i) => (i % 2 ? beside : instance).pendingCommands());
    const handed = (await Promise.all(polls)).map((poll) => poll.body.length);
    expect(handed.filter((n) => n === 1)).toHaveLength(1);
    expect(await instance.commands()).toMatchObject([{ dispatchedTo: instance.id }]);
  });

  it('gives one command at a time, the highest priority first, then the oldest', async () => {
    const instance = await withPool();
    const at = (seconds: number) => new Date(rig.clock.now().getTime() + seconds * 1000);
    await insert(instance, { priority: 10, message: 'last' });
    await insert(instance, { priority: 80, createdAt: at(1), message: 'second' });
    await insert(instance, { priority: 80, createdAt: at(0), message: 'first' });
    const handed: string[] = [];
    for (let i = 0; i < 4; i += 1)
      handed.push(...(await instance.pendingCommands()).body.map((c: { id: string }) => c.id));
    const byId = new Map((await instance.commands()).map((row) => [row.id, row.message]));
    expect(handed.map((id) => byId.get(id))).toEqual(['first', 'second', 'last']);
  });

  it('never gives create_replica to version 3.2, which would carry it out as a switch', async () => {
    const instance = await withPool({ version: '3.2.0' });
    await insert(instance, { priority: 100 });
    expect((await instance.pendingCommands()).body).toEqual([]);
    await instance.queueSwitch(pool);
    expect((await instance.pendingCommands()).body).toMatchObject([{ command_type: 'switch' }]);
  });

  it.each([
    ['disabled', { enabled: false }],
    ['deleted', { status: 'deleted' }],
  ] as const)('gives nothing to an agent that is %s', async (_, values) => {
    const instance = await withPool();
    await instance.queueSwitch(pool);
    await instance.set(values);
    expect((await instance.pendingCommands()).body).toEqual([]);
  });

  it('gives a switch to the instance that took over, not to the one it replaced', async () => {
    const old = await withPool();
    const next = old.successor();
    await old.switchReport(next);
    next.handle = `${old.agentId}~${next.id}`;
    await next.queueSwitch(pool);
    expect((await old.pendingCommands()).body).toEqual([]);
    expect((await next.pendingCommands()).body).toHaveLength(1);
  });

  it('keeps a switch for a day, then lets it expire', async () => {
    const instance = await withPool();
    await instance.queueSwitch(pool);
    rig.pass(86_400);
    expect((await instance.pendingCommands()).body).toEqual([]);
    await rig.runJob('sweep-commands');
    expect(await instance.commands()).toMatchObject([{ status: 'expired' }]);
    expect((await instance.queueSwitch(pool)).status).toBe(201);
  });

  it('never contains a null wait, a null priority, or spot without a pool, whatever was queued', async () => {
    const instance = await withPool();
    const anyCommand = fc.record({
      commandType: fc.constantFrom('switch', 'create_replica', null),
      targetMode: fc.constantFrom('spot', 'ondemand', 'unknown', null),
      targetPoolId: fc.constantFrom(pool, null),
      priority: fc.option(fc.integer({ min: -5, max: 105 })),
      wait: fc.option(fc.integer({ min: 0, max: 3600 })),
      version: fc.constantFrom('4.0.0', '3.2.0', null),
      autoTerminate: fc.boolean(),
      asked: fc.boolean(),
    });
    const property = fc.asyncProperty(anyCommand, async (command) => {
      await rig.db.deleteFrom('commands').where('agentId', '=', instance.agentId).execute();
      await instance.set({ agentVersion: command.version, autoTerminateEnabled: command.autoTerminate });
      if (command.asked) await instance.queueSwitch(command.targetPoolId, { priority: command.priority ?? undefined });
      else
        await sql`INSERT INTO commands (id, client_id, agent_id, command_type, target_mode, target_pool_id, priority,
            terminate_wait_seconds, status, created_by, trigger_type, expires_at, created_at)
          VALUES (${randomUUID()}, ${instance.tenant.id}, ${instance.agentId}, ${command.commandType}, ${command.targetMode},
            ${command.targetPoolId}, ${command.priority}, ${command.wait}, 'pending', 'manual', 'manual',
            ${new Date(rig.clock.now().getTime() + 1000)}, ${rig.clock.now()})`
          .execute(rig.db)
          .catch(() => undefined); // what the table refuses cannot be handed out
      const { status, body } = await instance.pendingCommands();
      expect(status).toBe(200);
      for (const handed of body) {
        expect(['switch', 'create_replica']).toContain(handed.command_type);
        expect(['spot', 'ondemand']).toContain(handed.target_mode);
        expect(Number.isInteger(handed.terminate_wait_seconds) && handed.terminate_wait_seconds >= 0).toBe(true);
        expect(Number.isInteger(handed.priority)).toBe(true);
        if (handed.target_mode === 'spot') expect(handed.target_pool_id).toBeTruthy();
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('executed (A5) and mark-command-executed (X2)', () => {
  async function dispatched(facts = {}) {
    const instance = await withPool(facts);
    await instance.queueSwitch(pool);
    const { body } = await instance.pendingCommands();
    return { instance, id: body[0].id as string };
  }

  it('closes a command with the result that the agent reports', async () => {
    const { instance, id } = await dispatched();
    const now = rig.pass(5);
    expect(await instance.executed(id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await instance.commands()).toMatchObject([
      { status: 'completed', success: true, message: 'Switch completed', executedAt: now, completedAt: now },
    ]);
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
  });

  it('with a failure warns the tenant and allows another switch', async () => {
    const { instance, id } = await dispatched();
    await instance.executed(id, { success: false, message: 'Switch failed' });
    expect(await instance.commands()).toMatchObject([{ status: 'failed', success: false, message: 'Switch failed' }]);
    expect(await instance.events('command_failed')).toMatchObject([{ severity: 'warning', notify: true }]);
    expect((await instance.queueSwitch(pool)).status).toBe(201);
  });

  it.each([true, false])('with success %s is final: a second result is ignored', async (success) => {
    const { instance, id } = await dispatched();
    await instance.executed(id, { success, message: 'first' });
    const [first] = await instance.commands();
    rig.pass(5);
    expect((await instance.executed(id, { success: !success, message: 'second' })).status).toBe(200);
    expect(await instance.commands()).toEqual([first]);
    expect(await instance.events('command_failed')).toHaveLength(success ? 0 : 1);
  });

  it('without a body means success', async () => {
    const { instance, id } = await dispatched();
    expect((await instance.request('POST', `/commands/${id}/executed`)).status).toBe(200);
    expect(await instance.commands()).toMatchObject([{ status: 'completed', success: true }]);
  });

  it('is how version 3.2 closes each of its commands (defect 13)', async () => {
    const { instance, id } = await dispatched({ version: '3.2.0' });
    expect(await instance.executed(id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await instance.commands()).toMatchObject([{ status: 'completed', success: true }]);
    expect((await instance.pendingCommands()).body).toEqual([]);
  });

  it('can come from the instance that executed the command and is a zombie by now', async () => {
    const { instance, id } = await dispatched();
    const next = instance.successor({ mode: 'spot', az: 'us-east-1b' });
    await next.register();
    expect((await instance.executed(id)).status).toBe(200);
    expect(await instance.commands()).toMatchObject([{ status: 'completed', inferred: false, newInstanceId: next.id }]);
  });

  it.each([
    '3.2.0',
    '4.0.0',
  ])('of version %s for a command that is unknown, or was never handed out, is a 404', async (version) => {
    const instance = await withPool({ version });
    const { body } = await instance.queueSwitch(pool);
    expect((await instance.executed(randomUUID())).status).toBe(404);
    expect((await instance.executed(body.command_id)).status).toBe(404);
    expect(await instance.commands()).toMatchObject([{ status: 'pending' }]);
  });

  it('of another agent of the same tenant is a 404, and changes nothing', async () => {
    const { instance, id } = await dispatched();
    const other = await rig.primary({}, instance.tenant);
    expect((await other.executed(id)).status).toBe(404);
    expect(await instance.commands()).toMatchObject([{ status: 'dispatched' }]);
  });
});

describe('command sweep (9.6)', () => {
  const lease = 300 + 900;

  async function handedOut() {
    const instance = await withPool();
    await instance.queueSwitch(pool);
    await instance.pendingCommands();
    return instance;
  }

  it('leaves a command alone until its lease ends', async () => {
    const instance = await handedOut();
    rig.pass(lease - 1);
    await rig.runJob('sweep-commands');
    expect(await instance.commands()).toMatchObject([{ status: 'dispatched' }]);
  });

  it('fails a switch whose successor never came, and records an error', async () => {
    const instance = await handedOut();
    rig.pass(lease);
    await rig.runJob('sweep-commands');
    await rig.runJob('sweep-commands');
    expect(await instance.commands()).toMatchObject([{ status: 'failed', success: false, inferred: false }]);
    expect(await instance.events('command_expired')).toMatchObject([{ severity: 'error', notify: true }]);
    expect(await instance.switches()).toEqual([]);
    expect(await instance.agentRow()).toMatchObject({ status: 'online' });
  });

  it('keeps what it inferred when the agent’s result comes late', async () => {
    const instance = await handedOut();
    const id = (await instance.commands())[0]!.id;
    const next = instance.successor({ mode: 'spot', az: 'us-east-1b' });
    await next.register();
    rig.pass(lease);
    await next.heartbeat();
    await rig.runJob('sweep-commands');
    expect((await instance.executed(id, { success: false, message: 'late' })).status).toBe(200);
    expect(await instance.commands()).toMatchObject([{ status: 'completed', inferred: true }]);
  });
});

describe('what the database refuses', () => {
  it('is a second open switch of an agent, but not a closed one or another command', async () => {
    const instance = await withPool();
    const open = (status: 'pending' | 'dispatched' | 'completed') =>
      insert(instance, { commandType: 'switch', status });
    await open('dispatched');
    await expect(open('pending')).rejects.toMatchObject({ errno: 1062 });
    await expect(open('dispatched')).rejects.toMatchObject({ errno: 1062 });
    await open('completed');
    await insert(instance, { commandType: 'create_replica' });
  });

  it('is a target of spot without a pool, or an unknown target', async () => {
    const instance = await withPool();
    await expect(insert(instance, { targetPoolId: null })).rejects.toThrow('ck_commands_spot_has_pool');
    await expect(insert(instance, { targetMode: 'unknown' as never })).rejects.toThrow('ck_commands_target_mode');
  });
});
