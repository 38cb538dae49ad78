import type { Tx } from '../../shared/db.ts';
import type { AgentState } from '../agent/state.ts';
import { isAwaitingSuccessor } from '../command/open-switch.ts';
import { priorities, replaceSwitch, switchCommand } from '../command/queue.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { findPool } from './candidates.ts';
import { type Occasion, standbyPolicy } from './standby-policy.ts';
import { createStandby } from './standby-rows.ts';

type State = AgentState<'standbys' | 'openSwitch'> & Partial<AgentState<'launches'>>;

interface Asked {
  readonly occasion: Occasion;
  /** Events to record in any case. */
  readonly also?: readonly SystemEvent[];
}

/**
 * Does what the policy says about an agent's standby. The caller holds the agent's lock, or checks in the same
 * transaction that what it decided on is unchanged (see notices.ts).
 * @param state `standbys` must not include one that was just lost
 * @returns whether a standby was queued or the agent was sent to on-demand
 */
export async function provideStandby(tx: Tx, state: State, asked: Asked, now: Date): Promise<boolean> {
  const { occasion, also = [] } = asked;
  const plan = standbyPolicy({ ...state, occasion }, now);
  const type = plan.do === 'launch' ? plan.type : undefined;
  const pool = type && (await findPool(tx, state, { emergency: type !== 'manual' }, now));
  if (type && pool) {
    await createStandby(tx, state, { pool, standby: { type, createdBy: 'coordinator' }, also }, now);
    return true;
  }
  const leaves = plan.do === 'go-on-demand' || (plan.do === 'launch' && plan.otherwise === 'go-on-demand');
  const isTold = leaves && (await goOnDemand(tx, state, now));
  await record(tx, also, now);
  return isTold;
}

/**
 * Tells the agent to switch to on-demand because no standby can be launched. Replaces any switch that is not under way.
 * @returns false if the agent is already carrying out another switch, whose new instance will take over
 */
export async function goOnDemand(tx: Tx, { agent, openSwitch }: AgentState<'openSwitch'>, now: Date): Promise<boolean> {
  if (isAwaitingSuccessor(openSwitch)) {
    if (openSwitch.createdBy === 'emergency') return true;
    if (openSwitch.status === 'dispatched') return false;
  }
  const command = {
    agent,
    targetMode: 'ondemand',
    targetPoolId: null,
    priority: priorities.emergency,
    createdBy: 'emergency',
    reason: 'EC2 is interrupting the instance, and no standby can be launched',
  } as const;
  await replaceSwitch(tx, switchCommand(command, now), openSwitch, now);
  return true;
}
