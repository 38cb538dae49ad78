import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { type Insertable, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandTable } from '../../../functions/shared/schema.ts';
import type { Machine } from '../../support/machine.ts';
import { Rig } from '../../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const pool = 'm5.large.us-east-1b';

/** A primary on demand whose agent knows a spot pool to go to. */
async function withPool(facts = {}): Promise<Machine> {
  const machine = await rig.primary(facts);
  await machine.report(0.1, { 'us-east-1b': 0.03 });
  return machine;
}

const insert = (machine: Machine, values: Partial<Insertable<CommandTable>>) =>
  rig.db
    .insertInto('commands')
    .values({
      id: randomUUID(),
      clientId: machine.tenant.id,
      agentId: machine.agentId,
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
    const machine = await withPool();
    const answer = await machine.queueSwitch(pool, { reason: 'cheaper', priority: 60 });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        success: true,
        agent_id: machine.agentId,
        target_mode: 'spot',
        target_pool_id: pool,
        reason: 'cheaper',
        auto_switch_enabled: true,
      },
    });
    expect(await machine.commands()).toMatchObject([
      { id: answer.body.command_id, commandType: 'switch', status: 'pending', priority: 60, createdBy: 'manual' },
    ]);
    expect(await machine.events('switch_issued')).toMatchObject([{ severity: 'info', notify: true }]);
  });

  it('is of priority 25 and a manual command unless said otherwise', async () => {
    const machine = await withPool();
    await machine.queueSwitch(pool);
    expect(await machine.commands()).toMatchObject([{ priority: 25, reason: 'Manual command' }]);
  });

  it.each([
    [true, 120, 120],
    [true, 0, 300],
    [false, 120, 0],
  ])('of an agent with auto-terminate %s and a wait of %i s waits %i s', async (autoTerminateEnabled, terminateWaitSeconds, wait) => {
    const machine = await withPool();
    await machine.set({ autoTerminateEnabled, terminateWaitSeconds });
    await machine.queueSwitch(pool);
    expect(await machine.commands()).toMatchObject([{ terminateWaitSeconds: wait }]);
  });

  it('asks whether the agent is there, then enabled, then may switch, and only then what for', async () => {
    const machine = await withPool();
    const nowhere = 'm5.large.us-east-1z';
    await machine.set({ enabled: false, autoSwitchEnabled: false });
    expect(await machine.queueSwitch(nowhere)).toMatchObject({ status: 400, body: { error: 'Agent is disabled' } });
    await machine.set({ enabled: true });
    expect(await machine.queueSwitch(nowhere)).toMatchObject({ status: 403, body: { auto_switch_enabled: false } });
    expect((await machine.queueSwitch(nowhere)).body).toHaveProperty('hint');
    await machine.set({ autoSwitchEnabled: true });
    expect((await machine.queueSwitch(nowhere)).status).toBe(400);
    machine.handle = randomUUID();
    expect((await machine.queueSwitch(nowhere)).status).toBe(404);
  });

  it.each([
    ['no pool', {}],
    ['a pool nobody knows', { target_pool_id: 'm5.large.us-east-1z' }],
    ['a pool of another type', { target_pool_id: 'c5.large.us-east-1b' }],
    ['a pool of another region', { target_pool_id: 'm5.large.eu-west-1a' }],
  ])('to spot with %s is a 400', async (_, body) => {
    const machine = await withPool();
    await rig.primary({ mode: 'spot', type: 'c5.large', az: 'us-east-1b' });
    await rig.primary({ mode: 'spot', region: 'eu-west-1', az: 'eu-west-1a' });
    const answer = await machine.request('POST', '/issue-switch-command', { target_mode: 'spot', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toHaveProperty('target_pool_id');
    expect(await machine.commands()).toEqual([]);
  });

  it.each([
    ['on-demand', 'ondemand', null],
    ['its pool', 'spot', 'm5.large.us-east-1a'],
  ] as const)('to %s for an agent that is there is no command, and a 200 that says so', async (_, mode, target) => {
    const machine = await rig.primary({ mode });
    expect(await machine.queueSwitch(target)).toMatchObject({
      status: 200,
      body: { success: false, current_mode: mode, current_pool_id: target },
    });
    expect(await machine.commands()).toEqual([]);
  });

  it('while another switch is open is a 409; of two at once one is queued', async () => {
    const machine = await withPool();
    const statuses = (await Promise.all([machine.queueSwitch(pool), machine.queueSwitch(pool)])).map((a) => a.status);
    expect(statuses.sort()).toEqual([201, 409]);
    await machine.pendingCommands();
    expect((await machine.queueSwitch(pool)).status).toBe(409);
    expect(await machine.commands()).toHaveLength(1);
  });
});

