import type { TestInstance } from '../../agents/test-instance.ts';
import type { Agents } from './agents.ts';
import { type SimulatedEc2, type Truth, zones } from './ec2.ts';
import type { FailoverWorld } from './world.ts';

/** A standby that an agent was asked to launch, and the instance that it launched, if EC2 gave it one. */
interface Launch {
  readonly replicaId: string;
  readonly launcher: TestInstance;
  readonly instance: TestInstance | undefined;
}

export interface AskedFor {
  readonly id: string;
  readonly az: string;
  readonly instance_id: string | null;
  readonly pool: { readonly az: string };
}

/** What agents do and report about standbys: launched, running, ready, gone. */
export class Launches {
  readonly #world: FailoverWorld;
  readonly #ec2: SimulatedEc2;
  readonly #agents: Agents;
  readonly #launches: Launch[] = [];
  readonly #claimedAt = new Map<string, number>();

  constructor(world: FailoverWorld, ec2: SimulatedEc2, agents: Agents) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#agents = agents;
  }

  /** R2: launches what it is asked to launch, if EC2 has capacity. */
  async askForLaunch({ instance: by }: Truth) {
    const { status, body } = await this.#agents.call(by, 'asks what to launch', () => by.listReplicas('launching'));
    if (status === 200) await this.launch(by, body.replicas);
  }

  /** @param replicas as R2 or a merged heartbeat lists them */
  async launch(by: TestInstance, replicas: readonly AskedFor[]) {
    const world = this.#world;
    world.rule(replicas.length <= 1, 'one launch at a time is asked for');
    for (const { id, az, instance_id, pool } of replicas) {
      const name = world.name('standby', id);
      world.rule(instance_id === null && pool.az === az, `${name} is a launch that can be carried out`);
      const claimedAt = this.#claimedAt.get(id) ?? Number.NEGATIVE_INFINITY;
      world.rule(world.now - claimedAt >= 600_000, `F6: the launch of ${name} is asked for once in 10 min`);
      this.#claimedAt.set(id, world.now);
      world.tally.count('launches');
      const launched = this.#ec2.launch(by, az);
      const isRefused = typeof launched === 'string';
      this.#launches.push({ replicaId: id, launcher: by, instance: isRefused ? undefined : launched.instance });
      if (isRefused && world.chance(0.7)) await this.#fails(by, id, launched);
    }
  }

  async #fails(by: TestInstance, replicaId: string, why: string) {
    await this.#agents.callTwice(by, `says that ${this.#world.name('standby', replicaId)} failed`, () =>
      by.replicaStatus(replicaId, 'failed', { error_message: why }),
    );
  }

  /** The undisturbed course: launched, running, ready. Sometimes the standby is deleted meanwhile. */
  async bringUp(truth: Truth) {
    const { instance: by } = truth;
    const { chance, name } = this.#world;
    await this.askForLaunch(truth);
    const launch = this.#launches.at(-1);
    if (launch?.launcher !== by || !launch.instance) return;
    const { replicaId, instance } = launch;
    if (chance(0.15))
      await this.#agents.call(by, `deletes ${name('standby', replicaId)}`, () => by.deleteReplica(replicaId));
    if (chance(0.2)) this.#world.tally.count('reports of launches lost');
    else await this.#attach(by, replicaId, instance);
    const standby = this.#ec2.of(instance.id)!;
    if (!this.#ec2.isUp(standby)) return;
    if (chance(0.8)) await this.#agents.register(standby);
    if (chance(0.8)) await this.#isReady(by, replicaId);
  }

  async #attach(by: TestInstance, replicaId: string, instance: TestInstance) {
    const { name } = this.#world;
    const what = `has launched ${name('i', instance.id)} for ${name('standby', replicaId)}`;
    const { status } = await this.#agents.callTwice(by, what, () => by.putReplica(replicaId, instance.id));
    if (status === 200) this.#ec2.of(instance.id)!.known = true;
  }

  async #isReady(by: TestInstance, replicaId: string, times: Record<string, string> = {}) {
    await this.#agents.callTwice(by, `says that ${this.#world.name('standby', replicaId)} is ready`, () =>
      by.replicaStatus(replicaId, 'ready', times),
    );
  }

  /** Some report about a launch, in any order and however late. */
  async ofLaunch() {
    const { recent, random, name, chance } = this.#world;
    const agents = this.#agents;
    const launch = recent(this.#launches);
    if (!launch) return;
    const { replicaId, instance, launcher } = launch;
    const draw = random();
    const of = name('standby', replicaId);
    const isThere = launcher.handle !== 'None' && this.#ec2.isAlive(launcher);
    const by = isThere ? launcher : agents.truthIn('primary')?.instance;
    if (!by) return;
    if (!instance || !this.#ec2.isAlive(instance) || draw < 0.08) await this.#fails(by, replicaId, 'it never came up');
    else if (draw < 0.5) await this.#attach(by, replicaId, instance);
    else if (draw < 0.8) await this.#isReady(by, replicaId, { sync_completed_at: agents.claimed(by) });
    else if (draw < 0.9)
      await agents.call(by, `says how far ${of} is`, () =>
        by.syncStatus(replicaId, { state_transfer_progress: chance(0.5) ? 100 : 50 }),
      );
    else
      await agents.callTwice(by, `says that ${of} syncs`, () =>
        by.replicaStatus(replicaId, 'syncing', { sync_started_at: agents.claimed(by) }),
      );
  }

  /** R2: removes the standbys that are to go. */
  async askForRemoval({ instance: by }: Truth) {
    const { name } = this.#world;
    const { status, body } = await this.#agents.call(by, 'asks what to remove', () => by.listReplicas('terminated'));
    if (status !== 200) return;
    for (const { id, instance_id } of body.replicas) {
      this.#agents.end(instance_id);
      const times = { terminated_at: this.#agents.claimed(by), is_active: false };
      await this.#agents.callTwice(by, `says that ${name('standby', id)} is gone`, () =>
        by.replicaStatus(id, 'terminated', times),
      );
    }
  }

  /** R1 by an agent that has launched an instance on command, or that reports one again. */
  async adopt({ instance: by }: Truth) {
    const { chance, recent, name } = this.#world;
    const known = chance(0.3) ? recent(this.#launches)?.instance : undefined;
    const launched = known ?? this.#ec2.launch(by, zones[1]);
    if (typeof launched === 'string') return;
    const standby = 'instance' in launched ? launched.instance : launched;
    const body = { instance_id: standby.id, pool_id: standby.pool, replica_type: 'manual' };
    const what = `has launched ${name('i', standby.id)} on command`;
    const { status } = await this.#agents.callTwice(by, what, () => by.createReplica(body), identified);
    if (status === 201) this.#ec2.of(standby.id)!.known = true;
  }

  /** R3 or R4, by any instance. */
  async ofReplica(what: 'promotes' | 'deletes') {
    const { recent, name, state, chance } = this.#world;
    const replica = recent(state.replicas);
    const by = this.#agents.truthIn('any')?.instance;
    if (!replica || !by || by.handle === 'None') return;
    const demote = chance(0.3);
    await this.#agents.call(by, `${what} ${name('standby', replica.id)}`, () =>
      what === 'promotes'
        ? by.promoteReplica(replica.id, { demote_old_primary: demote })
        : by.deleteReplica(replica.id),
    );
  }
}

const identified = ({ replica_id, instance_id }: Record<string, unknown>) => ({ replica_id, instance_id });
