import { afterAll, beforeAll, expect, it } from 'vitest';
import { replicaRoutes as routes } from '../../functions/replica/routes.ts';
import type { TestInstance } from '../support/agents/test-instance.ts';
import { type FaultAct, FaultRig } from '../support/faults/fault-rig.ts';
import { sayingWhen } from '../support/faults/saying-when.ts';
import { describeFaults } from '../support/faults/survives.ts';
import type { Answer } from '../support/rig/api.ts';

let faults: FaultRig;
beforeAll(async () => {
  faults = await FaultRig.start();
});
afterAll(() => faults.stop());

interface Scene {
  readonly old: TestInstance;
  readonly standby: TestInstance;
  /** The replica id of the standby. */
  readonly id: string;
}

/** An act of a Spot primary without a standby. */
const alone = (act: (old: TestInstance) => Promise<Answer>) => async () => {
  const old = await faults.primary({ mode: 'spot' });
  return { instances: [old], call: sayingWhen(() => act(old)) };
};

/** An act beside a standby that was created for a recommendation and has got as far as `upTo`. */
const beside = (upTo: 'claimed' | 'syncing' | 'ready', act: (scene: Scene) => Promise<Answer>) => async () => {
  const old = await faults.primary({ mode: 'spot' });
  await old.emergency('rebalance-recommendation');
  const [{ id, az }] = (await old.listReplicas('launching')).body.replicas;
  const standby = old.successor({ mode: 'spot', az });
  if (upTo !== 'claimed') await old.putReplica(id, standby.id);
  if (upTo === 'ready') await old.replicaStatus(id, 'ready');
  return { instances: [old, standby], call: sayingWhen(() => act({ old, standby, id })) };
};

const notice = (old: TestInstance) => old.emergency('termination-notice', { termination_time: old.inSeconds(120) });

interface Act extends FaultAct {
  readonly route: keyof typeof routes;
}

const acts: readonly Act[] = [
  {
    route: 'create',
    name: 'by a person',
    prepare: async () => {
      const old = await faults.primary({ mode: 'spot' });
      await old.set({ autoSwitchEnabled: false, manualReplicaEnabled: true });
      return { instances: [old], call: sayingWhen(() => old.createReplica({ created_by: 'ui' })) };
    },
  },
  {
    route: 'list',
    name: 'that hands a launch out',
    prepare: async () => {
      const old = await faults.primary({ mode: 'spot' });
      await old.emergency('rebalance-recommendation');
      return { instances: [old], call: sayingWhen(() => old.listReplicas('launching')) };
    },
  },
  { route: 'promote', name: '', prepare: beside('ready', ({ old, id }) => old.promoteReplica(id)) },
  { route: 'remove', name: '', prepare: beside('ready', ({ old, id }) => old.deleteReplica(id)) },
  { route: 'attach', name: '', prepare: beside('claimed', ({ old, standby, id }) => old.putReplica(id, standby.id)) },
  { route: 'status', name: 'ready', prepare: beside('syncing', ({ old, id }) => old.replicaStatus(id, 'ready')) },
  { route: 'status', name: 'failed', prepare: beside('claimed', ({ old, id }) => old.replicaStatus(id, 'failed')) },
  {
    route: 'syncStatus',
    name: '',
    prepare: beside('syncing', ({ old, id }) =>
      old.request('POST', `/replicas/${id}/sync-status`, { sync_status: 'synced', state_transfer_progress: 100 }),
    ),
  },
  {
    route: 'createEmergency',
    name: 'for a recommendation',
    prepare: alone((old) => old.emergency('rebalance-recommendation')),
  },
  { route: 'createEmergency', name: 'for a notice', prepare: alone(notice) },
  {
    route: 'terminationImminent',
    name: 'with a standby',
    prepare: beside('ready', ({ old }) =>
      old.terminationImminent({ termination_time: old.inSeconds(120), detected_at: old.inSeconds(0) }),
    ),
  },
  {
    route: 'terminationImminent',
    name: 'with none',
    prepare: alone((old) =>
      old.terminationImminent({ termination_time: old.inSeconds(120), detected_at: old.inSeconds(0) }),
    ),
  },
  { route: 'enableManual', name: '', prepare: alone((old) => old.request('POST', '/manual-replica/enable', {})) },
  { route: 'disableManual', name: '', prepare: alone((old) => old.request('POST', '/manual-replica/disable', {})) },
  {
    route: 'manualSwitch',
    name: '',
    prepare: beside('ready', ({ old, id }) => old.request('POST', '/manual-switch', { replica_id: id })),
  },
  { route: 'sefStatus', name: '', prepare: alone((old) => old.request('GET', '/sef-status')) },
  { route: 'emergencyStatus', name: '', prepare: alone((old) => old.request('GET', '/emergency-status')) },
];

it('every replica route is among the acts', () => {
  expect(new Set(acts.map((act) => act.route))).toEqual(new Set(Object.keys(routes)));
});

describeFaults(
  acts.map((act) => ({ ...act, title: `${routes[act.route].id} ${act.route} ${act.name}`.trim() })),
  () => faults,
  { classesInSoak: true },
);
