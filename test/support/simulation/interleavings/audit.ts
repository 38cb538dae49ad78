import { type CommandRow, eventsOf } from '../../database/agent-state.ts';
import { isClosed } from '../../invariants/commands.ts';
import type { InterleavedWorld } from './world.ts';

/** Checks a step by the rules of any agent and by more, as the world knows what was said to whom. */
export async function checkStep(world: InterleavedWorld, isAlone: boolean): Promise<void> {
  await world.check(isAlone ? 'one call' : 'anything');
  const { state, rule, promises } = world;
  if (!state.agent) return;
  const primaries = state.instances.filter((row) => row.is_primary);
  rule(primaries.length === 1, `I1: one instance is the primary, not ${primaries.length}`);
  for (const command of state.commands) checkCommand(world, command);
  const switches = state.switches.map((row) => `${row.old_instance_id} ${row.new_instance_id}`);
  rule(new Set(switches).size === switches.length, 'a switch is recorded once');
  for (const { what, kept } of promises) rule(kept(state), what);
}

function checkCommand({ before, state, rule, spoken, handedTo }: InterleavedWorld, command: CommandRow) {
  const { id, status } = command;
  const isDone = status === 'completed' || status === 'failed';
  if (isDone && (command.executed_at || status === 'completed') && !command.inferred)
    rule(spoken.has(command.dispatched_to!), `${id} is done by word of the instance that has it`);
  const instance = handedTo.get(id);
  const was = before.commands.find((row) => row.id === id);
  if (!instance || was?.dispatched_to) return;
  rule(instance.id === command.dispatched_to, `${id} was handed to whom the database says`);
  // If the primary changed several times in one step, the ones in between are not known any more.
  if (state.agent!.epoch - (before.agent?.epoch ?? 1) <= 1)
    rule(
      [before.agent?.instance_id, state.agent!.instance_id].includes(instance.id),
      `${id} was handed to the primary, not to ${instance.id}`,
    );
}

/** Ends a world: once a day has passed and the sweeper has run, nothing is left open, and nothing was done twice. */
export async function finish(world: InterleavedWorld): Promise<void> {
  world.pass(26 * 3600);
  await world.run('sweep-commands');
  // To the control plane the jump in time is an outage of its own, as no jobs ran: silence counts from their first run.
  for (let minute = 0; minute < 4; minute += 1) {
    await world.run('expire-agents');
    world.pass(60);
  }
  await checkStep(world, false);
  const { state, rule, handedTo } = world;
  const { agent, commands } = state;
  if (!agent) return;
  rule(agent.status === 'offline', `an agent that nobody has heard of for a day is offline, not ${agent.status}`);
  for (const command of commands) {
    rule(isClosed(command), `${command.id} is closed in the end, not ${command.status}`);
    rule(command.completed_at && (command.success !== null || command.message), `${command.id} says how it ended`);
  }
  for (const id of handedTo.keys())
    rule(
      commands.some((command) => command.id === id),
      `${id} is in the database`,
    );
  auditEvents(world);
}

/** Each change leaves one event: a transaction that was retried after it had committed would leave two. */
function auditEvents({ state, rule, registered }: InterleavedWorld) {
  const { commands, switches, agent } = state;
  const events = (type: string) => eventsOf(state, type).filter((event) => !event.inferred).length;
  const same = (type: string, found: number, expected: number) =>
    rule(found === expected, `${type} is recorded ${expected} times, not ${found}`);
  const failed = commands.filter(({ status }) => status === 'failed');
  same('agent_registered', events('agent_registered'), registered);
  same(
    'switch_completed by inference',
    eventsOf(state, 'switch_completed').filter((event) => event.inferred).length,
    commands.filter((command) => command.inferred).length,
  );
  same('command_failed', events('command_failed'), failed.filter((row) => row.executed_at).length);
  same('command_expired', events('command_expired'), failed.filter((row) => !row.executed_at).length);
  const reported = events('switch_completed');
  rule(reported <= switches.filter((row) => !row.inferred).length, 'a reported switch is announced once');
  const changes = agent!.epoch - 1;
  const taken = events('agent_successor') + events('agent_taken_over');
  rule(changes >= taken && changes <= taken + reported, `${changes} changes of primary were told of`);
}
