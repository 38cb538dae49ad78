import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { budgetOf, mergedCalls, steadyCalls } from '../../build/data-api-budgets.ts';
import { requests } from '../../build/request-examples.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { enterLoss } from '../support/database/losses.ts';
import { Rig } from '../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** Records the Data API operations of `act`, in order. */
async function watched<T>(act: () => Promise<T>): Promise<{ operations: string[]; result: T }> {
  const operations: string[] = [];
  rig.controlPlane.dataApi.onCall = ({ operation }) => void operations.push(operation);
  try {
    return { operations, result: await act() };
  } finally {
    rig.controlPlane.dataApi.onCall = undefined;
  }
}

/** Prices of this many zones, named like Local Zones of us-east-1. */
const region = (pools: number) =>
  Object.fromEntries(Array.from({ length: pools }, (_, i) => [zoneOf(i), 0.02 + i / 10_000]));
const zoneOf = (i: number) => `us-east-1-l${letter(Math.floor(i / 26))}${letter(i % 26)}-1a`;
const letter = (i: number) => String.fromCharCode(97 + i);

/** A primary with a zombie and reported prices: everything that a call may have to look at. */
async function busy(): Promise<TestInstance> {
  const old = await rig.primary();
  const instance = old.successor({ mode: 'spot', az: 'us-east-1b' });
  await old.switchReport(instance);
  await instance.register();
  await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.05 });
  return instance;
}

describe('Data API calls of the requests that agents make all day', () => {
  it.each([
    ['a heartbeat', steadyCalls.A2, (m: TestInstance) => m.heartbeat()],
    ['pending-commands with nothing pending', steadyCalls.A4, (m: TestInstance) => m.pendingCommands()],
    ['config', steadyCalls.A3, (m: TestInstance) => m.config()],
    ['the replica list', steadyCalls.R2, (m: TestInstance) => m.request('GET', '/replicas')],
    ['launching replicas', steadyCalls.R2, (m: TestInstance) => m.request('GET', '/replicas?status=launching')],
    ['terminated replicas', steadyCalls.R2, (m: TestInstance) => m.request('GET', '/replicas?status=terminated')],
    ['instances-to-terminate', steadyCalls.X3, (m: TestInstance) => m.instancesToTerminate()],
  ])('%s: %i', async (_, calls, call) => {
    const instance = await busy();
    rig.pass(30);
    expect(await call(instance)).toMatchObject({ status: 200, calls });
  });

  it('are counted correctly: the header reports what the Data API saw', async () => {
    const instance = await busy();
    for (const call of [instance.heartbeat, instance.pendingCommands, instance.register]) {
      const { operations, result } = await watched(() => call.call(instance));
      expect(operations).toHaveLength(result.calls);
    }
  });

  it('are as few for an agent of version 3.2', async () => {
    const instance = await rig.primary({ version: '3.2.0' });
    rig.pass(30);
    expect([await instance.heartbeat(), await instance.pendingCommands(), await instance.config()]).toMatchObject([
      { calls: 1 },
      { calls: 1 },
      { calls: 1 },
    ]);
  });

  it.each([1, 10, 100])('pricing-report of %i pools: 3 at most in the steady state', async (pools) => {
    const instance = await rig.primary({ type: `p${pools}.large` });
    await instance.report(0.1, region(pools)); // pools that are seen for the first time cost more, once
    for (const version of ['the same', 'new']) {
      rig.pass(300);
      const prices =
        version === 'new'
          ? Object.fromEntries(Object.entries(region(pools)).map(([z, p]) => [z, p * 1.1]))
          : region(pools);
      const answer = await instance.report(0.1, prices);
      expect(answer.status).toBe(200);
      expect(answer.calls, `${version} prices`).toBeLessThanOrEqual(steadyCalls.A6);
    }
  });

  it('pricing-report of pools that another agent has just reported: 2', async () => {
    const [first, second] = [await rig.primary({ type: 'shared.large' }), await rig.primary({ type: 'shared.large' })];
    await first.report(0.1, region(10));
    await second.report(0.1, region(10));
    rig.pass(300);
    await first.report(0.1, region(10));
    expect(await second.report(0.1, region(10))).toMatchObject({ status: 200, calls: 2 });
  });

  it('handing out a command: 2 at most', async () => {
    const instance = await busy();
    await instance.queueSwitch(`m5.large.us-east-1a`);
    const answer = await instance.pendingCommands();
    expect(answer.body).toHaveLength(1);
    expect(answer.calls).toBeLessThanOrEqual(2);
  });
});

