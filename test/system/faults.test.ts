import { randomUUID } from 'node:crypto';
import type { Connection } from 'mariadb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentRoutes } from '../../functions/agent/routes.ts';
import { decisionRoutes } from '../../functions/decision/routes.ts';
import type { Fault, Operation } from '../../local/aws/data-api/faults.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { connectToRig } from '../support/database/beside.ts';
import { timelessFunctions } from '../support/processes/timeless-functions.ts';
import type { Answer, Tenant } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';

/** What agents call. */
const routes = { ...agentRoutes, ...decisionRoutes };

let rig: Rig;
let tenant: Tenant;
let beside: Connection;
beforeAll(async () => {
  // Long enough for one repeat of a call, so that a fault that lasts is met by an answer soon.
  rig = await Rig.start({ DATA_API_RETRY_MS: '120' }, { functions: timelessFunctions() });
  tenant = await rig.tenant();
  beside = await connectToRig();
});
afterAll(async () => {
  await beside.end();
  await rig.stop();
});

/** Every class of test plan F1-F3, by what we make of it; where one stands for its kind it is the first. */
const classes: Readonly<Record<string, readonly Fault['error'][]>> = {
  resuming: ['DatabaseResumingException'],
  unavailable: [
    'InternalServerErrorException',
    'ServiceUnavailableError',
    'DatabaseUnavailableException',
    'ThrottlingException',
  ],
  timeout: ['StatementTimeoutException'],
  conflict: ['DatabaseErrorException:1213', 'DatabaseErrorException:1205', 'TransactionNotFoundException'],
  duplicate: ['DatabaseErrorException:1062'],
  refused: [
    'AccessDeniedException',
    'ForbiddenException',
    'SecretsErrorException',
    'InvalidSecretException',
    'HttpEndpointNotEnabledException',
    'InvalidResourceStateException',
    'DatabaseNotFoundException',
    'NotFoundException',
  ],
};

/**
 * FAULTS=every: each error on each route. Otherwise the first of its kind: that the others are taken for the same kind is
 * tested where they are told apart (test/functions/shared/dialect.test.ts).
 */
const tried = ([first, ...others]: readonly Fault['error'][]) =>
  process.env.FAULTS === 'every' ? [first!, ...others] : [first!];

/** What is called again within the same request, so that it matters whether the fault lasts. */
const repeated = new Set(['resuming', 'unavailable', 'conflict', 'duplicate']);

interface Scene {
  readonly call: () => Promise<Answer>;
  readonly instances: readonly TestInstance[];
}
interface Act {
  readonly route: keyof typeof routes;
  readonly name: string;
  readonly prepare: () => Promise<Scene>;
  /** It is a new event each time it is told, which is recorded each time. */
  readonly counts?: true;
  /** What a lost answer may leave unsaid: the effect itself is done, and a repeat is refused. */
  readonly mayLeaveUnsaid?: string;
}

let types = 0;
async function primary(facts = {}) {
  const instance = await rig.primary({ type: `f${++types}.large`, ...facts }, tenant);
  await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
  return instance;
}
const target = (instance: TestInstance) => `${instance.facts.type}.us-east-1b`;

async function told(facts = {}) {
  const instance = await primary(facts);
  await instance.queueSwitch(target(instance));
  const [command] = (await instance.pendingCommands()).body;
  return { instance, next: instance.successor({ mode: 'spot', az: 'us-east-1b' }), id: command.id as string };
}

/** An act of the primary alone. */
const ofPrimary =
  (act: (instance: TestInstance) => Promise<Answer>, facts = {}) =>
  async () => {
    const instance = await primary(facts);
    return { instances: [instance], call: () => act(instance) };
  };
/** An act that changes nothing: one primary will do for all of them. */
const ofReader = (act: (instance: TestInstance) => Promise<Answer>) => {
  let scene: Promise<Scene> | undefined;
  return () => {
    scene ??= ofPrimary(act)();
    return scene;
  };
};
const post = (path: string, body: (instance: TestInstance) => object) => (instance: TestInstance) =>
  instance.request('POST', path, body(instance));
const get = (path: string) => (instance: TestInstance) => instance.request('GET', path);

