import { record } from '../core/event/events.ts';
import type { DueInstance } from '../core/termination/unconfirmed.ts';
import type { Db } from '../shared/db.ts';
import { fromDecimal } from '../shared/decimal.ts';
import { dayOf } from '../shared/time.ts';

/** Notifies tenants of instances that EC2 still has, once per instance and day (UTC): nobody else sees their cost. */
export function notifyStillRunning(
  db: Db,
  running: readonly { readonly instance: DueInstance; readonly state: string }[],
  now: Date,
): Promise<void> {
  return record(
    db,
    running.map(({ instance, state }) => ({
      ...eventOf(instance),
      type: 'instance_still_running',
      severity: 'error' as const,
      message: `${dueWords(instance)}, but EC2 says that it is ${state}${costWords(instance, state)}. Its agent is asked again; if that does not help, terminate the instance yourself`,
      metadata: { ec2_state: state, due_at: instance.dueAt, price_per_hour: hourlyPrice(instance, state) },
      notify: true,
      dedupeKey: `still_running:${instance.id}:${dayOf(now)}`,
    })),
    now,
  );
}

/** Notifies tenants of instances whose end cannot be verified, and says why, once per instance and day (UTC). */
export function notifyUnconfirmed(
  db: Db,
  instances: readonly DueInstance[],
  why: (instance: DueInstance) => string,
  now: Date,
): Promise<void> {
  return record(
    db,
    instances.map((instance) => ({
      ...eventOf(instance),
      type: 'instance_not_confirmed',
      severity: 'warning' as const,
      message: `${dueWords(instance)}, but that is not confirmed: ${why(instance)}`,
      metadata: { due_at: instance.dueAt },
      notify: true,
      dedupeKey: `not_confirmed:${instance.id}:${dayOf(now)}`,
    })),
    now,
  );
}

const eventOf = ({ id, clientId, agentId }: DueInstance) => ({ clientId, agentId, instanceId: id });

const dueWords = ({ id, logicalAgentId, dueAt }: DueInstance) =>
  `Instance ${id} of agent ${logicalAgentId} should have been terminated by ${dueAt.toISOString()}`;

const costWords = (instance: DueInstance, state: string) => {
  const price = hourlyPrice(instance, state);
  return price === null ? '' : `, at ${fromDecimal(price)} USD an hour`;
};

/** USD, as DECIMAL text. A stopped instance has no hourly price; only its volumes cost. */
const hourlyPrice = ({ currentMode, spotPrice, ondemandPrice }: DueInstance, state: string) => {
  if (state.startsWith('stop')) return null;
  return currentMode === 'spot' ? spotPrice : ondemandPrice;
};