describe('Data API calls of a merged heartbeat', () => {
  const collected = (instance: TestInstance) =>
    rig.asAdmin('POST', '/api/admin/prices', {
      prices: [
        { instance_type: instance.facts.type, az: 'us-east-1b', price: 0.03, at: rig.clock.now().toISOString() },
      ],
    });

  it(`${mergedCalls} where nothing is to be told`, async () => {
    const instance = await busy();
    const [zombie] = Object.values(await instance.instances()).filter((row) => row.instanceStatus === 'zombie');
    await instance.terminationReport(zombie!.id);
    await collected(instance);
    for (let beats = 0; beats < 3; beats += 1) {
      rig.pass(150);
      const { operations, result } = await watched(() => instance.merged());
      expect(result).toMatchObject({ status: 200, calls: mergedCalls, body: { merged: { next_seconds: 150 } } });
      expect(operations).toHaveLength(mergedCalls);
    }
  });

  it(`${budgetOf('A2')} at most where there is: as few as the heartbeat and the polls that it answers for`, async () => {
    const instance = await busy();
    expect((await instance.merged()).calls).toBe(4); // a zombie's wait is not over yet
    await instance.queueSwitch('m5.large.us-east-1a');
    const answer = await instance.merged();
    expect(answer.body.merged.commands).toHaveLength(1);
    expect(answer.calls).toBeLessThanOrEqual(6);
    const other = await rig.primary({ mode: 'spot' });
    await other.emergency('rebalance-recommendation');
    const launch = await other.merged();
    expect(launch.body.merged.replicas).toHaveLength(1);
    expect(launch.calls).toBeLessThanOrEqual(5);
  });
});