const acts: readonly Act[] = [
  {
    route: 'register',
    name: 'of a new agent',
    prepare: async () => {
      const instance = rig.instance(tenant, { type: `f${++types}.large`, mode: 'spot' });
      return { instances: [instance], call: () => instance.register() };
    },
  },
  {
    route: 'register',
    name: 'of a successor',
    prepare: async () => {
      const { instance, next } = await told();
      return { instances: [instance, next], call: () => next.register() };
    },
  },
  { route: 'heartbeat', name: 'that changes nothing', prepare: ofPrimary((m) => m.heartbeat()) },
  { route: 'heartbeat', name: 'that goes offline', prepare: ofPrimary((m) => m.heartbeat('offline')) },
  { route: 'config', name: '', prepare: ofReader((m) => m.config()) },
  { route: 'pendingCommands', name: 'with nothing pending', prepare: ofReader((m) => m.pendingCommands()) },
  {
    route: 'pendingCommands',
    name: 'that hands a switch out',
    prepare: async () => {
      const instance = await primary();
      await instance.queueSwitch(target(instance));
      return { instances: [instance], call: () => instance.pendingCommands() };
    },
  },
  {
    route: 'commandExecuted',
    name: 'that failed',
    prepare: async () => {
      const { instance, id } = await told();
      return { instances: [instance], call: () => instance.executed(id, { success: false, message: 'no capacity' }) };
    },
  },
  {
    route: 'markCommandExecuted',
    name: '',
    prepare: async () => {
      const { instance, id } = await told({ version: '3.2.0' });
      return { instances: [instance], call: () => instance.executed(id) };
    },
  },
  {
    route: 'pricingReport',
    name: 'of what is seen for the first time',
    prepare: async () => {
      const instance = await rig.primary({ type: `f${++types}.large`, mode: 'spot' }, tenant);
      return { instances: [instance], call: () => instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 }) };
    },
  },
  {
    route: 'switchReport',
    name: '',
    prepare: async () => {
      const { instance, next } = await told();
      return { instances: [instance, next], call: () => instance.switchReport(next) };
    },
  },
  { route: 'termination', name: '', prepare: ofPrimary(post('/termination', (m) => ({ instance_id: m.id }))) },
  {
    route: 'cleanupReport',
    name: '',
    prepare: ofPrimary(post('/cleanup-report', () => ({ snapshots: { deleted: ['snap-1'] } }))),
  },
  {
    route: 'rebalanceRecommendation',
    name: '',
    prepare: ofPrimary(
      post('/rebalance-recommendation', (m) => ({ instance_id: m.id })),
      { mode: 'spot' },
    ),
  },
  { route: 'replicaConfig', name: '', prepare: ofReader(get('/replica-config')) },
  { route: 'decide', name: '', prepare: ofPrimary(post('/decide', () => ({ instance: {} }))), counts: true },
  { route: 'switchRecommendation', name: '', prepare: ofReader(get('/switch-recommendation')) },
  {
    route: 'issueSwitchCommand',
    name: '',
    prepare: ofPrimary((m) => m.queueSwitch(target(m))),
    mayLeaveUnsaid: 'switch_issued',
  },
  { route: 'get', name: '', prepare: ofReader(get('')) },
  { route: 'instancesToTerminate', name: '', prepare: ofReader(get('/instances-to-terminate')) },
  {
    route: 'terminationReport',
    name: '',
    prepare: async () => {
      const instance = await primary();
      await instance.switchReport(instance.successor());
      return { instances: [instance], call: () => instance.terminationReport(instance.id) };
    },
  },
  {
    route: 'uninstall',
    name: '',
    prepare: ofPrimary((m) =>
      rig.request('POST', '/api/agents/uninstall', { token: tenant.token, body: { instance_id: m.id } }),
    ),
  },
];

it('every agent route is among the acts', () => {
  expect(new Set(acts.map((act) => act.route))).toEqual(new Set(Object.keys(routes)));
});

const ofAgent = [
  'instances',
  'commands',
  'switches',
  'decisions',
  'spot_interruption_events',
  'system_events',
  'cleanup_logs',
];
const ofType = ['spot_pools', 'ondemand_prices', 'ondemand_price_snapshots'];

/** All that calls of an agent leave, in one round trip: it is read after each of some thousand faults. */
const everythingOf = [
  'SELECT * FROM agents WHERE logical_agent_id = :agent',
  ...ofAgent.map(
    (table) =>
      `SELECT t.* FROM ${table} AS t INNER JOIN agents AS a ON a.id = t.agent_id WHERE a.logical_agent_id = :agent`,
  ),
  ...ofType.map((table) => `SELECT * FROM ${table} WHERE instance_type = :type`),
  "SELECT * FROM pricing_snapshots_clean WHERE pool_id LIKE CONCAT(:type, '.%')",
].join(';');

/** What the database has of a scene, in words that are the same for every scene of an act. */
async function rowsOf({ instances }: Scene, without?: string): Promise<string[]> {
  const [{ facts }] = instances as [TestInstance];
  const sql = { sql: everythingOf, namedPlaceholders: true };
  const tables: object[][] = await beside.query(sql, { agent: facts.logicalId, type: facts.type });
  const names = instances.map((instance, i) => [instance.id, `instance ${i}`] as const);
  const anonymous = (row: object) => {
    let text = JSON.stringify({ ...row, version: undefined, dispatch_token: undefined });
    for (const [id, name] of [...names, [facts.logicalId, 'agent'], [facts.type, 'type']] as const)
      text = text.replaceAll(id, name);
    return text
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')
      .replaceAll(/i-[0-9a-f]{16}/g, 'i-other');
  };
  return tables
    .flatMap((rows) => rows.map(anonymous))
    .filter((row) => !without || !row.includes(without))
    .sort();
}

