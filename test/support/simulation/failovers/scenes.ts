import { activeStandbys, instanceIn, primaryOf } from '../../database/agent-state.ts';
import type { Cast } from './cast.ts';
import { type Truth, zones } from './ec2.ts';
import { isUntouched } from './rules.ts';

const silence = 89; // seconds: just under three heartbeats

/** Scenes that are arranged on purpose, as chance alone would seldom produce them. */
export class Scenes {
  readonly #cast: Cast;

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  /** The undisturbed course: a standby is wanted, launched, running, ready. */
  async bringUp(truth: Truth): Promise<void> {
    const { world, launches, notices, run } = this.#cast;
    if (world.chance(0.4)) await notices.recommend(truth);
    else await run('coordinate-replicas');
    await launches.bringUp(truth);
  }

  /** F9: a notice arrives while something else is under way. */
  async collision(): Promise<void> {
    const { world, agents, launches, notices, switches, ec2, together, check, run } = this.#cast;
    const primary = agents.truthIn('primary');
    if (!primary || world.state.agent?.instance_id !== primary.instance.id || primary.instance.handle === 'None')
      return;
    if (world.isAlone && !this.#standby() && world.chance(0.7)) {
      await notices.recommend(primary);
      await run('coordinate-replicas');
      await launches.bringUp(primary);
      await check();
    }
    const standby = this.#standby();
    const operator = primary.instance;
    const notice = (truth: Truth) => () => notices.notice(truth);
    const announced = (truth: Truth) => {
      ec2.warn(truth);
      return () => this.#deliver();
    };
    const scenes: Record<string, () => Promise<unknown>> = {
      'while a switch is carried out': async () => {
        await switches.queueSwitch(primary);
        await switches.poll(primary);
        await together(notice(primary), () => switches.ofTask(), announced(primary));
      },
      'in the second of a recommendation': () =>
        together(() => notices.recommend(primary), notice(primary), announced(primary)),
    };
    if (standby)
      Object.assign(scenes, {
        'while the standby is promoted': () =>
          together(
            () => agents.say(primary, 'promotes the standby', (i) => i.promoteReplica(standby.replicaId)),
            notice(primary),
            announced(primary),
          ),
        'while the standby is deleted': () =>
          together(
            () => agents.call(operator, 'deletes the standby', () => operator.deleteReplica(standby.replicaId)),
            notice(primary),
          ),
        'of the standby': () => together(notice(standby.truth), announced(standby.truth)),
        'of both instances': () =>
          together(notice(primary), announced(primary), notice(standby.truth), announced(standby.truth)),
      });
    const what = world.pick(Object.keys(scenes));
    world.note(`- a notice ${what}`);
    world.tally.count(`notices ${what}`);
    await scenes[what]!();
  }

  #standby() {
    const { world, ec2 } = this.#cast;
    const row = activeStandbys(world.state).find(({ instance_id }) => instance_id !== null);
    const truth = row && ec2.of(row.instance_id!);
    return truth && ec2.isUp(truth) ? { replicaId: row.id, truth } : undefined;
  }

  async #deliver(): Promise<void> {
    const { events } = this.#cast;
    const arrived = events.take();
    if (arrived.length > 0) await events.deliver(arrived);
  }

  /**
   * Delivers the EC2 events that have arrived. If all are too old, they change nothing; a warning in time is acted on.
   */
  async delivery(): Promise<void> {
    const { world, events, check } = this.#cast;
    const arrived = events.take();
    if (arrived.length === 0) return;
    world.spoken = undefined;
    const { now } = world;
    const isStale = ({ happenedAt }: { happenedAt: number }) => now - happenedAt > 601_000;
    const isMeaningless = arrived.every((event) => isStale(event) && event.kind !== 'terminated');
    const before = isMeaningless ? await world.read() : world.state;
    const letters = world.rig.controlPlane.deadLetters.length;
    await events.deliver(arrived);
    await check();
    if (!world.isAlone || world.rig.controlPlane.deadLetters.length > letters) return;
    world.tally.count('events too old', arrived.filter(isStale).length);
    if (isMeaningless)
      world.rule(isUntouched(before, world.state), 'F5: an event that is ten minutes old changes nothing');
    for (const event of arrived) {
      const { pending_termination_instance: pending } = world.state.agent ?? {};
      const isPrimary = instanceIn(world.state, event.instanceId)?.is_primary;
      if (event.kind === 'warning' && now - event.happenedAt < 600_000 && isPrimary)
        world.rule(pending === event.instanceId, `F9: the notice of the primary ${event.instanceId} is waited on`);
    }
  }

  async junk(): Promise<void> {
    const { world, events, agents, check } = this.#cast;
    const target = agents.truthIn('any');
    if (!target || !world.isAlone) return;
    const before = world.state;
    await events.deliverJunk(target.instance.id);
    await check();
    world.rule(isUntouched(before, world.state), 'F5: an event that means nothing changes nothing');
    world.rule(before.events.length === world.state.events.length, 'F5: and is recorded nowhere');
  }

  /**
   * I10: the agent works on, but cannot reach the control plane for just under three heartbeats. That has no effect.
   */
  async silence(): Promise<void> {
    const { world, agents, ec2, run, check, pass } = this.#cast;
    const primary = agents.truthIn('primary');
    if (!primary || !world.isAlone || world.mayBeKilled || primary.instance.handle === 'None') return;
    await agents.beat(primary);
    await run('coordinate-replicas');
    await check();
    const before = world.state;
    const { agent } = before;
    const isQuiet =
      primaryOf(before)?.id === primary.instance.id &&
      agent?.status === 'online' &&
      agent.pending_termination_instance === null &&
      agent.last_heartbeat_at === world.sqlNow &&
      ec2.truths.every(({ alive, endsAt, diesBootingAt }) => !alive || (endsAt ?? diesBootingAt) === undefined);
    if (!isQuiet) return;
    world.note('- its agent is cut off');
    world.tally.count('silences');
    const jobs = ['expire-agents', 'coordinate-replicas', 'decide', 'sweep-commands'] as const;
    for (const part of [silence - 30, 30]) {
      await pass(part);
      for (const job of world.shuffled(jobs).slice(0, 2)) await run(job);
      const other = agents.truthIn('any');
      if (other && other !== primary && other.instance.handle !== 'None') await agents.beat(other);
    }
    await run('expire-agents');
    await check();
    const { state, rule } = world;
    rule(state.agent!.status === 'online', `I10: an agent that is silent for ${silence} s is ${state.agent!.status}`);
    rule(state.agent!.epoch === agent.epoch, `I10: nobody takes over within ${silence} s of silence`);
    const made = activeStandbys(state).filter(
      ({ id, replica_type }) => replica_type !== 'manual' && !before.replicas.some((row) => row.id === id),
    );
    const isRecommended = state.agent!.last_rebalance_recommendation_at !== null;
    rule(made.length === 0 || isRecommended, `I10: no standby is made within ${silence} s of silence`);
  }

  /** All instances are lost: whoever runs the workload starts a new one. */
  async startAnew(): Promise<void> {
    const { world, agents, ec2 } = this.#cast;
    const launched = ec2.launch(ec2.truths[0]!.instance, world.pick(zones), 'ondemand');
    if (typeof launched !== 'string' && ec2.isUp(launched)) await agents.register(launched);
  }
}
