import { randomBytes } from 'node:crypto';
import type { JobName } from '../../../functions/jobs.ts';
import { detailTypes } from '../../../functions/spot-events/ec2-events.ts';
import type { TestInstance } from '../agents/test-instance.ts';
import { Killed } from '../processes/lambda-process.ts';
import type { Answer, Tenant } from '../rig/api.ts';
import type { Rig } from '../rig/rig.ts';
import { ec2Event } from './ec2-event.ts';

/** The response to a caller. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}
export type Act = () => Promise<Reply>;

/** An agent and its instances, as arranged for an act. */
export interface Scene {
  /** The first primary. */
  readonly old: TestInstance;
  readonly standby: TestInstance;
  /** The replica id of the standby. */
  readonly id: string;
  /** The successor in a switch. */
  readonly next: TestInstance;
}

/** The AWS account of the tenant. */
export const account = '123456789012';

/** The status of a job's run, which does not tell whether anything was done for a single agent. */
export const accepted = 202;

/** The acts that may be killed, in a control plane that is started after this is called. */
export function crashActs(rig: () => Rig) {
  const at = (seconds: number) => new Date(rig().clock.now().getTime() + seconds * 1000).toISOString();
  const call = (send: () => Promise<Answer>) => async () => {
    const { status, body } = await send();
    return { status, body };
  };
  // A repeated report names the same times.
  const isToEnd = ({ old }: Pick<Scene, 'old'>) => {
    const claims = { termination_time: at(120) };
    return call(() => old.emergency('termination-notice', claims));
  };
  const ends = ({ old }: Pick<Scene, 'old'>) => {
    const claims = { termination_time: at(120), detected_at: at(0) };
    return call(() => old.terminationImminent(claims));
  };
  const report = ({ old, next }: Scene, more: Record<string, string> = {}) => {
    const timing = {
      switch_initiated_at: at(-40),
      new_instance_ready_at: at(-3),
      traffic_switched_at: at(-3),
      ...more,
    };
    return call(() => old.switchReport(next, { prices: { old_spot: 0.05, new_spot: 0.04 }, timing }));
  };

  /** EventBridge redelivers it until it is accepted. */
  function warning({ old }: Scene) {
    const event = ec2Event({
      account,
      type: detailTypes.interruption,
      detail: { 'instance-id': old.id, 'instance-action': 'terminate' },
      at: rig().clock.now(),
    });
    return async () => {
      await rig().controlPlane.postEvents([event]);
      return { status: 200, body: rig().controlPlane.deadLetters };
    };
  }

  const job = (name: JobName) => () => async () => {
    try {
      await rig().runJob(name);
      return { status: accepted };
    } catch (error) {
      if (error instanceof Killed) return { status: 500 };
      if ((error as Error).name === 'DatabaseError') return { status: 503 }; // it is due again in a minute
      throw error;
    }
  };

  return {
    promote: ({ old, id }: Scene) => call(() => old.promoteReplica(id)),
    demote: ({ old, id }: Scene) => call(() => old.promoteReplica(id, { demote_old_primary: true })),
    put: ({ old, id, standby }: Scene) => call(() => old.putReplica(id, standby.id)),
    ready: ({ old, id }: Scene) => call(() => old.replicaStatus(id, 'ready')),
    failed: ({ old, id }: Scene) => call(() => old.replicaStatus(id, 'failed')),
    register: ({ next }: Scene) => call(() => next.register()),
    mayEnd: ({ old }: Scene) => call(() => old.emergency('rebalance-recommendation')),
    isToEnd,
    ends,
    standbyEnds: ({ standby }: Scene) => ends({ old: standby }),
    report,
    reportWithEnd: (scene: Scene) => report(scene, { old_instance_terminated_at: at(0) }),
    warning,
    job,
    coordinate: job('coordinate-replicas'),
    sweep: job('sweep-commands'),
  };
}

const instanceId = () => `i-0${randomBytes(8).toString('hex')}`;

/** The states before the kill. */
export function crashScenes(rig: () => Rig, tenant: () => Tenant) {
  const { isToEnd, ends } = crashActs(rig);
  let types = 0;

  /** A spot primary of a type of its own that has reported the prices of the given zones. */
  async function alone(zones = 'abc') {
    const old = await rig().primary({ instanceId: instanceId(), type: `c${++types}.large`, mode: 'spot' }, tenant());
    await old.report(0.1, Object.fromEntries([...zones].map((zone, i) => [`us-east-1${zone}`, 0.05 - i / 100])));
    return { old };
  }

  /** The instance that the primary was asked to launch runs, and has not been reported yet. */
  async function launched({ old }: Pick<Scene, 'old'>) {
    const [wanted] = (await old.listReplicas('launching')).body.replicas;
    return { old, id: wanted.id as string, standby: old.successor({ az: wanted.az, instanceId: instanceId() }) };
  }

  async function withStandby(status: 'syncing' | 'ready' = 'ready') {
    const { old } = await alone();
    await old.emergency('rebalance-recommendation');
    const { id, standby } = await launched({ old });
    await old.putReplica(id, standby.id);
    await standby.register();
    if (status === 'ready') await old.replicaStatus(id, 'ready');
    return { old, id, standby };
  }

  /** EC2 takes the instance while another one boots. */
  async function awaited() {
    const { old } = await alone();
    await isToEnd({ old })();
    await ends({ old })();
    return launched({ old });
  }

  /** EC2 takes the instance; another one has taken over, but has not been heard from yet. */
  async function tookOver() {
    const scene = await awaited();
    await scene.old.putReplica(scene.id, scene.standby.id);
    rig().pass(15);
    return scene;
  }

  /** EC2 takes the instance while its standby reports: the two cross, so that neither sees the other. */
  async function crossed() {
    const { old, id, standby } = await withStandby('syncing');
    await isToEnd({ old })();
    const end = new Date(rig().clock.now().getTime() + 120_000);
    await old.set({ pendingTerminationInstance: old.id, pendingTerminationAt: end });
    return { old, id, standby };
  }

  /** A switch that the agent is carrying out. */
  async function switching() {
    const { old } = await alone();
    await old.queueSwitch(`${old.facts.type}.us-east-1b`);
    await old.pendingCommands();
    return { old, next: old.successor({ az: 'us-east-1b', instanceId: instanceId() }) };
  }

  async function succeeded() {
    const { old, next } = await switching();
    await next.register();
    return { old, next };
  }

  /** The switch has not been reported when the lease of its command ends. */
  async function unreported() {
    const scene = await succeeded();
    rig().pass(1200);
    await scene.next.heartbeat();
    return scene;
  }

  return {
    alone,
    withStandby,
    awaited,
    tookOver,
    crossed,
    switching,
    succeeded,
    unreported,
    inTheOnlyPool: () => alone('a'),
  };
}