/** A call that meets a fault, and is made again after it: the answer is one to act on, the effect is there once. */
async function meet({ prepare, counts, mayLeaveUnsaid }: Act, wanted: string[][], fault: Fault) {
  const scene = await prepare();
  rig.faults.inject(fault);
  const first = await scene.call();
  rig.faults.clear();
  await rig.controlPlane.dataApi.expire(); // those that were begun and lost on the way
  const what = `${fault.error} ${fault.when} ${fault.operation ?? 'call'} ${fault.times}: ${JSON.stringify(first.body)}`;
  if (first.status >= 500) {
    expect(first.status, what).toBe(503);
    expect(first.headers.get('retry-after'), what).toBeTruthy();
    expect(JSON.stringify(first.body), what).not.toMatch(/select|insert|update |exception|sqlstate/i);
  }
  const again = await scene.call();
  expect(again.status, what).toBeLessThan(500);
  const unsaid = first.status === 503 ? mayLeaveUnsaid : undefined;
  const rows = await rowsOf(scene, unsaid);
  const expected = unsaid ? wanted.map((all) => all.filter((row) => !row.includes(unsaid))) : wanted;
  if (counts) expect(expected, what).toContainEqual(rows);
  else expect(rows, what).toEqual(expected[0]);
}

/** What the rows are after the call without a fault, made once and made twice. */
async function control({
  prepare,
  counts,
}: Act): Promise<{ wanted: string[][]; calls: number; operations: Operation[] }> {
  const operations = new Set<Operation>();
  const scene = await prepare();
  rig.controlPlane.dataApi.onCall = ({ operation }) => void operations.add(operation);
  const { status, calls } = await scene.call();
  rig.controlPlane.dataApi.onCall = undefined;
  expect(status).toBeLessThan(300);
  const once = await rowsOf(scene);
  await scene.call();
  const twice = await rowsOf(scene);
  if (!counts) expect(twice, 'a repeat without any fault').toEqual(once);
  return { wanted: [once, twice], calls, operations: [...operations].filter((o) => o !== 'RollbackTransaction') };
}

describe.each(
  acts.map((act) => ({ act, title: `${routes[act.route].id} ${act.route} ${act.name}`.trim() })),
)('$title', ({ act }) => {
  it.each(['before', 'after'] as const)('survives every class of error %s it, once or for long', async (when) => {
    rig.controlPlane.gateway.forgetAuthorizations();
    const { wanted, operations } = await control(act); // which also has the gateway remember the tenant
    for (const operation of operations)
      for (const [kind, errors] of Object.entries(classes)) {
        // Transactions begin and end in one place for all, so there one class stands for its kind.
        for (const error of operation === 'Execute' ? tried(errors) : [errors[0]!])
          await meet(act, wanted, { error, when, operation, times: 1 });
        if (repeated.has(kind))
          await meet(act, wanted, { error: errors[0]!, when, operation, times: Number.POSITIVE_INFINITY });
      }
  });

  it('survives an error at each of its calls', async () => {
    rig.controlPlane.gateway.forgetAuthorizations();
    const { wanted, calls } = await control(act);
    for (let n = 0; n < calls; n += 1)
      for (const [error, when] of [
        ['InternalServerErrorException', 'after'],
        ['InternalServerErrorException', 'before'],
        ['DatabaseErrorException:1213', 'before'],
        ['StatementTimeoutException', 'after'],
      ] as const) {
        let seen = 0;
        // Chance decides about the nth call alone.
        await meet(act, wanted, { error, when, times: 1, probability: 0.5, random: () => (seen++ === n ? 0 : 1) });
      }
  });
});

describe('a fault of the look-up of a token', () => {
  it('is answered by the gateway, and kept by nobody', async () => {
    const instance = await rig.primary();
    rig.controlPlane.gateway.forgetAuthorizations();
    const log = console.error;
    console.error = () => {};
    rig.faults.inject({ error: 'AccessDeniedException', when: 'before', times: Number.POSITIVE_INFINITY });
    const { status } = await instance.config();
    rig.faults.clear();
    console.error = log;
    expect(status).toBe(500); // AWS's own; an agent takes any answer of 400 and above for "no answer"
    expect((await instance.config()).status).toBe(200);
  });

  it('never lets a stranger in', async () => {
    const instance = rig.instance({ ...tenant, token: randomUUID() });
    rig.faults.inject({ error: 'InternalServerErrorException', when: 'after', times: Number.POSITIVE_INFINITY });
    const { status } = await instance.register();
    rig.faults.clear();
    expect(status).toBe(503);
  });
});
