import { expect } from 'vitest';
import type { TestInstance } from '../agents/test-instance.ts';
import type { Tenant } from '../rig/api.ts';
import type { Rig } from '../rig/rig.ts';

let types = 0;

/** What failover tests set up and check, in a control plane that is started after this is called. */
export function failoverScenes(rig: () => Rig, tenant: () => Tenant) {
  /** A spot primary in zone a, of a type of its own, that has reported the prices of the given zones. */
  async function primary(zones = 'abc', facts = {}): Promise<TestInstance> {
    const instance = await rig().primary({ type: `f${++types}.large`, mode: 'spot', ...facts }, tenant());
    await instance.report(0.1, Object.fromEntries([...zones].map((zone, i) => [`us-east-1${zone}`, 0.05 - i / 100])));
    return instance;
  }
  const poolIn = (instance: TestInstance, zone: string) => `${instance.facts.type}.us-east-1${zone}`;

  /** Carries out the launch that the primary is asked for: the instance runs and its agent has registered. */
  async function launch(instance: TestInstance, status: 'syncing' | 'ready' = 'ready') {
    const [wanted] = (await instance.listReplicas('launching')).body.replicas;
    const standby = instance.successor({ az: wanted.az });
    await instance.putReplica(wanted.id, standby.id);
    await standby.register();
    if (status === 'ready') await instance.replicaStatus(wanted.id, 'ready');
    return { id: wanted.id as string, standby };
  }

  /** A primary with a standby that a rebalance recommendation asked for. */
  async function withStandby(status: 'syncing' | 'ready' = 'ready') {
    const instance = await primary();
    await instance.emergency('rebalance-recommendation');
    return { instance, ...(await launch(instance, status)) };
  }

  const active = async (instance: TestInstance) => (await instance.replicas()).filter((row) => row.isActive);
  const notices = async (instance: TestInstance) =>
    (await instance.interruptions()).filter((row) => row.signalType === 'termination-notice');
  const count = async (instance: TestInstance, type: string) => (await instance.events(type)).length;

  /** Checks that the Data API calls of `act` are one transaction. */
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

  /** Checks that one failover from `old` to `standby` has taken place and is reported once. */
  async function expectFailedOver(old: TestInstance, standby: TestInstance) {
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