describe('Data API calls of a change of state: one transaction of at most 8', () => {
  const oneTransaction = (operations: string[]) => {
    expect(operations.filter((operation) => operation === 'BeginTransaction')).toHaveLength(1);
    expect(operations.at(-1)).toBe('CommitTransaction');
    return operations.length - operations.indexOf('BeginTransaction');
  };

  const pool = 'm5.large.us-east-1a';
  async function handedOut() {
    const instance = await busy();
    await instance.queueSwitch(pool);
    const [command] = (await instance.pendingCommands()).body;
    return { instance, id: command.id as string, next: instance.successor({ mode: 'spot', az: 'us-east-1a' }) };
  }

  it.each<[string, () => Promise<() => Promise<{ status: number; calls: number }>>]>([
    [
      'of a new agent',
      async () => {
        const instance = rig.instance(await rig.tenant(), { mode: 'spot' });
        return () => instance.register();
      },
    ],
    [
      'of the primary again',
      async () => {
        const instance = await busy();
        return () => instance.register();
      },
    ],
    [
      'of the successor that a switch launched',
      async () => {
        const { next } = await handedOut();
        return () => next.register();
      },
    ],
    [
      'of a second instance',
      async () => {
        const second = (await busy()).successor();
        return () => second.register();
      },
    ],
    [
      'of an instance that another agent had',
      async () => {
        const other = await rig.primary({ mode: 'spot' });
        const instance = rig.instance(other.tenant, { instanceId: other.id, mode: 'spot' });
        return () => instance.register();
      },
    ],
  ])('register %s, after one look-up of its token', async (_, prepare) => {
    const register = await prepare();
    const { operations, result } = await watched(register);
    expect(result.status).toBe(200);
    // Its pool is written after its transaction: rows that tenants share are written on their own (docs/adr/0028).
    const end = operations.lastIndexOf('CommitTransaction') + 1;
    expect(operations.slice(end)).toEqual(operations.length > end ? ['Execute'] : []);
    expect(oneTransaction(operations.slice(0, end))).toBeLessThanOrEqual(8);
    expect(operations.length).toBeLessThanOrEqual(budgetOf('A1'));
    expect(operations.indexOf('BeginTransaction')).toBe(1);
    expect(operations[0]).toBe('Execute');
  });

  it.each<[string, () => Promise<() => Promise<{ status: number; calls: number }>>]>([
    [
      'switch-report',
      async () => {
        const { instance, next } = await handedOut();
        return () => instance.switchReport(next);
      },
    ],
    [
      'switch-report after the successor registered',
      async () => {
        const { instance, next } = await handedOut();
        await next.register();
        return () => instance.switchReport(next);
      },
    ],
    [
      'executed',
      async () => {
        const { instance, id } = await handedOut();
        return () => instance.executed(id);
      },
    ],
    [
      'executed, which failed',
      async () => {
        const { instance, id } = await handedOut();
        return () => instance.executed(id, { success: false, message: 'no capacity' });
      },
    ],
  ])('%s', async (_, prepare) => {
    const call = await prepare();
    const { operations, result } = await watched(call);
    expect(result.status).toBe(200);
    expect(oneTransaction(operations)).toBe(operations.length);
    expect(operations.length).toBeLessThanOrEqual(8);
  });

  it.each([
    ['a heartbeat that goes offline', (m: TestInstance) => m.heartbeat('offline')],
    ['termination', (m: TestInstance) => m.request('POST', '/termination', { instance_id: m.id })],
  ])('%s, after one look-up of its caller', async (_, call) => {
    const instance = await busy();
    const { operations } = await watched(() => call(instance));
    expect(oneTransaction(operations)).toBeLessThanOrEqual(8);
    expect(operations.length).toBeLessThanOrEqual(8);
  });
});

/** Queries of the routes that need one. */
const queries: Readonly<Record<string, string>> = { X10: '?q=m5', E4: '?q=m5' };

/** Creates a webhook that nobody listens on, with one dead message. */
async function webhookOf({ tenant }: TestInstance): Promise<void> {
  const body = { url: 'http://127.0.0.1:1025/hook' };
  await rig.request('PUT', `/api/client/${tenant.id}/webhook`, { token: tenant.token, body });
  const dead = { state: 'dead', createdAt: rig.clock.now(), deadAt: rig.clock.now() } as const;
  await rig.db
    .insertInto('webhookMessages')
    .values({ id: randomUUID(), clientId: tenant.id, ...dead })
    .execute();
}

/** Routes that change a standby's state or mode. Each needs its own initial state, which its own tests set up. */
const ofReplicas = /^(R[13-9]|X2[2-4])$/;
/** Routes that make a model live; test/functions/model counts their calls, with models to choose from. */
const ofModels = /^D1[23]$/;

async function linkOf({ tenant }: TestInstance, id: string): Promise<string> {
  if (id === 'X36')
    return (await rig.asAdmin('POST', '/api/admin/export-links', requests.X35!({}))).body.url.split('/').at(-1);
  const body = { export: 'switch-history' };
  const made = await rig.request('POST', `/api/client/${tenant.id}/export-links`, { token: tenant.token, body });
  return made.body.url.split('/').at(-1);
}

