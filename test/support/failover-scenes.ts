import { expect } from 'vitest';
import type { Machine } from './machine.ts';
import type { Rig, Tenant } from './rig.ts';

let types = 0;

/** What tests of failovers set up and look at, in a control plane that is started after this is called. */
export function failoverScenes(rig: () => Rig, tenant: () => Tenant) {
  /** A spot primary in zone a, of a type of its own, that knows the prices of the zones given. */
  async function primary(zones = 'abc', facts = {}): Promise<Machine> {
    const machine = await rig().primary({ type: `f${++types}.large`, mode: 'spot', ...facts }, tenant());
    await machine.report(0.1, Object.fromEntries([...zones].map((zone, i) => [`us-east-1${zone}`, 0.05 - i / 100])));
    return machine;
  }
  const poolIn = (machine: Machine, zone: string) => `${machine.facts.type}.us-east-1${zone}`;

  /** The launch that the primary is asked for, carried out: the machine runs and its agent has registered. */
  async function launch(machine: Machine, status: 'syncing' | 'ready' = 'ready') {
    const [wanted] = (await machine.listReplicas('launching')).body.replicas;
    const standby = machine.successor({ az: wanted.az });
    await machine.putReplica(wanted.id, standby.id);
    await standby.register();
    if (status === 'ready') await machine.replicaStatus(wanted.id, 'ready');
    return { id: wanted.id as string, standby };
  }

  /** A primary whose standby a rebalance recommendation has asked for. */
  async function withStandby(status: 'syncing' | 'ready' = 'ready') {
    const machine = await primary();
    await machine.emergency('rebalance-recommendation');
    return { machine, ...(await launch(machine, status)) };
  }

  const active = async (machine: Machine) => (await machine.replicas()).filter((row) => row.isActive);
  const notices = async (machine: Machine) =>
    (await machine.interruptions()).filter((row) => row.signalType === 'termination-notice');
  const count = async (machine: Machine, type: string) => (await machine.events(type)).length;

  /** What was asked of the Data API: one transaction. */
  async function inOneTransaction<T>(act: () => Promise<T>): Promise<T> {
    const operations: string[] = [];
    rig().controlPlane.dataApi.onCall = ({ operation }) => void operations.push(operation);
    try {
      const result = await act();
      expect([operations[0], operations.at(-1)]).toEqual(['BeginTransaction', 'CommitTransaction']);
      expect(operations.filter((operation) => operation === 'BeginTransaction')).toHaveLength(1);
      return result;
    } finally {
      rig().controlPlane.dataApi.onCall = undefined;
    }
  }

  /** One failover from `old` to `standby` has taken place, and is told of once. */
  async function expectFailedOver(old: Machine, standby: Machine) {
    expect(await old.agentRow()).toMatchObject({
      instanceId: standby.id,
      epoch: 2,
      currentPoolId: standby.pool,
      interruptionHandledCount: 1,
      lastInterruptionSignal: 'termination-notice',
      lastTerminationNoticeAt: expect.any(Date),
      lastFailoverAt: expect.any(Date),
      pendingTerminationAt: null,
      pendingTerminationInstance: null,
    });
    expect(await standby.row()).toMatchObject({ isPrimary: true, instanceStatus: 'running_primary' });
    expect((await old.row()).isPrimary).toBe(false);
    expect((await old.replicas()).filter((row) => row.instanceId === standby.id)).toMatchObject([
      { status: 'promoted' },
    ]);
    expect(await notices(old)).toMatchObject([
      { instanceId: old.id, failoverCompleted: true, replicaReady: true, success: true, poolId: old.pool },
    ]);
    expect(await old.switches()).toMatchObject([
      { oldInstanceId: old.id, newInstanceId: standby.id, triggerType: 'emergency' },
    ]);
    expect(await old.events('failover_completed')).toMatchObject([{ notify: true, severity: 'warning' }]);
  }

  return { primary, poolIn, launch, withStandby, active, notices, count, inOneTransaction, expectFailedOver };
}
