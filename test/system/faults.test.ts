import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentRoutes } from '../../functions/agent/routes.ts';
import { decisionRoutes } from '../../functions/decision/routes.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { type FaultAct, FaultRig, type FaultScene } from '../support/faults/fault-rig.ts';
import { sayingWhen } from '../support/faults/saying-when.ts';
import { describeFaults } from '../support/faults/survives.ts';
import type { Answer } from '../support/rig/api.ts';

/** The routes that agents call. */
const routes = { ...agentRoutes, ...decisionRoutes };

let faults: FaultRig;
beforeAll(async () => {
  faults = await FaultRig.start();
});
afterAll(() => faults.stop());

interface Act extends FaultAct {
  readonly route: keyof typeof routes;
}

const target = (instance: TestInstance) => `${instance.facts.type}.us-east-1b`;

async function told(facts = {}) {
  const instance = await faults.primary(facts);
  await instance.queueSwitch(target(instance));
  const [command] = (await instance.pendingCommands()).body;
  return { instance, next: instance.successor({ mode: 'spot', az: 'us-east-1b' }), id: command.id as string };
}

/** An act of the primary alone. */
const ofPrimary =
  (act: (instance: TestInstance) => Promise<Answer>, facts = {}) =>
  async () => {
    const instance = await faults.primary(facts);
    return { instances: [instance], call: sayingWhen(() => act(instance)) };
  };
/** An act that changes nothing, so that one primary is enough for all of them. */
const ofReader = (act: (instance: TestInstance) => Promise<Answer>) => {
  let scene: Promise<FaultScene> | undefined;
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
      const instance = faults.rig.instance(faults.tenant, { type: faults.newType(), mode: 'spot' });
      return { instances: [instance], call: sayingWhen(() => instance.register()) };
    },
  },
  {
    route: 'register',
    name: 'of a successor',
    prepare: async () => {
      const { instance, next } = await told();
      return { instances: [instance, next], call: sayingWhen(() => next.register()) };
    },
  },
  { route: 'heartbeat', name: 'that changes nothing', prepare: ofPrimary((m) => m.heartbeat()) },
  { route: 'heartbeat', name: 'that goes offline', prepare: ofPrimary((m) => m.heartbeat('offline')) },
  { route: 'heartbeat', name: 'that is told nothing', prepare: ofPrimary((m) => m.merged()) },
  {
    route: 'heartbeat',
    name: 'that is handed a switch, and what has to go',
    prepare: async () => {
      const old = await faults.primary();
      const instance = old.successor();
      await old.switchReport(instance);
      await instance.register();
      await old.request('POST', '/termination', { instance_id: old.id });
      await instance.queueSwitch(target(instance));
      return { instances: [old, instance], call: sayingWhen(() => instance.merged()) };
    },
  },
  {
    route: 'heartbeat',
    name: 'that is handed a standby',
    prepare: async () => {
      const instance = await faults.primary({ mode: 'spot' });
      await instance.emergency('rebalance-recommendation');
      return { instances: [instance], call: sayingWhen(() => instance.merged()) };
    },
  },
  { route: 'config', name: '', prepare: ofReader((m) => m.config()) },
  { route: 'pendingCommands', name: 'with nothing pending', prepare: ofReader((m) => m.pendingCommands()) },
  {
    route: 'pendingCommands',
    name: 'that hands a switch out',
    prepare: async () => {
      const instance = await faults.primary();
      await instance.queueSwitch(target(instance));
      return { instances: [instance], call: sayingWhen(() => instance.pendingCommands()) };
    },
  },
  {
    route: 'commandExecuted',
    name: 'that failed',
    prepare: async () => {
      const { instance, id } = await told();
      return {
        instances: [instance],
        call: sayingWhen(() => instance.executed(id, { success: false, message: 'no capacity' })),
      };
    },
  },
  {
    route: 'markCommandExecuted',
    name: '',
    prepare: async () => {
      const { instance, id } = await told({ version: '3.2.0' });
      return { instances: [instance], call: sayingWhen(() => instance.executed(id)) };
    },
  },
  {
    route: 'pricingReport',
    name: 'of what is seen for the first time',
    prepare: async () => {
      const instance = await faults.rig.primary({ type: faults.newType(), mode: 'spot' }, faults.tenant);
      return {
        instances: [instance],
        call: sayingWhen(() => instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 })),
      };
    },
  },
  {
    route: 'switchReport',
    name: '',
    prepare: async () => {
      const { instance, next } = await told();
      return { instances: [instance, next], call: sayingWhen(() => instance.switchReport(next)) };
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
      const instance = await faults.primary();
      await instance.switchReport(instance.successor());
      return { instances: [instance], call: sayingWhen(() => instance.terminationReport(instance.id)) };
    },
  },
  {
    route: 'uninstall',
    name: '',
    prepare: ofPrimary((m) =>
      faults.rig.request('POST', '/api/agents/uninstall', { token: faults.tenant.token, body: { instance_id: m.id } }),
    ),
  },
];

it('every agent route is among the acts', () => {
  expect(new Set(acts.map((act) => act.route))).toEqual(new Set(Object.keys(routes)));
});

describeFaults(
  acts.map((act) => ({ ...act, title: `${routes[act.route].id} ${act.route} ${act.name}`.trim() })),
  () => faults,
);

describe('a failed look-up of a token', () => {
  it('is answered by the gateway, and is not cached', async () => {
    const instance = await faults.rig.primary();
    faults.rig.controlPlane.gateway.forgetAuthorizations();
    const log = console.error;
    console.error = () => {};
    faults.rig.faults.inject({ error: 'AccessDeniedException', when: 'before', times: Number.POSITIVE_INFINITY });
    const { status } = await instance.config();
    faults.rig.faults.clear();
    console.error = log;
    expect(status).toBe(500); // AWS's own; agents treat any status of 400 and above as no response
    expect((await instance.config()).status).toBe(200);
  });

  it('never lets a stranger in', async () => {
    const instance = faults.rig.instance({ ...faults.tenant, token: randomUUID() });
    faults.rig.faults.inject({ error: 'InternalServerErrorException', when: 'after', times: Number.POSITIVE_INFINITY });
    const { status } = await instance.register();
    faults.rig.faults.clear();
    expect(status).toBe(503);
  });
});
