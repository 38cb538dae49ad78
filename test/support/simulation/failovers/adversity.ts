import { TestInstance } from '../../agents/test-instance.ts';
import { type AgentState, activeStandbys, instanceIn, primaryOf, timeOf } from '../../database/agent-state.ts';
import type { Answer } from '../../rig/api.ts';
import type { Cast } from './cast.ts';
import { zones } from './ec2.ts';

/** A standby that was made for an alarm is let go after two hours, whoever was away. */
const alarmMs = 7200_000;

/** Trouble from outside: our own outages, a neighbour in the same pools, and calls that must have no effect. */
export class Adversity {
  readonly #cast: Cast;
  #neighbour: TestInstance | undefined;

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  /** Nobody reaches us for 3 to 15 minutes. Whoever calls first after that, the silence of the others has no effect. */
  async outage(): Promise<void> {
    const { world, agents, ec2, events, run, check, pass } = this.#cast;
    const up = ec2.truths.filter((truth) => ec2.isUp(truth) && truth.instance.handle !== 'None');
    if (!world.isAlone || world.mayBeKilled || up.length === 0) return;
    for (const truth of up) await agents.beat(truth);
    await run('expire-agents');
    await check();
    const before = world.state;
    const { agent } = before;
    const seconds = world.between(180, 900);
    const heard = [primaryOf(before)?.id, ...activeStandbys(before).map((row) => row.instance_id)].filter(
      (id) => id != null,
    );
    const isQuiet =
      agent?.status === 'online' &&
      agent.pending_termination_instance === null &&
      events.next > world.now + seconds * 1000 &&
      heard.every((id) => up.some(({ instance }) => instance.id === id)) &&
      ec2.truths.every(({ alive, endsAt, diesBootingAt }) => !alive || (endsAt ?? diesBootingAt) === undefined);
    if (!isQuiet) return;
    world.note('- the control plane is away');
    world.tally.count('outages');
    await pass(seconds);
    const back = [
      ...up.map((truth) => () => agents.beat(truth)),
      ...(['expire-agents', 'coordinate-replicas', 'sweep-commands'] as const).map((job) => () => run(job)),
    ];
    for (const act of world.shuffled(back)) await act();
    await check();
    const { state, rule, now } = world;
    rule(state.agent!.epoch === agent.epoch, `ADR 26: nobody takes over after ${seconds} s of our absence`);
    for (const { id, instance_id, replica_type, created_at } of activeStandbys(before))
      if (instance_id !== null && (replica_type === 'manual' || now - timeOf(created_at) < alarmMs))
        rule(
          activeStandbys(state).some((row) => row.id === id),
          `ADR 26: the standby ${instance_id} is none the less for our absence`,
        );
  }

  /** Another tenant in the same pools: its launches fail, because of the pool or for reasons of its own. */
  async neighbour(): Promise<void> {
    const { world } = this.#cast;
    const { chance, pick, tally } = world;
    const neighbour = await this.#settled();
    tally.count('acts of the neighbour');
    const say = (what: string, send: () => Promise<Answer>) => world.call(neighbour, `(a neighbour) ${what}`, send);
    if (chance(0.3)) {
      await say('reports prices', () => neighbour.report(0.1, Object.fromEntries(zones.map((zone) => [zone, 0.03]))));
      return;
    }
    await say('may be taken', () => neighbour.emergency('rebalance-recommendation'));
    const { status, body } = await say('asks what to launch', () => neighbour.listReplicas('launching'));
    if (status !== 200 || body.total === 0) return;
    const code = pick(['InsufficientInstanceCapacity', 'UnauthorizedOperation', 'MaxSpotInstanceCountExceeded']);
    const error_message = `An error occurred (${code}) when calling the RunInstances operation`;
    await say(`is refused: ${code}`, () => neighbour.replicaStatus(body.replicas[0].id, 'failed', { error_message }));
  }

  /** Calls of a broken or hostile agent: none of them changes what runs. */
  async hostility(): Promise<void> {
    const { world, agents, check } = this.#cast;
    const primary = agents.truthIn('primary');
    if (!primary || !world.isAlone || world.mayBeKilled || primary.instance.handle === 'None') return;
    if (primaryOf(world.state)?.id !== primary.instance.id) return;
    const stranger = await this.#settled();
    // An unregistered instance is no stranger: it may well be the agent's own, whose registration was lost.
    if (stranger.handle === 'None') return;
    const { instance } = primary;
    const words: Record<string, () => Promise<Answer>> = {
      'reports made-up zones': () => instance.report(0.1, madeUpZones),
      'reports prices that cannot be': () => instance.report(0.1, { [zones[1]]: -1, [zones[2]]: 1e9 }),
      'wants a standby with 70 KB of tags': () => instance.createReplica({ tags: { all: 'x'.repeat(70_000) } }),
      'says that it moved to a stranger': () => instance.switchReport(stranger),
      'has terminated a stranger': () => instance.terminationReport(stranger.id),
      'says what became of a command that nobody gave': () => instance.executed('00000000-0000-4000-8000-000000000000'),
      'launched a stranger for a standby': () => instance.createReplica({ instance_id: stranger.id }),
    };
    const before = world.state;
    const what = world.pick(Object.keys(words));
    await agents.call(instance, what, words[what]!);
    world.tally.count('words that nobody should act on');
    await check();
    world.rule(running(before) === running(world.state), `"${what}" changes nothing that runs`);
    world.rule(!instanceIn(world.state, stranger.id), `"${what}" makes no stranger the agent's`);
  }

  async #settled(): Promise<TestInstance> {
    const { world, ec2 } = this.#cast;
    const { type } = ec2.truths[0]!.instance.facts;
    this.#neighbour ??= new TestInstance(world.rig, world.neighbour, { type, mode: 'spot', az: zones[0] });
    if (this.#neighbour.handle === 'None')
      await world.call(this.#neighbour, '(a neighbour) registers', () => this.#neighbour!.register());
    return this.#neighbour;
  }
}

const madeUpZones = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`us-east-1-made-up-${i}`, 0.001]));

const running = ({ agent, instances, replicas, commands }: AgentState) =>
  JSON.stringify([
    agent!.epoch,
    instances.map(({ id, instance_status }) => [id, instance_status]),
    replicas.map(({ id, status }) => [id, status]),
    commands.map(({ id, status }) => [id, status]),
  ]);
