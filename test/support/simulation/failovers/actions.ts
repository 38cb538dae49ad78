import { setSwitches } from '../../database/tables.ts';
import type { Adversity } from './adversity.ts';
import type { Cast } from './cast.ts';
import type { Scenes } from './scenes.ts';

/** Performs one random action. */
export async function act(cast: Cast, scenes: Scenes, adversity: Adversity): Promise<void> {
  const { world, ec2, agents, launches, merged, notices, switches, run } = cast;
  const { chance } = world;
  const actions: [weight: number, act: () => Promise<unknown>][] = [
    [4, () => agents.as('any', (truth) => agents.register(truth))],
    [8, () => agents.as('any', (truth) => agents.beat(truth, chance(0.1) ? 'offline' : 'online'))],
    [10, () => agents.as(chance(0.7) ? 'primary' : 'any', (truth) => merged.beat(truth))],
    [8, () => agents.as('primary', (truth) => launches.askForLaunch(truth))],
    [14, () => agents.as('primary', (truth) => scenes.bringUp(truth))],
    [12, () => launches.ofLaunch()],
    [4, () => agents.as('any', (truth) => launches.askForRemoval(truth))],
    [5, () => agents.as('any', (truth) => agents.terminate(truth))],
    [4, () => agents.as('any', (truth) => agents.say(truth, 'wants a standby', (i) => i.createReplica()))],
    [2, () => agents.as('primary', (truth) => launches.adopt(truth))],
    [3, () => launches.ofReplica('promotes')],
    [3, () => launches.ofReplica('deletes')],
    [5, () => agents.as('primary', (truth) => notices.recommend(truth))],
    [9, () => agents.as(chance(0.7) ? 'primary' : 'any', (truth) => notices.notice(truth))],
    [6, () => scenes.collision()],
    [4, () => scenes.silence()],
    [3, () => scenes.junk()],
    [8, () => adversity.outage()],
    [4, () => adversity.neighbour()],
    [4, () => adversity.hostility()],
    [3, () => agents.as('primary', (truth) => switches.queueSwitch(truth))],
    [4, () => agents.as('primary', (truth) => switches.move(truth, cast.check))],
    [6, () => agents.as('primary', (truth) => switches.giveUp(truth, cast.check))],
    [6, () => agents.as('primary', (truth) => switches.poll(truth))],
    [5, () => switches.ofTask()],
    [10, () => run('coordinate-replicas')],
    [2, () => run('sweep-commands')],
    [2, () => run('expire-agents')],
    [1, () => run('decide')],
    [3, () => agents.as('primary', (truth) => agents.report(truth))],
    [2, () => configure(cast)],
    [1, () => agents.as('any', async (truth) => ec2.end(truth, 'dies'))],
  ];
  if (!ec2.truths.some(ec2.isUp)) return scenes.startAnew();
  const tickets = actions.flatMap(([weight, act]) => Array<typeof act>(weight).fill(act));
  await world.pick(tickets)();
}

/** Somebody at the console sets the agent's on/off settings: `modes` as given, all others at random. */
export async function configure(
  { world }: Cast,
  modes?: { manualReplicaEnabled: boolean; autoSwitchEnabled: boolean },
) {
  const { chance, note, state, reader } = world;
  const manual = chance(0.5);
  const values = {
    manualReplicaEnabled: manual,
    autoSwitchEnabled: !manual && chance(0.8),
    autoTerminateEnabled: chance(0.8),
    enabled: chance(0.9),
    ...modes,
  };
  world.spoken = undefined;
  note(`the console sets ${JSON.stringify(values)}`);
  await setSwitches(reader.connection, state.agent!.id, values);
}
