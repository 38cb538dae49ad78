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
 * Without a logical id an agent goes by its instance's id, so the successor that it launched registers as an agent of its
 * own, with no history: it would move on at once, and so would its successor. The report of the switch says whose
 * successor it is: that agent goes on with the settings and the switches of the one that launched it, which ends.
 * @returns the agent that goes on, or `undefined` where the instance belongs to an agent that was named, or serves
 * otherwise: then it is not this agent's to take
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
