import { record } from '../core/event/events.ts';
import type { DueMachine } from '../core/termination/due.ts';
import type { Db } from '../shared/db.ts';

/** What is told once a day is told once a day of the calendar, UTC. */
export const dayOf = (now: Date) => now.toISOString().slice(0, 10);

/** Says of machines, once a day each, that EC2 still has them: nobody else will notice that they cost. */
export function tellStillRunning(
  db: Db,
  machines: readonly (DueMachine & { state: string })[],
  now: Date,
): Promise<void> {
  return record(
    db,
    now,
    ...machines.map(({ state, ...machine }) => ({
      ...eventOf(machine),
      type: 'machine_still_running',
      severity: 'error' as const,
      message: `${nameOf(machine)} ${dueIn(machine)}, and EC2 says that it is ${state}${costOf(machine, state)}. Its agent is asked again; if it cannot, terminate the machine yourself`,
      metadata: { ec2_state: state, due_at: machine.dueAt, price_per_hour: hourlyPrice(machine, state) },
      notify: true,
      dedupeKey: `still_running:${machine.id}:${dayOf(now)}`,
    })),
  );
}

/** Says of machines, once a day each, that nobody can tell whether they are gone, and why. */
export function tellUnconfirmed(
  db: Db,
  machines: readonly DueMachine[],
  why: (machine: DueMachine) => string,
  now: Date,
): Promise<void> {
  return record(
    db,
    now,
    ...machines.map((machine) => ({
      ...eventOf(machine),
      type: 'machine_not_confirmed',
      severity: 'warning' as const,
      message: `${nameOf(machine)} ${dueIn(machine)}, and nobody has seen it go: ${why(machine)}`,
      metadata: { due_at: machine.dueAt },
      notify: true,
      dedupeKey: `not_confirmed:${machine.id}:${dayOf(now)}`,
    })),
  );
}

const eventOf = ({ id, clientId, agentId }: DueMachine) => ({ clientId, agentId, instanceId: id });
const nameOf = ({ id, logicalAgentId }: DueMachine) => `Machine ${id} of agent ${logicalAgentId}`;
const dueIn = ({ dueAt }: DueMachine) => `should be gone since ${dueAt.toISOString()}`;

const costOf = (machine: DueMachine, state: string) => {
  const price = hourlyPrice(machine, state);
  return price === null ? '' : `, at ${Number(price)} USD an hour`;
};

/** USD; a machine that is stopped is not paid for by the hour, only its volumes are. */
const hourlyPrice = ({ currentMode, spotPrice, ondemandPrice }: DueMachine, state: string) => {
  if (state.startsWith('stop')) return null;
  return currentMode === 'spot' ? spotPrice : ondemandPrice;
};