describe('Data API calls of every other route: 3 at most', () => {
  const all = Object.values(routes).flatMap((table) => Object.values<Route>(table));

  it.each(
    all
      .filter((route) => route.id !== '-' && !ofReplicas.test(route.id) && !ofModels.test(route.id))
      .map((route) => ({ ...route, name: `${route.id} ${route.path}` })),
  )('$name', async ({ id, method, path, access }) => {
    const instance = await busy();
    await instance.queueSwitch('m5.large.us-east-1a');
    const [command] = (await instance.pendingCommands()).body;
    if (id === 'A14' || id === 'C17')
      await rig.db.deleteFrom('commands').where('agentId', '=', instance.agentId).execute();
    if (path.includes('/webhook')) await webhookOf(instance);
    const ids: Record<string, string> = {
      agent_id: instance.handle,
      client_id: instance.tenant.id,
      command_id: command.id,
      instance_id: instance.id,
      file: 'swagger-ui.css',
      ...(path.includes('{token_id}') && { token_id: (await tokenOf(instance.tenant.id)).id }),
      ...(path.includes('{run_id}') && { run_id: await whatIfOf(instance) }),
      ...(path.includes('{alert_id}') && { alert_id: await alertOf(instance) }),
      ...(path.includes('{notif_id}') && { notif_id: (await notificationOf(instance.tenant.id)).id }),
      ...(path.includes('{operator_id}') && { operator_id: await operator() }),
      ...(path.includes('{link}') && { link: await linkOf(instance, id) }),
    };
    const answer = await rig.request(
      method,
      path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? name) + (queries[id] ?? ''),
      {
        token: access === 'admin' ? rig.controlPlane.adminToken : instance.tenant.token,
        body:
          method === 'GET'
            ? undefined
            : {
                ...requests[id]?.({ commandId: command.id, instanceId: instance.id }),
                name: randomUUID(),
                agent_ids: [instance.agentId],
                ...(id === 'E15' && { client_id: instance.tenant.id }),
              },
      },
    );
    expect(answer.status).toBeLessThan(400);
    expect(answer.calls).toBeLessThanOrEqual(budgetOf(id));
  });

  const tokenOf = (clientId: string) =>
    rig.db.selectFrom('clientTokens').select('id').where('clientId', '=', clientId).executeTakeFirstOrThrow();
  const alertOf = async ({ tenant, facts }: TestInstance) => {
    const body = { pool_id: `${facts.type}.us-east-1b`, threshold: 0.01 };
    const path = `/api/client/${tenant.id}/pricing-alerts`;
    return (await rig.request('POST', path, { token: tenant.token, body })).body.alert_id as string;
  };
  const whatIfOf = async ({ tenant }: TestInstance) =>
    (await rig.request('POST', `/api/client/${tenant.id}/what-if`, { token: tenant.token })).body.run_id as string;
  const notificationOf = (clientId: string) =>
    rig.db
      .selectFrom('systemEvents')
      .select('id')
      .where('clientId', '=', clientId)
      .where('notify', '=', true)
      .limit(1)
      .executeTakeFirstOrThrow();
  const operator = async (): Promise<string> =>
    (await rig.asAdmin('POST', '/api/admin/operators', { name: randomUUID(), role: 'viewer' })).body.id;

  it('also for a rebalance recommendation that advises a switch, and for termination reports', async () => {
    const instance = await busy();
    for (let i = 0; i < 10; i += 1)
      await enterLoss(rig.db, {
        poolId: 'm5.large.us-east-1b',
        at: new Date(rig.clock.now().getTime() - i * 3600_000),
      });
    const advice = await instance.request('POST', '/rebalance-recommendation', { instance_id: instance.id });
    expect(advice.body.action).toBe('switch');
    expect(advice.calls).toBeLessThanOrEqual(budgetOf('A10'));
    const [zombie] = Object.values(await instance.instances()).filter((row) => row.instanceStatus === 'zombie');
    for (const success of [false, true])
      expect((await instance.terminationReport(zombie!.id, success)).calls).toBeLessThanOrEqual(3);
  });
});
