import type { Tx } from '../../shared/db.ts';
import type { Replica } from '../../shared/schema.ts';
import { priorities, switchCommand } from '../command/queue.ts';
import { record, type SystemEvent } from '../event/events.ts';
import { canLaunchStandbys, insertStandby } from './create.ts';
import { findPool } from './placement.ts';
import type { StandbyState } from './state.ts';

/** A machine that still lives this long after EC2 was to take it is kept (contract 14). */
export const survivedMs = 10 * 60_000;

/** Whether EC2 is taking the primary away. Later than that it is gone, and nobody is left to launch a standby. */
export const losesItsPrimary = ({ agent, primary }: StandbyState, now: Date) =>
  agent.pendingTerminationAt !== null &&
  agent.pendingTerminationInstance === primary?.id &&
  now.getTime() - agent.pendingTerminationAt.getTime() < survivedMs;

/** Whether nothing but this standby was there to take over from a machine that EC2 takes. */
const isLeftWithout = (state: StandbyState, lost: Replica, now: Date) =>
  losesItsPrimary(state, now) && state.standbys.every(({ id }) => id === lost.id);

/** Records that a standby is lost; where it was to take over from a machine that EC2 takes, the next pool is tried. */
export async function recordLoss(tx: Tx, state: StandbyState, lost: Replica, now: Date, loss: SystemEvent) {
  if (isLeftWithout(state, lost, now)) await tryNextPool(tx, state, now, loss);
  else await record(tx, now, loss);
}

/**
 * The standby that was to take over from a machine that EC2 takes has come to nothing: the next pool is tried, and where
 * none is left the agent is sent to on-demand. The caller holds the agent's lock, and no standby is active.
 * @param also what else has happened, to be recorded with it
 * @returns whether anything was left to do
 */
export async function tryNextPool(tx: Tx, state: StandbyState, now: Date, ...also: SystemEvent[]): Promise<boolean> {
  const isUnderWay = state.openSwitch !== undefined; // it goes on-demand already, or wherever it was going
  const pool =
    isUnderWay || !canLaunchStandbys(state.agent) ? undefined : await findPool(tx, state, { emergency: true }, now);
  if (pool) {
    const standby = { type: 'automatic-termination', createdBy: 'coordinator' } as const;
    await insertStandby(tx, state, pool, standby, now, ...also);
    return true;
  }
  if (!isUnderWay) await sendToOnDemand(tx, state, { now });
  await record(tx, now, ...also);
  return !isUnderWay;
}

/** No standby can be launched: the agent itself is told to go on-demand, ahead of whatever else it was told. */
export async function sendToOnDemand(tx: Tx, { agent, openSwitch }: StandbyState, { now }: { now: Date }) {
  // Its successor is on the way, or it has been told.
  if (openSwitch?.status === 'dispatched' || openSwitch?.createdBy === 'emergency') return;
  if (openSwitch)
    await tx
      .updateTable('commands')
      .set({ status: 'cancelled', message: 'superseded by an interruption', completedAt: now })
      .where('id', '=', openSwitch.id)
      .where('clientId', '=', agent.clientId)
      .where('status', '=', 'pending')
      .execute();
  const reason = 'EC2 takes the machine away, and there is no standby to launch';
  const command = {
    targetMode: 'ondemand',
    targetPoolId: null,
    priority: priorities.emergency,
    createdBy: 'emergency',
    reason,
  } as const;
  await tx
    .insertInto('commands')
    .values(switchCommand(agent, command, now))
    .execute();
}
