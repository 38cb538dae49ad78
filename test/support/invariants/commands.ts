import { type AgentState, type CommandRow, timeOf } from '../database/agent-state.ts';
import type { Change, Rule } from './change.ts';

type Status = CommandRow['status'];

/** The statuses that a command may have later, by its status before. */
const later: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['pending', 'dispatched', 'completed', 'failed', 'cancelled', 'expired'],
  dispatched: ['dispatched', 'completed', 'failed'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  expired: ['expired'],
};

/** Its result, and who was to execute it. Only the new instance may become known later. */
const resultOf = ({ status, success, inferred, message, dispatched_to, dispatched_at, ...row }: CommandRow) =>
  JSON.stringify([status, success, inferred, message, dispatched_to, dispatched_at, row.executed_at, row.completed_at]);

export const isClosed = ({ status }: Pick<CommandRow, 'status'>) => later[status].length === 1;

/** I8: a command only moves forward, does not change once closed, and is leased for a known time. F8: by our clock. */
export function commandRules({ before, now }: Change, rule: Rule): void {
  for (const was of before.commands) {
    const is = now.commands.find(({ id }) => id === was.id);
    rule(is && later[was.status].includes(is.status), `I8: ${was.id} was ${was.status}, and is ${is?.status}`);
    if (is && isClosed(was))
      rule(resultOf(was) === resultOf(is), `I8: ${was.id} stays ${resultOf(was)}: ${resultOf(is)}`);
  }
  for (const command of now.commands) closingRules(command, rule);
  rule(openSwitches(now).length <= 1, 'I8: one switch at most is open');
  rule(now.commands.filter((row) => row.open_switch_of !== null).length <= 1, 'I8: one switch at most is to be done');
}

function closingRules(command: CommandRow, rule: Rule) {
  const { id, status, success, dispatched_at, dispatched_to, lease_until, terminate_wait_seconds: wait } = command;
  rule(isClosed(command) === (command.completed_at !== null), `I8: ${id}, which is ${status}, is closed at a time`);
  const isDone = status === 'completed' || status === 'failed';
  if (isDone) rule(success === Number(status === 'completed'), `I8: ${id} has the result ${success}`);
  if (isDone || status === 'dispatched')
    rule(dispatched_at && dispatched_to, `I8: ${id} was handed out before it was ${status}`);
  if (dispatched_at !== null)
    rule(
      timeOf(lease_until!) - timeOf(dispatched_at) === (wait + 900) * 1000,
      `F8: the lease of ${id} is as long as its wait and 15 minutes`,
    );
}

const openSwitches = ({ commands }: AgentState) => commands.filter((command) => !isClosed(command));