describe('pending-commands (A4)', () => {
  it('hands a command out once, with everything that agents need of it', async () => {
    const machine = await withPool();
    const { body: queued } = await machine.queueSwitch(pool);
    const { status, body } = await machine.pendingCommands();
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        id: queued.command_id,
        command_type: 'switch',
        target_mode: 'spot',
        target_pool_id: pool,
        terminate_wait_seconds: 0,
        priority: 25,
        instance_id: machine.id,
        created_at: rig.clock.now().toISOString(),
      },
    ]);
    for (let i = 0; i < 80; i += 1) {
      rig.pass(15);
      expect((await machine.pendingCommands()).body).toEqual([]);
    }
    expect(await machine.agentRow()).toMatchObject({ status: 'switching' });
  });

  it.each([
    ['4.0.0', 0],
    ['3.2.0', 120],
  ])('tells version %s to wait %i s, which is deferred to instances-to-terminate for version 4 (9.8)', async (version, wire) => {
    const machine = await withPool({ version });
    await machine.set({ terminateWaitSeconds: 120 });
    await machine.queueSwitch(pool);
    expect((await machine.pendingCommands()).body).toMatchObject([{ terminate_wait_seconds: wire }]);
    expect(await machine.commands()).toMatchObject([{ terminateWaitSeconds: 120 }]);
  });

  it('leases it to the machine that took it, for its wait and 15 minutes more', async () => {
    const machine = await withPool();
    await machine.queueSwitch(pool);
    await machine.pendingCommands();
    expect(await machine.commands()).toMatchObject([
      {
        status: 'dispatched',
        dispatchedAt: rig.clock.now(),
        dispatchedTo: machine.id,
        leaseUntil: new Date(rig.clock.now().getTime() + (300 + 900) * 1000),
      },
    ]);
  });

  it('to two agents of one logical id gives one command to one machine', async () => {
    const machine = await withPool();
    const beside = machine.successor();
    await beside.register();
    await machine.queueSwitch(pool);
    const polls = Array.from({ length: 10 }, (_, i) => (i % 2 ? beside : machine).pendingCommands());
    const handed = (await Promise.all(polls)).map((poll) => poll.body.length);
    expect(handed.filter((n) => n === 1)).toHaveLength(1);
    expect(await machine.commands()).toMatchObject([{ dispatchedTo: machine.id }]);
  });

  it('gives the highest priority first, of equals the oldest, one at a time', async () => {
    const machine = await withPool();
    const at = (seconds: number) => new Date(rig.clock.now().getTime() + seconds * 1000);
    await insert(machine, { priority: 10, message: 'last' });
    await insert(machine, { priority: 80, createdAt: at(1), message: 'second' });
    await insert(machine, { priority: 80, createdAt: at(0), message: 'first' });
    const handed: string[] = [];
    for (let i = 0; i < 4; i += 1)
      handed.push(...(await machine.pendingCommands()).body.map((c: { id: string }) => c.id));
    const byId = new Map((await machine.commands()).map((row) => [row.id, row.message]));
    expect(handed.map((id) => byId.get(id))).toEqual(['first', 'second', 'last']);
  });

  it('never gives create_replica to version 3.2, which would carry it out as a switch', async () => {
    const machine = await withPool({ version: '3.2.0' });
    await insert(machine, { priority: 100 });
    expect((await machine.pendingCommands()).body).toEqual([]);
    await machine.queueSwitch(pool);
    expect((await machine.pendingCommands()).body).toMatchObject([{ command_type: 'switch' }]);
  });

  it.each([
    ['disabled', { enabled: false }],
    ['deleted', { status: 'deleted' }],
  ] as const)('gives nothing to an agent that is %s', async (_, values) => {
    const machine = await withPool();
    await machine.queueSwitch(pool);
    await machine.set(values);
    expect((await machine.pendingCommands()).body).toEqual([]);
  });

  it('gives a switch to the machine that took over, not to the one it took over from', async () => {
    const old = await withPool();
    const next = old.successor();
    await old.switchReport(next);
    next.handle = `${old.agentId}~${next.id}`;
    await next.queueSwitch(pool);
    expect((await old.pendingCommands()).body).toEqual([]);
    expect((await next.pendingCommands()).body).toHaveLength(1);
  });

  it('keeps a switch for a day and then lets it go', async () => {
    const machine = await withPool();
    await machine.queueSwitch(pool);
    rig.pass(86_400);
    expect((await machine.pendingCommands()).body).toEqual([]);
    await rig.runJob('sweep-commands');
    expect(await machine.commands()).toMatchObject([{ status: 'expired' }]);
    expect((await machine.queueSwitch(pool)).status).toBe(201);
  });

  it('never contains a null wait, a null priority, or spot without a pool, whatever was queued', async () => {
    const machine = await withPool();
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
      await rig.db.deleteFrom('commands').where('agentId', '=', machine.agentId).execute();
      await machine.set({ agentVersion: command.version, autoTerminateEnabled: command.autoTerminate });
      if (command.asked) await machine.queueSwitch(command.targetPoolId, { priority: command.priority ?? undefined });
      else
        await sql`INSERT INTO commands (id, client_id, agent_id, command_type, target_mode, target_pool_id, priority,
            terminate_wait_seconds, status, created_by, trigger_type, expires_at, created_at)
          VALUES (${randomUUID()}, ${machine.tenant.id}, ${machine.agentId}, ${command.commandType}, ${command.targetMode},
            ${command.targetPoolId}, ${command.priority}, ${command.wait}, 'pending', 'manual', 'manual',
            ${new Date(rig.clock.now().getTime() + 1000)}, ${rig.clock.now()})`
          .execute(rig.db)
          .catch(() => undefined); // what the table refuses cannot be handed out
      const { status, body } = await machine.pendingCommands();
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
    const machine = await withPool(facts);
    await machine.queueSwitch(pool);
    const { body } = await machine.pendingCommands();
    return { machine, id: body[0].id as string };
  }

  it('closes a command with the agent’s word', async () => {
    const { machine, id } = await dispatched();
    const now = rig.pass(5);
    expect(await machine.executed(id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await machine.commands()).toMatchObject([
      { status: 'completed', success: true, message: 'Switch completed', executedAt: now, completedAt: now },
    ]);
    expect(await machine.agentRow()).toMatchObject({ status: 'online' });
  });

  it('that failed warns the tenant, and leaves room for another switch', async () => {
    const { machine, id } = await dispatched();
    await machine.executed(id, { success: false, message: 'Switch failed' });
    expect(await machine.commands()).toMatchObject([{ status: 'failed', success: false, message: 'Switch failed' }]);
    expect(await machine.events('command_failed')).toMatchObject([{ severity: 'warning', notify: true }]);
    expect((await machine.queueSwitch(pool)).status).toBe(201);
  });

  it.each([true, false])('says success %s once: the first result stands', async (success) => {
    const { machine, id } = await dispatched();
    await machine.executed(id, { success, message: 'first' });
    const [first] = await machine.commands();
    rig.pass(5);
    expect((await machine.executed(id, { success: !success, message: 'second' })).status).toBe(200);
    expect(await machine.commands()).toEqual([first]);
    expect(await machine.events('command_failed')).toHaveLength(success ? 0 : 1);
  });

  it('without a body means success', async () => {
    const { machine, id } = await dispatched();
    expect((await machine.request('POST', `/commands/${id}/executed`)).status).toBe(200);
    expect(await machine.commands()).toMatchObject([{ status: 'completed', success: true }]);
  });

  it('is how version 3.2 closes each of its commands', async () => {
    const { machine, id } = await dispatched({ version: '3.2.0' });
    expect(await machine.executed(id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await machine.commands()).toMatchObject([{ status: 'completed', success: true }]);
    expect((await machine.pendingCommands()).body).toEqual([]);
  });

  it('may come from the machine that carried the command out and is a zombie by now', async () => {
    const { machine, id } = await dispatched();
    const next = machine.successor({ mode: 'spot', az: 'us-east-1b' });
    await next.register();
    expect((await machine.executed(id)).status).toBe(200);
    expect(await machine.commands()).toMatchObject([{ status: 'completed', inferred: false, newInstanceId: next.id }]);
  });

  it.each([
    '3.2.0',
    '4.0.0',
  ])('of version %s for a command that is unknown, or was never handed out, is a 404', async (version) => {
    const machine = await withPool({ version });
    const { body } = await machine.queueSwitch(pool);
    expect((await machine.executed(randomUUID())).status).toBe(404);
    expect((await machine.executed(body.command_id)).status).toBe(404);
    expect(await machine.commands()).toMatchObject([{ status: 'pending' }]);
  });

  it('of another agent of the same tenant is a 404, and changes nothing', async () => {
    const { machine, id } = await dispatched();
    const other = await rig.primary({}, machine.tenant);
    expect((await other.executed(id)).status).toBe(404);
    expect(await machine.commands()).toMatchObject([{ status: 'dispatched' }]);
  });
});

describe('command sweep (9.6)', () => {
  const lease = 300 + 900;

  async function handedOut() {
    const machine = await withPool();
    await machine.queueSwitch(pool);
    await machine.pendingCommands();
    return machine;
  }

  it('leaves a command alone until its lease ends', async () => {
    const machine = await handedOut();
    rig.pass(lease - 1);
    await rig.runJob('sweep-commands');
    expect(await machine.commands()).toMatchObject([{ status: 'dispatched' }]);
  });

  it('fails one whose successor never came, and says so as an error', async () => {
    const machine = await handedOut();
    rig.pass(lease);
    await rig.runJob('sweep-commands');
    await rig.runJob('sweep-commands');
    expect(await machine.commands()).toMatchObject([{ status: 'failed', success: false, inferred: false }]);
    expect(await machine.events('command_expired')).toMatchObject([{ severity: 'error', notify: true }]);
    expect(await machine.switches()).toEqual([]);
    expect(await machine.agentRow()).toMatchObject({ status: 'online' });
  });

  it('keeps what it inferred when the agent’s word comes late', async () => {
    const machine = await handedOut();
    const id = (await machine.commands())[0]!.id;
    const next = machine.successor({ mode: 'spot', az: 'us-east-1b' });
    await next.register();
    rig.pass(lease);
    await rig.runJob('sweep-commands');
    expect((await machine.executed(id, { success: false, message: 'late' })).status).toBe(200);
    expect(await machine.commands()).toMatchObject([{ status: 'completed', inferred: true }]);
  });
});

describe('what no statement can write', () => {
  it('is a second open switch of an agent; a closed one makes room', async () => {
    const machine = await withPool();
    const open = (status: 'pending' | 'dispatched' | 'completed') => insert(machine, { commandType: 'switch', status });
    await open('dispatched');
    await expect(open('pending')).rejects.toMatchObject({ errno: 1062 });
    await expect(open('dispatched')).rejects.toMatchObject({ errno: 1062 });
    await open('completed');
    await insert(machine, { commandType: 'create_replica' });
  });

  it('is spot without a pool, or an unknown target', async () => {
    const machine = await withPool();
    await expect(insert(machine, { targetPoolId: null })).rejects.toThrow('ck_commands_spot_has_pool');
    await expect(insert(machine, { targetMode: 'unknown' as never })).rejects.toThrow('ck_commands_target_mode');
  });
});
