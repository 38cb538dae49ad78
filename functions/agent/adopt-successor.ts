import { foldAgent } from '../core/agent/fold-agent.ts';
import { takeLock } from '../core/agent/lock.ts';
import { changePrimary } from '../core/agent/primary.ts';
import { readAgent } from '../core/agent/read.ts';
import type { AgentState } from '../core/agent/state.ts';
import { closeCommand } from '../core/command/close.ts';
import { moveSwitches } from '../core/command/switch-record.ts';
import type { Tx } from '../shared/db.ts';
import type { Agent } from '../shared/schema.ts';

interface Reported {
  readonly state: AgentState<'instance' | 'inFlight' | 'standbyCount'>;
  readonly oldId: string;
  readonly isOldGone: boolean;
}

/**
 * Merges an agent into the successor that it launched. An agent without a logical id is identified by its instance id,
 * so the successor registers as a new agent without history; it would switch again at once, and so would its successor.
 * The switch report links the two: the new agent takes over the settings and switches of the old one, and the old agent
 * ends.
 * @returns the successor's agent, or `undefined` if the instance does not qualify, for example because its agent has a
 * logical id of its own
 */
export async function adoptSuccessor(
  tx: Tx,
  { state, oldId, isOldGone }: Reported,
  now: Date,
): Promise<Agent | undefined> {
  const { agent, instance, primary, inFlight, standbyCount } = state;
  if (!instance || instance.clientId !== agent.clientId || !instance.isPrimary || standbyCount > 0) return undefined;
  if (!inFlight || agent.logicalAgentId !== oldId || primary?.id !== oldId) return undefined;
  const { clientId } = agent;
  await takeLock(tx, { clientId, agentId: instance.agentId });
  const { agent: next } = await readAgent(tx, { clientId, agentId: instance.agentId, with: {} }, now);
  if (next.logicalAgentId !== instance.id) return undefined;
  const becomes = isOldGone ? 'terminated' : 'zombie';
  const former = [{ instanceId: oldId, becomes, movesTo: next.id }] as const;
  await changePrimary(tx, { agent, cause: 'released', next: undefined, former }, now);
  const closing = { commandId: inFlight.id, agentId: agent.id, clientId, success: true, message: null };
  await closeCommand(tx, { ...closing, isReported: true }, now);
  await foldAgent(tx, { clientId, from: agent.id, into: next.id }, now);
  await moveSwitches(tx, { clientId, from: agent.id, into: next.id });
  return next;
}
