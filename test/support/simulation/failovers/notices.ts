import type { Agents } from './agents.ts';
import type { SimulatedEc2, Truth } from './ec2.ts';
import type { FailoverWorld } from './world.ts';

/** What agents report about EC2's notices. */
export class Notices {
  readonly #world: FailoverWorld;
  readonly #ec2: SimulatedEc2;
  readonly #agents: Agents;
  /** Instances that R9 told that another has taken over from them. */
  readonly relieved: { readonly id: string; readonly by: string }[] = [];

  constructor(world: FailoverWorld, ec2: SimulatedEc2, agents: Agents) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#agents = agents;
  }

  async recommend(truth: Truth) {
    this.#ec2.recommend(truth);
    const { instance } = truth;
    const call = () => instance.emergency('rebalance-recommendation');
    await this.#agents.callTwice(instance, 'may be taken', call, whatAgentsRead);
  }

  #emergency({ instance, endsAt }: Truth) {
    const time = { termination_time: new Date(endsAt!).toISOString() };
    const call = () => instance.emergency('termination-notice', time);
    return this.#agents.callTwice(instance, 'is being taken (R8)', call, whatAgentsRead);
  }

  async #imminent({ instance, endsAt }: Truth) {
    const time = { termination_time: new Date(endsAt!).toISOString(), detected_at: this.#agents.claimed(instance) };
    const { status, body } = await this.#agents.callTwice(instance, 'is being taken (R9)', () =>
      instance.terminationImminent(time),
    );
    if (status === 200 && body.success) this.relieved.push({ id: instance.id, by: body.new_instance_id });
  }

  /**
   * EC2 takes the instance in two minutes. Its agent calls R8 and R9 in any order, or one, or both twice, or neither.
   */
  async notice(truth: Truth) {
    const { chance } = this.#world;
    this.#ec2.warn(truth);
    if (chance(0.1)) return;
    const calls = [() => this.#emergency(truth), () => this.#imminent(truth)];
    if (chance(0.2)) calls.reverse();
    if (chance(0.2)) calls.pop();
    if (chance(0.2)) calls.push(...calls);
    for (const call of calls) await call();
  }
}

const whatAgentsRead = ({ success, replica_id }: Record<string, unknown>) => ({ success, replica_id });
