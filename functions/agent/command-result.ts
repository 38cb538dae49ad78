import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { closeCommand } from '../core/command/close.ts';
import { record } from '../core/event/events.ts';
import { type Db, transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { undoSwitch } from './undo-switch.ts';

interface Result extends OfAgent {
  readonly commandId: string;
  readonly success: boolean;
  readonly message: string | undefined;
}

/**
 * Closes a command with the result that the agent reports (protocol A5, X2). The first result stands, whether reported
 * or inferred. Any instance of the agent may report, as the one that executed a switch is a zombie by then. If that one
 * reports a failure, it becomes the primary again (see `undoSwitch`).
 * @throws AppError command_not_found for a command that is not this agent's or was never handed out
 */
export async function reportResult(db: Db, result: Result, now: Date): Promise<void> {
  const { clientId, ref, commandId, success, message } = result;
  const { agentId, instanceId } = parseHandle(ref);
  await transact(db, async (tx) => {
    const command = await tx
      .selectFrom('agents as a')
      .innerJoin('commands as c', 'c.agentId', 'a.id')
      .select(['c.status', 'c.commandType', 'c.targetPoolId', 'c.targetMode', 'c.dispatchedTo', 'c.newInstanceId'])
      .select('a.logicalAgentId')
      .where('a.id', '=', agentId)
      .where('a.clientId', '=', clientId)
      .where('c.id', '=', commandId)
      .where('c.clientId', '=', clientId)
      .forUpdate()
      .executeTakeFirst();
    if (!command || ['pending', 'cancelled', 'expired'].includes(command.status))
      throw new AppError('command_not_found', `Agent ${agentId} was not given a command ${commandId.slice(0, 64)}`);
    if (command.status !== 'dispatched') return;
    const closing = { commandId, agentId, clientId, success, message: message ?? null, isReported: true };
    await closeCommand(tx, closing, now);
    if (success) return;
    const { logicalAgentId, commandType, targetPoolId, targetMode, newInstanceId: successorId } = command;
    const isUndone =
      successorId !== null &&
      instanceId !== undefined &&
      instanceId === command.dispatchedTo &&
      (await undoSwitch(tx, { clientId, agentId, instanceId, successorId }, now));
    const back = isUndone ? `; ${instanceId} is the primary again, in place of ${successorId}` : '';
    await record(
      tx,
      {
        clientId,
        agentId,
        type: 'command_failed',
        severity: 'warning',
        message: `Agent ${logicalAgentId} could not ${commandType.replace('_', ' ')} to ${targetPoolId ?? targetMode}: ${message ?? 'no reason given'}${back}`,
        metadata: { commandId },
        notify: true,
      },
      now,
    );
  });
}
